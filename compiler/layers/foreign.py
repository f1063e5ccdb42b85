"""Layer types that published nets name and netdef doesn't read yet: whose each is, for messages.

A type leaves these tables by being declared in a family: whoever asks here has looked there first.
"""

from netdef.compiler.shape import Shapes
from netdef.compiler.size import Dim

_BY_FORK = {
    "Fast R-CNN": "RoIPooling",
    "MS-CNN": "BBoxLoss BoxGroupOutput",
    "SegNet": "Unpooling UNPOOLING",
    "DeepLab": "DenseCRF MatWrite",
    "MobileNet": "DepthwiseConv",
    "NVIDIA": "DetectNetTransformation",
    "cuDNN": "CuDNNBatchNorm CuDNNConvolution CuDNNPooling CuDNNReLU",
    "FlowNet": "Correlation Correlation1D CustomData DataAugmentation Downsample FlowWarp Resample",
    "face recognition": "TripletLoss",
    "speech and text": "CTCLoss WarpCTCLoss",
}
FORK = {name: fork for fork, names in _BY_FORK.items() for name in names.split()}
"""Types of forks, and what such a fork is best known for."""

_SHAPES = {
    "Python": '["R", 5]',
}
_IMAGE = "[1, 64, 28, 28]"


def origin(name: str) -> str | None:
    """Whose a type is, as the end of a sentence; None for one that is in no table."""
    return f"it comes from a fork of Caffe ({FORK[name]})" if name in FORK else None


def declaration(name: str, num_tops: int, layer: str | None = None, shapes: Shapes = ()) -> str:
    """What declares a type that only its author can run, or one layer of it.

    With guessed ``shapes`` of the tops; without, a start, for authors know the shapes.
    """
    if name.endswith("Loss"):
        return f'opaque "{name}" {{ }}'
    at = "" if layer is None else f' at "{layer}"'
    told = [f"[{', '.join(map(_written, shape))}]" for shape in shapes]
    told = told or [_SHAPES.get(name, _IMAGE)] * max(num_tops, 1)
    told = told[:1] if len({*told}) == 1 else told
    return f'opaque "{name}"{at} {{ {" ".join(f"top_shape: {shape}" for shape in told)} }}'


def _written(size: Dim) -> str:
    """A size as a declaration has it: a number, or a name for what only a run can tell."""
    return str(size) if isinstance(size, int) else '"K"'
