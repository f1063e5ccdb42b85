"""ONNX of face recognition."""

from netdef.compiler.layers.faces import (
    CenterLoss,
    GeneralContrastiveLoss,
    GeneralTripletLoss,
    InnerDistance,
    LabelMargin,
    LabelSpecificAdd,
    LabelSpecificRescale,
    MarginInnerProduct,
    Normalize,
)
from netdef.compiler.onnx.base import EXPORT, UNWRITTEN
from netdef.compiler.rules import SHAPES_ALONE

for _kind in (
    CenterLoss,
    GeneralContrastiveLoss,
    GeneralTripletLoss,
    InnerDistance,
    LabelMargin,
    LabelSpecificAdd,
    Normalize,
):
    EXPORT.refuse(_kind, UNWRITTEN)
EXPORT.refuse(LabelSpecificRescale, SHAPES_ALONE)
EXPORT.refuse(MarginInnerProduct, "counts its passes, and a model remembers nothing from run to run")
