"""Layers that work outside of the net."""

from netdef.compiler.layers.outside import HDF5Output, Python
from netdef.compiler.net.net import Node
from netdef.runtime.lowering.base import Op, Setting, Tops, lower, refuse


@lower(HDF5Output)
def hdf5_output(layer: HDF5Output, node: Node, setting: Setting) -> Op:
    """Nothing: whoever runs the module asks for its blobs by name."""
    return Tops(node, lambda *bottoms: ())


refuse(Python, "runs code that is not here")
