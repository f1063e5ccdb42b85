"""Python layers that many nets name: which class is meant, and what it makes."""

import numpy as np
import pytest
from numpy.typing import NDArray

from netdef.compiler.layers.python_layers import (
    DetectNetBoxes,
    DetectNetMeasures,
    MaskLayer,
    ProposalLayer,
    ProposalTargetLayer,
    RoIDataLayer,
    SegmentationDataLayer,
    SelectedRoIDataLayer,
    StageBridgeLayer,
    TextProposalLayer,
)
from netdef.compiler.size import symbol
from tests.layers.cases import SHAPES_ALONE, Case, Family, Refused, fork
from tests.layers.test_proposals import overlap
from tests.nets import net_of

Doubles = NDArray[np.float64]

RPN = 'input "s" [1, 18, 5, 7] input "d" [1, 36, 5, 7] input "info" [1, 3] '
STRIDE = "'feat_stride': 16"
NUM_CLASSES = "'num_classes': 21"
NOTHING_COMPUTED = {"ONNX": "N1013"}
B, R = symbol("B"), symbol("R")


def python(module: str, layer: str, rest: str, param_str: str = "") -> str:
    """A Python layer in the short form."""
    return f'layer "y" Python {{ module: "{module}" layer: "{layer}" param_str: "{param_str}" {rest} }}'


def sampled(r: Doubles, g: Doubles) -> tuple[Doubles, ...]:
    """All regions and all true boxes: those that overlap one by half first, in order (Girshick 2015, section 2.3)."""
    rois = np.concatenate([r, np.insert(g[:, :4], 0, 0, axis=1)])
    rows = []
    for roi in rois:
        best = max(g, key=lambda box: overlap(roi[1:], box))
        size, wanted = roi[3:] - roi[1:3] + 1, best[2:4] - best[:2] + 1
        shift = (best[:2] + wanted / 2 - roi[1:3] - size / 2) / size
        delta = np.concatenate([shift / 0.1, np.log(wanted / size) / 0.2])
        is_positive = overlap(roi[1:], best) >= 0.5
        rows.append((not is_positive, roi, best[4] if is_positive else 0, delta))
    rows.sort(key=lambda row: row[0])
    targets, weights = np.zeros((len(rows), 16)), np.zeros((len(rows), 16))
    for k, (_, _, label, delta) in enumerate(rows):
        if label:
            targets[k, 4 * int(label) : 4 * int(label) + 4] = delta
            weights[k, 4 * int(label) : 4 * int(label) + 4] = 1
    labels = np.array([[label] for _, _, label, _ in rows])
    return np.array([roi for _, roi, _, _ in rows]), labels, targets, weights, weights


class TestPythonLayers(Family):
    cases = (
        *fork("py_proposal", "py_proposal_train", "py_anchor_target"),
        Case(
            "ProposalLayer of CTPN",
            RPN + python("layers.text_proposal_layer", "ProposalLayer", 'bottom: ["s", "d", "info"]', STRIDE),
            layer=TextProposalLayer(module="layers.text_proposal_layer", layer="ProposalLayer", param_str=STRIDE),
            shapes={"y": (R, 4)},
            refused=SHAPES_ALONE,
        ),
        Case(
            "ProposalTargetLayer, fewer regions than it would take",
            'input "r" [5, 5] input "g" [2, 5] '
            + python(
                "rpn.proposal_target_layer",
                "ProposalTargetLayer",
                'bottom: ["r", "g"] top: ["y", "l", "t", "i", "o"]',
                "'num_classes': 4",
            ),
            layer=ProposalTargetLayer(
                module="rpn.proposal_target_layer", layer="ProposalTargetLayer", param_str="'num_classes': 4"
            ),
            shapes={"y": (B, 5), "l": (B, 1), **dict.fromkeys("tio", (B, 16))},
            fed={
                "r": [
                    [0, 0, 0, 30, 30],
                    [0, 5, 5, 40, 44],
                    [0, 50, 50, 80, 90],
                    [0, 48, 52, 79, 91],
                    [0, 0, 60, 9, 70],
                ],
                "g": [[2, 1, 31, 33, 3], [47, 50, 82, 93, 1]],
            },
            formula=sampled,
            refused={"ONNX": "N1011"},
        ),
        Case(
            "StageBridgeLayer",
            'input "r" [9, 5] input "b" [9, 84] input "s" [9, 21] input "info" [1, 3] '
            + python("pylayer.stage_bridge_layer", "StageBridgeLayer", 'bottom: ["r", "b", "s", "info"]'),
            layer=StageBridgeLayer(module="pylayer.stage_bridge_layer", layer="StageBridgeLayer"),
            shapes={"y": (B, 5)},
            refused=SHAPES_ALONE,
        ),
        Case(
            "MaskLayer",
            'input "m" [9, 441] ' + python("pylayer.mask_layer", "MaskLayer", 'bottom: "m" top: ["y", "l"]'),
            layer=MaskLayer(module="pylayer.mask_layer", layer="MaskLayer"),
            shapes={"y": (9, 1, 21, 21), "l": (9, 1)},
            refused=SHAPES_ALONE,
        ),
        Case(
            "ClusterDetections",
            'input "c" [2, 2, 22, 78] input "b" [2, 4, 22, 78] '
            + python("caffe.layers.detectnet.clustering", "ClusterDetections", 'bottom: ["c", "b"] top: ["y", "z"]'),
            layer=DetectNetBoxes(module="caffe.layers.detectnet.clustering", layer="ClusterDetections"),
            shapes={"y": (2, 50, 5), "z": (2, 50, 5)},
            refused=SHAPES_ALONE,
        ),
        Case(
            "mAP",
            'input "c" [2, 50, 5] '
            + python("caffe.layers.detectnet.mean_ap", "mAP", 'bottom: "c" top: ["m", "p", "r"]'),
            layer=DetectNetMeasures(module="caffe.layers.detectnet.mean_ap", layer="mAP"),
            shapes={"m": (1,), "p": (1,), "r": (1,)},
            refused=SHAPES_ALONE,
        ),
        Case(
            "RoIDataLayer with true boxes",
            python("roi_data_layer.layer", "RoIDataLayer", 'top: ["data", "im_info", "gt_boxes"]', NUM_CLASSES),
            layer=RoIDataLayer(module="roi_data_layer.layer", layer="RoIDataLayer", param_str=NUM_CLASSES),
            shapes={"data": (1, 3, 600, 1000), "im_info": (1, 3), "gt_boxes": (symbol("G"), symbol("D", 4))},
            refused=NOTHING_COMPUTED,
        ),
        Case(
            "RoIDataLayer with regions",
            python("roi_data_layer.layer", "RoIDataLayer", 'top: ["data", "rois", "labels", "t"]', NUM_CLASSES),
            layer=SelectedRoIDataLayer(module="roi_data_layer.layer", layer="RoIDataLayer", param_str=NUM_CLASSES),
            shapes={"data": (2, 3, 600, 1000), "rois": (R, 5), "labels": (R,), "t": (R, 84)},
            refused=NOTHING_COMPUTED,
        ),
        Case(
            "NYUDSegDataLayer",
            python("nyud_layers", "NYUDSegDataLayer", 'top: ["c", "d", "l"]', "{'tops': ['color', 'depth', 'label']}"),
            layer=SegmentationDataLayer(
                module="nyud_layers", layer="NYUDSegDataLayer", param_str="{'tops': ['color', 'depth', 'label']}"
            ),
            shapes={"c": (1, 3, 500, 500), "d": (1, 1, 500, 500), "l": (1, 1, 500, 500)},
            refused=NOTHING_COMPUTED,
        ),
    )
    refused = (
        Refused(
            "no stride",
            RPN + python("rpn.proposal_layer", "ProposalLayer", 'bottom: ["s", "d", "info"]'),
            "N201",
        ),
        Refused(
            "two images, of which proposal_layer.py takes one",
            'input "s" [2, 18, 5, 7] input "d" [2, 36, 5, 7] input "info" [1, 3] '
            + python("rpn.proposal_layer", "ProposalLayer", 'bottom: ["s", "d", "info"]', STRIDE),
            "N202",
        ),
        Refused(
            "anchors for other channels",
            RPN
            + python(
                "rpn.proposal_layer",
                "ProposalLayer",
                'bottom: ["s", "d", "info"]',
                "'feat_stride': 16 \\n'scales': !!python/tuple [4, 8, 16, 32]",
            ),
            "N206",
        ),
        Refused(
            "tops of nobody",
            python("nyud_layers", "NYUDSegDataLayer", 'top: ["c", "d"]', "{'tops': ['color', 'infrared']}"),
            "N202",
        ),
        Refused(
            "masks of another size",
            'input "m" [9, 400] ' + python("pylayer.mask_layer", "MaskLayer", 'bottom: "m"'),
            "N206",
        ),
    )


def test_44_python_layer() -> None:
    """What Faster R-CNN's Python layers make is known; what is behind them has its shape, and no receptive field."""
    net = net_of(
        """
        layer { name: "in" type: "Input" top: "data" input_param { shape { dim: 1 dim: 3 dim: 64 dim: 96 } } }
        layer { name: "in2" type: "Input" top: "im_info" input_param { shape { dim: 1 dim: 3 } } }
        layer { name: "conv" type: "Convolution" bottom: "data" top: "conv"
          convolution_param { num_output: 8 kernel_size: 3 pad: 1 stride: 16 } }
        layer { name: "cls" type: "Convolution" bottom: "conv" top: "cls"
          convolution_param { num_output: 18 kernel_size: 1 } }
        layer { name: "box" type: "Convolution" bottom: "conv" top: "box"
          convolution_param { num_output: 36 kernel_size: 1 } }
        layer { name: "proposal" type: "Python" bottom: "cls" bottom: "box" bottom: "im_info" top: "rois"
          python_param { module: "rpn.proposal_layer" layer: "ProposalLayer" param_str: "'feat_stride': 16" } }
        layer { name: "pool5" type: "ROIPooling" bottom: "conv" bottom: "rois" top: "pool5"
          roi_pooling_param { pooled_w: 7 pooled_h: 7 spatial_scale: 0.0625 } }
        layer { name: "fc6" type: "InnerProduct" bottom: "pool5" top: "fc6" inner_product_param { num_output: 32 } }
        """
    )
    assert (net.blobs["rois"], net.blobs["pool5"], net.blobs["fc6"]) == ((R, 5), (R, 8, 7, 7), (R, 32))
    assert [node.receptive_field for node in net.nodes if node.name in ("proposal", "pool5", "fc6")] == [None] * 3


@pytest.mark.parametrize("text", ["'feat_stride': 0", "'feat_stride': True", "'feat_stride': x", "feat_stride 16", "{"])
def test_a_stride_that_is_none_is_asked_for(text: str) -> None:
    layer = ProposalLayer(module="rpn.proposal_layer", layer="ProposalLayer", param_str=text)
    with pytest.raises(Exception, match="param_str must say feat_stride, a whole number above 0"):
        layer.infer(((1, 18, 5, 7), (1, 36, 5, 7), (1, 3)), 1)
