"""Layers that work outside of the net: a file is written, or a program of the user runs."""

from netdef.compiler.layers.base import Arity, Layer
from netdef.compiler.layers.checks import find_axis
from netdef.compiler.layers.roles import V1, Colour
from netdef.compiler.override import override
from netdef.compiler.schema.message import Refusal, param
from netdef.compiler.shape import Shapes, differ


class HDF5Output(
    Layer,
    message="hdf5_output_param",
    number=113,
    bottoms=2,
    tops=0,
    v0="hdf5_output",
    v1=V1("HDF5_OUTPUT", 10, 14),
    colour=Colour.GREY,
):
    """Caffe's way to write two blobs, as ``data`` and ``label``, to an HDF5 file at each pass.

    bottom   (N, ...) and (N, ...)
    top      none
    example  layer "out" HDF5Output { bottom: ["fc7", "label"] file_name: "fc7.h5" }  # 8x4096, 8 ->

    Here no file is written: whoever runs the net asks for its blobs by name (``module.blobs``, ``netdef features``).
    """

    file_name: str = param(1, default="", doc="the file that Caffe writes")

    @override
    def infer(self, bottoms: Shapes, num_tops: int) -> Shapes:
        for bottom in bottoms:
            find_axis(0, len(bottom))
        if differ(bottoms[0][:1], bottoms[1][:1]):
            raise Refusal("N206", "data and labels must be of one batch", at="bottom 1")
        return ()


class Python(
    Layer,
    message="python_param",
    number=130,
    bottoms=Arity(0, None),
    tops=Arity(0, None),
    keeps_positions=False,
    opaque=True,
):
    """A layer that a Python class of the user computes; only its author knows what it makes.

    bottom   any number
    top      what the file says (``opaque``)
    example  opaque "Python" at "p" { top_shape: ["R", 5] } layer "p" Python { module: "rpn" layer: "P" }  # 1x9 -> Rx5
    """

    # The classes that many nets name are types of this name, too: their is_meant says which module and layer they are.

    module: str = param(1, default="", doc="the Python module")
    layer: str = param(2, default="", doc="the class in it")
    param_str: str = param(3, default="", doc="what the class reads as its own parameters")
    share_in_parallel: bool = param(4, default=False, doc="Caffe lets all solvers share one; no meaning here")

    @property
    @override
    def code(self) -> str:
        return ".".join(filter(None, (self.module, self.layer)))

    @override
    def infer(self, bottoms: Shapes, num_tops: int) -> Shapes:
        raise Refusal("N209", f"only its author knows what {self.code} makes")
