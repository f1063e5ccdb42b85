"""ONNX of forks' data layers: what they read becomes the model's inputs."""

from netdef.compiler.layers.fork_data import (
    BoxData,
    ClipVideoData,
    CompactData,
    CoSData,
    CPMData,
    FlatVideoData,
    ImageGtData,
    ImageLabelmapData,
    LabelData,
    SegmentVideoData,
    VideoSegmentationData,
    VideoWithVoxelTruthData,
)
from netdef.compiler.onnx.base import EXPORT
from netdef.compiler.onnx.data import data

for _kind in (
    BoxData,
    CPMData,
    ClipVideoData,
    CoSData,
    CompactData,
    FlatVideoData,
    ImageGtData,
    ImageLabelmapData,
    LabelData,
    SegmentVideoData,
    VideoSegmentationData,
    VideoWithVoxelTruthData,
):
    EXPORT.rule(_kind)(data)
