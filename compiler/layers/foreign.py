"""Layer types that published nets name and netdef doesn't read yet: whose each is, for messages.

A type leaves these tables by being declared in a family: whoever asks here has looked there first.
"""

CAFFE = frozenset(
    (
        *("AbsVal", "BNLL", "BatchReindex", "Clip", "ContrastiveLoss", "Crop", "Embed", "Exp", "Filter", "HDF5Output"),
        *(
            "HingeLoss",
            "Im2col",
            "InfogainLoss",
            "LSTM",
            "Log",
            "MVN",
            "MultinomialLogisticLoss",
            "Parameter",
            "Python",
        ),
        *("RNN", "Reduction", "SPP", "SigmoidCrossEntropyLoss", "Swish", "Threshold", "Tile", "WindowData"),
    )
)
"""BVLC Caffe's own."""

WEIGHTS_ALONE = frozenset({"Parameter"})
"""Types of layers without bottoms that hold what is learnt, and feed nothing."""

_BY_FORK = {
    "SSD": "AnnotatedData DetectionEvaluate DetectionOutput MultiBoxLoss",
    "Fast R-CNN": "RoIPooling",
    "MS-CNN": "BBoxLoss BoxGroupOutput",
    "SegNet": "DenseImageData Unpooling UNPOOLING",
    "DeepLab": "DenseCRF ImageSegData MatWrite SegAccuracy",
    "CRF-RNN": "MultiStageMeanfield",
    "MobileNet": "ConvolutionDepthwise DepthwiseConvolution DepthwiseConv",
    "MobileNet-YOLO": "HardSwish ReLU6 RegionLoss YoloData YoloDetectionOutput Yolov3 Yolov3DetectionOutput YoloSeg "
    "UpsampleDarknet",
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
    "DetectionOutput": '[1, 1, "K", 7]',
    "Python": '["R", 5]',
}
_IMAGE = "[1, 64, 28, 28]"


def origin(name: str) -> str | None:
    """Whose a type is, as the end of a sentence; None for one that is in no table."""
    if name in CAFFE:
        return "it is Caffe's own, and not read yet"
    return f"it comes from a fork of Caffe ({FORK[name]})" if name in FORK else None


def declaration(name: str, num_tops: int) -> str:
    """What declares a type that only its author can run, as a start: its author knows the shapes."""
    if name.endswith("Loss"):
        return f'opaque "{name}" {{ }}'
    shape = _SHAPES.get(name, _IMAGE)
    return f'opaque "{name}" {{ {" ".join([f"top_shape: {shape}"] * max(num_tops, 1))} }}'
