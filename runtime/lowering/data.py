"""Data layers: whoever runs the module feeds what they would read."""

from torch import Tensor

from netdef.compiler.layers.base import LAYERS, Layer
from netdef.compiler.net import Node
from netdef.runtime.lowering.base import Op, Setting, Tops, lower


def fed(layer: Layer, node: Node, setting: Setting) -> Op:
    """Tops that come from outside: the module hands them over as bottoms."""
    return Tops(node, _as_they_are)


def _as_they_are(*blobs: Tensor) -> tuple[Tensor, ...]:
    return blobs


for _kind in LAYERS.values():
    if _kind.fed:
        lower(_kind)(fed)
