"""What is cut out of a map at regions of interest."""

from netdef.compiler.layers.rois import (
    GridROIAlign,
    MaskPooling,
    MaskResize,
    PSROIPooling,
    ROIAlign,
    ROIPooling,
    ROIWarping,
)
from tests.layers.cases import SHAPES_ALONE, Case, Family, Refused

MAP = 'input "x" [2, 12, 9, 11] input "rois" [5, 5] '


class TestRois(Family):
    cases = (
        Case(
            "ROIPooling, regions of four axes",
            'input "x" [2, 3, 9, 11] input "r" [5, 5, 1, 1] '
            'layer "y" ROIPooling { bottom: ["x", "r"] pooled_h: 2 pooled_w: 3 spatial_scale: 0.25 pad_ratio: 0.1 }',
            layer=ROIPooling(pooled_h=2, pooled_w=3, spatial_scale=0.25, pad_ratio=0.1),
            shapes={"y": (5, 3, 2, 3)},
            refused=SHAPES_ALONE,
        ),
        Case(
            "PSROIPooling",
            MAP + 'layer "y" PSROIPooling { bottom: ["x", "rois"] spatial_scale: 0.25 output_dim: 3 group_size: 2 }',
            layer=PSROIPooling(spatial_scale=0.25, output_dim=3, group_size=2),
            shapes={"y": (5, 3, 2, 2)},
            refused=SHAPES_ALONE,
        ),
        Case(
            "ROIAlign of MS-CNN: one row and one column more than bins",
            MAP + 'layer "y" ROIAlign { bottom: ["x", "rois"] roi_pooling_param { pooled_h: 3 pooled_w: 4 } }',
            layer=GridROIAlign(pooled_h=3, pooled_w=4),
            shapes={"y": (5, 12, 4, 5)},
            refused=SHAPES_ALONE,
        ),
        Case(
            "ROIAlign of Mask R-CNN",
            MAP + 'layer "y" ROIAlign { bottom: ["x", "rois"] roi_align_param { pooled_h: 3 pooled_w: 4 } }',
            layer=ROIAlign(pooled_h=3, pooled_w=4),
            shapes={"y": (5, 12, 3, 4)},
            refused=SHAPES_ALONE,
        ),
        Case(
            "ROIWarping",
            MAP + 'layer "y" ROIWarping { bottom: ["x", "rois"] pooled_h: 3 pooled_w: 4 spatial_scale: 0.5 }',
            layer=ROIWarping(pooled_h=3, pooled_w=4, spatial_scale=0.5),
            shapes={"y": (5, 12, 3, 4)},
            refused=SHAPES_ALONE,
        ),
        Case(
            "MaskPooling",
            'input "x" [3, 4, 5, 6] input "m" [3, 1, 5, 6] layer "y" MaskPooling { bottom: ["x", "m"] }',
            layer=MaskPooling(),
            shapes={"y": (3, 4, 5, 6)},
            refused=SHAPES_ALONE,
        ),
        Case(
            "MaskResize",
            'input "m" [3, 1, 5, 6] layer "y" MaskResize { output_height: 7 output_width: 4 }',
            layer=MaskResize(output_height=7, output_width=4),
            shapes={"y": (3, 1, 7, 4)},
            refused=SHAPES_ALONE,
        ),
    )
    refused = (
        Refused(
            "roi_pool_no_size: ROIPooling without pooled_h",
            MAP + 'layer "y" ROIPooling { bottom: ["x", "rois"] pooled_w: 3 }',
            "N408",
        ),
        Refused("a size of 0", MAP + 'layer "y" ROIPooling { bottom: ["x", "rois"] pooled_h: 0 pooled_w: 3 }', "N405"),
        Refused(
            "rows that are too short",
            'input "x" [2, 3, 9, 11] input "r" [5, 4] '
            'layer "y" ROIPooling { bottom: ["x", "r"] pooled_h: 2 pooled_w: 3 }',
            "N206",
        ),
        Refused(
            "psroi_pool_channels: too few channels for the bins",
            MAP + 'layer "y" PSROIPooling { bottom: ["x", "rois"] spatial_scale: 0.25 output_dim: 3 group_size: 3 }',
            "N202",
        ),
        Refused(
            "a mask of another size",
            'input "x" [3, 4, 5, 6] input "m" [3, 1, 5, 5] layer "y" MaskPooling { bottom: ["x", "m"] }',
            "N206",
        ),
    )
