"""Data layers of boxes and maps: whoever runs the module feeds their tops."""

from netdef.compiler.layers.annotated_data import (
    AnnotatedData,
    DenseImageData,
    ImageSegData,
    SegData,
    StreamVideoData,
    YoloData,
)
from netdef.runtime.lowering.base import refuse
from netdef.runtime.lowering.inputs import FED

for _kind in (
    AnnotatedData,
    DenseImageData,
    ImageSegData,
    SegData,
    StreamVideoData,
    YoloData,
):
    refuse(_kind, FED)
