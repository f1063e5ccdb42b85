"""ONNX of what measures and smooths maps of classes."""

from netdef.compiler.layers.segmentation import MultiStageMeanfield, SegAccuracy
from netdef.compiler.onnx.base import EXPORT, UNWRITTEN
from netdef.compiler.rules import SHAPES_ALONE

EXPORT.refuse(SegAccuracy, UNWRITTEN)
EXPORT.refuse(MultiStageMeanfield, SHAPES_ALONE)
