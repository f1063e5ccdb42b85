"""ONNX of regions of interest."""

from netdef.compiler.layers.rois import (
    GridROIAlign,
    MaskPooling,
    MaskResize,
    PSROIPooling,
    ROIAlign,
    ROIPooling,
    ROIWarping,
)
from netdef.compiler.onnx.base import EXPORT
from netdef.compiler.rules import SHAPES_ALONE

for _kind in (
    GridROIAlign,
    MaskPooling,
    MaskResize,
    PSROIPooling,
    ROIAlign,
    ROIPooling,
    ROIWarping,
):
    EXPORT.refuse(_kind, SHAPES_ALONE)
