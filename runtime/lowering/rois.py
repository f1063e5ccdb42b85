"""Regions of interest."""

from netdef.compiler.layers.rois import (
    GridROIAlign,
    MaskPooling,
    MaskResize,
    PSROIPooling,
    ROIAlign,
    ROIPooling,
    ROIWarping,
)
from netdef.compiler.rules import SHAPES_ALONE
from netdef.runtime.lowering.base import refuse

for _kind in (
    GridROIAlign,
    MaskPooling,
    MaskResize,
    PSROIPooling,
    ROIAlign,
    ROIPooling,
    ROIWarping,
):
    refuse(_kind, SHAPES_ALONE)
