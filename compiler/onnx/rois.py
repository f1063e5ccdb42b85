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
from netdef.compiler.onnx.base import EXPORT, UNWRITTEN
from netdef.compiler.rules import SHAPES_ALONE

for _kind in (GridROIAlign, MaskPooling, MaskResize, PSROIPooling, ROIPooling):
    EXPORT.refuse(_kind, UNWRITTEN)
for _alone in (ROIAlign, ROIWarping):
    EXPORT.refuse(_alone, SHAPES_ALONE)
