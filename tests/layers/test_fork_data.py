"""Data layers of forks: what stands in the file, and what a size from outside says."""

from pathlib import Path

import netdef
from netdef.compiler.layers.base import Layer
from netdef.compiler.layers.data import Backend
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
    Modality,
    PoseTransform,
    SegmentVideoData,
    TableTop,
    TopKind,
    VideoSegmentationData,
    VideoWithVoxelTruthData,
)
from netdef.compiler.schema.caffe import Transform
from netdef.compiler.size import symbol
from tests.layers.cases import Case, Family, Refused

NOTHING_COMPUTED = {"ONNX": "N1013"}
GT = "batch_size: 2 field_h: 8 field_w: 8 downsample_rate: 8 field_h: 16 field_w: 16 downsample_rate: 16"


def data(name: str, text: str, layer: Layer, **shapes: tuple[int, ...]) -> Case:
    """A layer without bottoms, whose tops are fed."""
    return Case(name, f'layer "y" {text}', layer=layer, shapes=shapes, refused=NOTHING_COMPUTED)


class TestForkData(Family):
    cases = (
        data(
            "ImageLabelmapData",
            'ImageLabelmapData { top: ["x", "t"] batch_size: 2 new_height: 6 new_width: 8 }',
            ImageLabelmapData(batch_size=2, new_height=6, new_width=8),
            x=(2, 3, 6, 8),
            t=(2, 1, 6, 8),
        ),
        data(
            "ImageGtData, cropped, with boxes",
            f'ImageGtData {{ top: ["x", "t", "u", "g"] {GT} crop_width: 64 crop_height: 48 output_gt_boxes: true }}',
            ImageGtData(
                batch_size=2,
                field_h=(8, 16),
                field_w=(8, 16),
                downsample_rate=(8, 16),
                crop_width=64,
                crop_height=48,
                output_gt_boxes=True,
            ),
            x=(2, 3, 48, 64),
            t=(2, 6, 6, 8),
            u=(2, 6, 3, 4),
            g=(symbol("G"), 7, 1, 1),  # type: ignore[arg-type]  # a size that a run finds
        ),
        data(
            "VIDEO_DATA of C3D 1.0",
            'VideoData { top: ["x", "t"] image_data_param { batch_size: 2 new_length: 16 crop_size: 112 } }',
            FlatVideoData(batch_size=2, new_length=16, crop_size=112),
            x=(2, 3, 16, 112, 112),
            t=(2, 1, 1, 1, 1),
        ),
        data(
            "VideoData of C3D 1.1",
            'VideoData { top: ["x", "t"] video_data_param { source: "s" batch_size: 2 new_length: 16 } '
            "transform_param { crop_size: 112 } }",
            ClipVideoData(source="s", batch_size=2, new_length=16, transform=Transform(crop_size=112)),
            x=(2, 3, 16, 112, 112),
            t=(2, 1, 1, 1, 1),
        ),
        data(
            "VideoData of temporal segment networks",
            'VideoData { top: ["x", "t"] video_data_param { batch_size: 2 new_length: 5 num_segments: 3 '
            "modality: FLOW } transform_param { crop_size: 224 } }",
            SegmentVideoData(
                batch_size=2, new_length=5, num_segments=3, modality=Modality.FLOW, transform=Transform(crop_size=224)
            ),
            x=(2, 30, 224, 224),
            t=(2,),
        ),
        data(
            "VideoSegmentationData",
            'VideoSegmentationData { top: ["x", "t"] crop_size: 112 }',
            VideoSegmentationData(crop_size=112),
            x=(1, 3, 16, 112, 112),
            t=(1, 1, 16, 112, 112),
        ),
        data(
            "VideoWithVoxelTruthData",
            'VideoWithVoxelTruthData { top: ["x", "t"] crop_size: 112 num_truth_channels: 2 }',
            VideoWithVoxelTruthData(crop_size=112, num_truth_channels=2),
            x=(1, 3, 16, 112, 112),
            t=(1, 2, 16, 112, 112),
        ),
        data(
            "CPMData",
            'CPMData { top: ["x", "t"] batch_size: 2 crop_size_x: 368 crop_size_y: 184 stride: 8 num_parts: 56 }',
            CPMData(batch_size=2, pose=PoseTransform(crop_size_x=368, crop_size_y=184, stride=8, num_parts=56)),
            x=(2, 3, 184, 368),
            t=(2, 114, 23, 46),
        ),
        data(
            "BoxData, two grids",
            'BoxData { top: ["x", "t", "u"] batch_size: 2 side: 7 side: 14 backend: LMDB }',
            BoxData(batch_size=2, side=(7, 14), backend=Backend.LMDB),
            x=(2, 3, 256, 256),
            t=(2, 343),
            u=(2, 1372),
        ),
        data("LabelData", "LabelData { batch_size: 8 }", LabelData(batch_size=8), y=(8, 1)),
        data(
            "CompactData",
            'CompactData { top: ["x", "t"] batch_size: 8 crop_size: 48 }',
            CompactData(batch_size=8, transform=Transform(crop_size=48)),
            x=(8, 3, 48, 48),
            t=(8,),
        ),
        data(
            "CoSData, an image, a number and an array over time",
            'CoSData { top: ["x", "t", "u"] cos_data_param { batch_size: 2 '
            "top { type: ENCODED_IMAGE channels: 3 height: 32 width: 32 out_height: 28 out_width: 24 } "
            "top { type: INT channels: 1 } top { type: INT_ARRAY channels: 21 sample_num_axes: 1 transpose: true } } }",
            CoSData(
                batch_size=2,
                columns=(
                    TableTop(type=TopKind.ENCODED_IMAGE, channels=3, height=32, width=32, out_height=28, out_width=24),
                    TableTop(type=TopKind.INT, channels=1),
                    TableTop(type=TopKind.INT_ARRAY, channels=21, sample_num_axes=1, transpose=True),
                ),
            ),
            x=(2, 3, 28, 24),
            t=(2,),
            u=(21, 2),
        ),
    )
    refused = (
        Refused("a top for one map of two", f'layer "y" ImageGtData {{ top: ["x", "t"] {GT} }}', "N503"),
        Refused("one size", 'layer "y" ImageLabelmapData { top: ["x", "t"] new_width: 8 }', "N407"),
        Refused("a grid of nobody", 'layer "y" BoxData { top: ["x", "t"] batch_size: 2 side: 7 side: 14 }', "N503"),
        Refused("no columns", 'layer "y" CoSData { top: "x" batch_size: 2 }', "N503"),
    )


def test_a_size_from_outside_stands_in_for_data(tmp_path: Path) -> None:
    path = tmp_path / "net.net"
    path.write_text('layer "d" VideoSegmentationData { top: ["x", "t"] batch_size: 2 }', "utf-8")
    net = netdef.load(path, data_size={"d": (1, 8, 30, 40)})
    assert net.blobs == {"x": (2, 1, 8, 30, 40), "t": (2, 1, 8, 30, 40)}
