"""Regions that a net proposes, and those that count in its loss."""

from netdef.compiler.layers.proposals import BoxAnnotatorOHEM, PixelProposal, Proposal
from netdef.compiler.size import symbol
from tests.layers.cases import SHAPES_ALONE, Case, Family, Refused

R = symbol("R", 1)
NET = 'input "s" [1, 12, 5, 7] input "d" [1, 24, 5, 7] input "info" [1, 3] '
ANCHORS = "ratio: 0.5 ratio: 1 ratio: 2"


class TestProposals(Family):
    cases = (
        Case(
            "Proposal of mini-caffe, with scores",
            NET + f'layer "y" Proposal {{ bottom: ["s", "d", "info"] top: ["y", "z"] {ANCHORS} scale: 2 scale: 4 }}',
            layer=Proposal(ratio=(0.5, 1, 2), scale=(2, 4)),
            shapes={"y": (R, 5), "z": (R,)},
            refused=SHAPES_ALONE,
        ),
        Case(
            "Proposal of happynear, by scales in pixels",
            'input "s" [2, 4, 5, 7] input "d" [2, 8, 5, 7] input "info" [1, 4] '
            'layer "y" Proposal { bottom: ["s", "d", "info"] ratio: 1 scale: 128 scale: 256 }',
            layer=PixelProposal(ratio=(1,), scale=(128, 256)),
            shapes={"y": (R, 5)},
            refused=SHAPES_ALONE,
        ),
        Case(
            "BoxAnnotatorOHEM",
            'input "r" [9, 5] input "l" [9, 1, 1, 1] input "t" [9] input "w" [9, 8, 1, 1] '
            'layer "y" BoxAnnotatorOHEM { bottom: ["r", "l", "t", "w"] top: ["y", "z"] roi_per_img: 3 }',
            layer=BoxAnnotatorOHEM(roi_per_img=3),
            shapes={"y": (9, 1, 1, 1), "z": (9, 8, 1, 1)},
            refused=SHAPES_ALONE,
        ),
    )
    refused = (
        Refused(
            "anchors for other channels",
            NET + f'layer "y" Proposal {{ bottom: ["s", "d", "info"] {ANCHORS} scale: 2 }}',
            "N206",
        ),
        Refused(
            "two images",
            'input "s" [2, 2, 5, 7] input "d" [2, 4, 5, 7] input "info" [1, 3] '
            'layer "y" Proposal { bottom: ["s", "d", "info"] ratio: 1 scale: 8 }',
            "N202",
        ),
        Refused(
            "boxes of other positions",
            'input "s" [1, 2, 5, 7] input "d" [1, 4, 5, 6] input "info" [1, 3] '
            'layer "y" Proposal { bottom: ["s", "d", "info"] ratio: 1 scale: 8 }',
            "N206",
        ),
        Refused(
            "losses of other regions",
            'input "r" [9, 5] input "l" [8, 1] input "t" [9] input "w" [9, 8] '
            'layer "y" BoxAnnotatorOHEM { bottom: ["r", "l", "t", "w"] top: ["y", "z"] roi_per_img: 3 }',
            "N206",
        ),
    )
