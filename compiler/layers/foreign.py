"""Layer types that published nets name and netdef doesn't read yet: whose each is, for messages.

A type leaves these tables by being declared in a family: whoever asks here has looked there first.
"""

_BY_FORK = {
    "Fast R-CNN": "RoIPooling",
    "MS-CNN": "BBoxLoss BoxGroupOutput",
    "SegNet": "Unpooling UNPOOLING",
    "DeepLab": "DenseCRF MatWrite",
    "MobileNet": "ConvolutionDepthwise DepthwiseConvolution DepthwiseConv",
    "MobileNet-YOLO": "HardSwish ReLU6 UpsampleDarknet",
    "SENet": "Axpy",
    "ShuffleNet": "ShuffleChannel",
    "NVIDIA": "DetectNetTransformation",
    "cuDNN": "CuDNNBatchNorm CuDNNConvolution CuDNNPooling CuDNNReLU",
    "FlowNet": "Correlation Correlation1D CustomData DataAugmentation Downsample FlowWarp Resample",
    "face recognition": "TripletLoss",
    "ENet and ESPNet": "BilinearInterpolation ResizeBilinear ResizeNearestNeighbor",
    "speech and text": "CTCLoss Reverse Transpose WarpCTCLoss",
    "accelerators": "BatchToSpaceND DepthToSpace Gather Mul Pad SpaceToBatchND Squeeze",
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


def declaration(name: str, num_tops: int, layer: str | None = None) -> str:
    """What declares a type that only its author can run, or one layer of it: a start, for they know the shapes."""
    if name.endswith("Loss"):
        return f'opaque "{name}" {{ }}'
    shape = _SHAPES.get(name, _IMAGE)
    at = "" if layer is None else f' at "{layer}"'
    return f'opaque "{name}"{at} {{ {" ".join([f"top_shape: {shape}"] * max(num_tops, 1))} }}'
