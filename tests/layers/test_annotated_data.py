"""Images with boxes and maps: what stands in the file; their tops are fed, so that no back end computes them."""

from typing import Any

import pytest

from netdef.compiler.layers.annotated_data import (
    AnnotatedData,
    Database,
    DenseImageData,
    ImageSegData,
    LabelType,
    SegData,
    StreamVideoData,
    VideoSource,
    YoloData,
)
from netdef.compiler.layers.data import Backend
from netdef.compiler.schema.box_transform import BoxTransform, Resizing
from netdef.compiler.schema.caffe import Transform
from netdef.compiler.size import symbol
from tests.layers.cases import Case, Family, Refused
from tests.nets import net_of

NOTHING_COMPUTED = {"ONNX": "N1013"}
G: Any = symbol("G", 1)


class TestAnnotatedData(Family):
    cases = (
        Case(
            "AnnotatedData, resized",
            'layer "y" AnnotatedData { top: ["x", "t"] data_param { source: "s" batch_size: 2 backend: LMDB } '
            "transform_param { mirror: true resize_param { height: 30 width: 40 } } }",
            layer=AnnotatedData(
                database=Database(source="s", batch_size=2, backend=Backend.LMDB),
                transform=BoxTransform(mirror=True, resize=Resizing(height=30, width=40)),
            ),
            shapes={"x": (2, 3, 30, 40), "t": (1, 1, G, 8)},
            refused=NOTHING_COMPUTED,
        ),
        Case(
            "VideoData of a camera",
            'layer "y" VideoData { top: "x" video_type: WEBCAM device_id: 1 data_param { batch_size: 2 } '
            "transform_param { crop_size: 30 } }",
            layer=StreamVideoData(
                video_type=VideoSource.WEBCAM,
                device_id=1,
                database=Database(batch_size=2),
                transform=BoxTransform(crop_size=30),
            ),
            shapes={"x": (2, 3, 30, 30)},
            refused=NOTHING_COMPUTED,
        ),
        Case(
            "DenseImageData, resized",
            'layer "y" DenseImageData { top: ["x", "t"] batch_size: 2 new_height: 6 new_width: 8 is_color: false }',
            layer=DenseImageData(batch_size=2, new_height=6, new_width=8, is_color=False),
            shapes={"x": (2, 1, 6, 8), "t": (2, 1, 6, 8)},
            refused=NOTHING_COMPUTED,
        ),
        Case(
            "ImageSegData with sizes",
            'layer "y" ImageSegData { top: ["x", "t", "size"] batch_size: 2 crop_size: 9 }',
            layer=ImageSegData(batch_size=2, transform=Transform(crop_size=9)),
            shapes={"x": (2, 3, 9, 9), "t": (2, 1, 9, 9), "size": (2, 1, 1, 2)},
            refused=NOTHING_COMPUTED,
        ),
        Case(
            "ImageSegData without labels",
            'layer "y" ImageSegData { top: ["x", "size"] batch_size: 2 crop_size: 9 label_type: NONE }',
            layer=ImageSegData(batch_size=2, transform=Transform(crop_size=9), label_type=LabelType.NONE),
            shapes={"x": (2, 3, 9, 9), "size": (2, 1, 1, 2)},
            refused=NOTHING_COMPUTED,
        ),
        Case(
            "SegData",
            'layer "y" SegData { top: ["x", "t"] root_dir: "d" transform_param { crop_size: 9 } }',
            layer=SegData(root_dir="d", transform=Transform(crop_size=9)),
            shapes={"x": (1, 3, 9, 9), "t": (1, 1, 9, 9)},
            refused=NOTHING_COMPUTED,
        ),
        Case(
            "YoloData",
            'layer "y" YoloData { top: ["x", "t"] batch_size: 2 new_height: 6 new_width: 8 num_sides: 3 }',
            layer=YoloData(batch_size=2, new_height=6, new_width=8, num_sides=(3,)),
            shapes={"x": (2, 3, 6, 8), "t": (2, 63)},
            refused=NOTHING_COMPUTED,
        ),
    )
    refused = (
        Refused("DenseImageData, one size", 'layer "y" DenseImageData { top: ["a", "b"] new_height: 6 }', "N407"),
        Refused(
            "AnnotatedData, a crop too large",
            'layer "y" AnnotatedData { top: "a" resize_param { height: 9 width: 9 } crop_size: 12 }',
            "N775",
        ),
    )


def test_a_file_of_ssd_reads_without_a_word() -> None:
    """The data layer of SSD's own training nets, its fields as they stand there."""
    net = net_of(
        """
        layer {
          name: "data" type: "AnnotatedData" top: "data" top: "label" include { phase: TRAIN }
          transform_param {
            mirror: true mean_value: 104 mean_value: 117 mean_value: 123
            resize_param { prob: 1 resize_mode: WARP height: 300 width: 300 interp_mode: LINEAR interp_mode: AREA }
            emit_constraint { emit_type: CENTER }
            distort_param { brightness_prob: 0.5 brightness_delta: 32 contrast_prob: 0.5 contrast_lower: 0.5
              contrast_upper: 1.5 hue_prob: 0.5 hue_delta: 18 saturation_prob: 0.5 saturation_lower: 0.5
              saturation_upper: 1.5 random_order_prob: 0 }
            expand_param { prob: 0.5 max_expand_ratio: 4 }
          }
          data_param { source: "examples/VOC0712/VOC0712_trainval_lmdb" batch_size: 32 backend: LMDB }
          annotated_data_param {
            batch_sampler { max_sample: 1 max_trials: 1 }
            batch_sampler {
              sampler { min_scale: 0.3 max_scale: 1 min_aspect_ratio: 0.5 max_aspect_ratio: 2 }
              sample_constraint { min_jaccard_overlap: 0.1 } max_sample: 1 max_trials: 50
            }
            label_map_file: "data/VOC0712/labelmap_voc.prototxt"
          }
        }
        """,
        "TRAIN",
    )
    assert net.blobs["data"] == (32, 3, 300, 300)
    assert [said.code for said in net.report] == []


@pytest.mark.parametrize("fields", ["video_type: VIDEO", 'video_file: "a.avi"'])
def test_fields_tell_which_video_data_is_meant(fields: str) -> None:
    net = net_of(f'layer "y" VideoData {{ top: "x" {fields} crop_size: 30 }}')
    assert type(net.nodes[0].layer) is StreamVideoData
