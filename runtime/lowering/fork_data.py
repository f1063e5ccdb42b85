"""Data layers of forks: whoever runs the module feeds their tops."""

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
from netdef.runtime.lowering.base import refuse
from netdef.runtime.lowering.inputs import FED

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
    refuse(_kind, FED)
