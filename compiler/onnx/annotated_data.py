"""ONNX of data layers of boxes and maps: what they read becomes the model's inputs."""

from netdef.compiler.layers.annotated_data import (
    AnnotatedData,
    DenseImageData,
    ImageSegData,
    SegData,
    StreamVideoData,
    YoloData,
)
from netdef.compiler.onnx.base import EXPORT
from netdef.compiler.onnx.data import data

for _kind in (
    AnnotatedData,
    DenseImageData,
    ImageSegData,
    SegData,
    StreamVideoData,
    YoloData,
):
    EXPORT.rule(_kind)(data)
