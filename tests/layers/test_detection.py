"""SSD's boxes: what is detected, how good that is, and the loss that trains for it."""

from typing import Any

import numpy as np

from netdef.compiler.layers.detection import DetectionEvaluate, DetectionOutput, MultiBoxLoss, Suppression
from netdef.compiler.size import symbol
from tests.layers.cases import Case, Family, Refused, fork

NO_ONNX = {"ONNX": "N1011"}

NET = 'input "l" [2, 8] input "c" [2, 6] input "p" [1, 2, 8] input "t" [1, 1, 5, 8]'
DETECT, TRAIN = 'bottom: ["l", "c", "p"]', 'bottom: ["l", "c", "p", "t"]'
EVALUATED = (
    'input "d" [1, 1, 4, {}] input "t" [1, 1, 2, 8] layer "y" DetectionEvaluate {{ num_classes: 3 bottom: ["d", "t"] }}'
)
APART = [[[0, 0, 0.2, 0.2, 0.3, 0.3, 0.5, 0.5, 0.6, 0.6, 0.9, 0.9], [0.1] * 12]]
"""Priors of which none overlaps another."""
R: Any = symbol("R", 1)
E: Any = symbol("E", 1)


def detect(fields: str) -> str:
    """A net with a DetectionOutput."""
    return f'{NET} layer "y" DetectionOutput {{ {DETECT} {fields} }}'


def train(fields: str) -> str:
    """A net with a MultiBoxLoss."""
    return f'{NET} layer "y" MultiBoxLoss {{ {TRAIN} {fields} }}'


class TestDetection(Family):
    cases = (
        *fork("detout_ssd", "detout_corner_default", "detout_keep_topk", "detout_per_class_loc"),
        *fork("detout_nms_topk_eta", refused=NO_ONNX),
        *fork("detout_variance_in_target", "detout_empty", "detout_one_image_empty", "detout_corner_size"),
        *fork("detout_eta_low_threshold", "deteval_basic", "deteval_difficult", "ssd_head_detect"),
        *fork("multibox_agnostic", "multibox_background_last", "multibox_bipartite_l2"),
        *fork("multibox_corner_size_var_target", "multibox_default_corner", "multibox_difficult_off"),
        *fork("multibox_hard_example", "multibox_hard_example_nms", "multibox_image_without_gt"),
        *fork("multibox_logistic", "multibox_no_gt_at_all", "multibox_no_mining_full"),
        *fork("multibox_per_class_loc", "multibox_ssd"),
        Case(
            "DetectionOutput",
            detect(
                "num_classes: 3 nms_param { nms_threshold: 0.45 top_k: 400 } keep_top_k: 200 confidence_threshold: 0.5"
            ),
            layer=DetectionOutput(
                num_classes=3,
                nms=Suppression(nms_threshold=0.45, top_k=400),
                keep_top_k=200,
                confidence_threshold=0.5,
            ),
            shapes={"y": (1, 1, R, 7)},
            fed={"c": np.full((2, 6), np.nan)},
            formula=lambda codes, scores, priors: np.array([[[[0, *[-1] * 6], [1, *[-1] * 6]]]]),
        ),
        Case(
            "DetectionOutput, top_k below 0 for all (bbox_util.cpp, GetMaxScoreIndex)",
            'input "l" [1, 12] input "c" [1, 6] input "p" [1, 2, 12] '
            f'layer "y" DetectionOutput {{ {DETECT} num_classes: 2 nms_param {{ top_k: -1 }} }}',
            layer=DetectionOutput(num_classes=2, nms=Suppression(top_k=-1)),
            shapes={"y": (1, 1, R, 7)},
            fed={"l": np.zeros((1, 12)), "c": [[0, 0.2, 0, 0.9, 0, 0.4]], "p": APART},
            formula=lambda codes, scores, priors: np.array(
                [[[[0, 1, score, *priors[0, 0, 4 * i : 4 * i + 4]] for i, score in ((1, 0.9), (2, 0.4), (0, 0.2))]]]
            ),
        ),
        Case(
            "MultiBoxLoss",
            train("num_classes: 3 overlap_threshold: 0.4"),
            layer=MultiBoxLoss(num_classes=3, overlap_threshold=0.4),
            shapes={"y": ()},
            fed={"t": np.full((1, 1, 5, 8), -1)},
            formula=lambda codes, scores, priors, truth: np.array(0),
            refused=NO_ONNX,
        ),
        Case(
            "DetectionEvaluate",
            EVALUATED.format(7),
            layer=DetectionEvaluate(num_classes=3),
            shapes={"y": (1, 1, E, 5)},
            fed={"d": np.full((1, 1, 4, 7), -1), "t": [[[[0, 2, 0, 0, 0, 1, 1, 0], [1, 2, 0, 0, 0, 1, 1, 0]]]]},
            formula=lambda d, t: np.array([[[[-1, 1, 0, -1, -1], [-1, 2, 2, -1, -1]]]]),
            refused=NO_ONNX,
        ),
    )
    refused = (
        Refused("DetectionOutput without classes", detect("share_location: true"), "N408"),
        Refused("DetectionOutput, eta above 1", detect("num_classes: 3 nms_param { eta: 1.5 }"), "N202"),
        Refused("DetectionOutput, other scores", detect("num_classes: 4"), "N206"),
        Refused("DetectionOutput, a box for each class", detect("num_classes: 3 share_location: false"), "N206"),
        Refused("DetectionOutput without background", detect("num_classes: 3 background_label_id: -1"), "N202"),
        Refused("MultiBoxLoss, two minds", train("num_classes: 3 mining_type: NONE do_neg_mining: true"), "N407"),
        Refused("MultiBoxLoss, mining of each class", train("num_classes: 3 share_location: false"), "N202"),
        Refused("MultiBoxLoss, no such background", train("num_classes: 3 background_label_id: 3"), "N202"),
        Refused("MultiBoxLoss, agnostic of many", train("num_classes: 3 map_object_to_agnostic: true"), "N202"),
        Refused(
            "DetectionEvaluate of other rows",
            EVALUATED.format(6),
            "N203",
        ),
    )
