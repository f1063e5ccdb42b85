"""ONNX of what measures and smooths maps of classes."""

from netdef.compiler.layers.segmentation import MultiStageMeanfield, SegAccuracy
from netdef.compiler.onnx.base import EXPORT
from netdef.compiler.rules import SHAPES_ALONE

for _kind in (
    MultiStageMeanfield,
    SegAccuracy,
):
    EXPORT.refuse(_kind, SHAPES_ALONE)
