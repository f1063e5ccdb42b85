"""Regions that a net proposes, and those that count in its loss."""

from itertools import product

import numpy as np
from numpy.typing import NDArray

from netdef.compiler.layers.proposals import PixelProposal
from netdef.compiler.size import symbol
from tests.layers.cases import Case, Family, Refused, fork

Doubles = NDArray[np.float64]

R = symbol("R", 1)
NET = 'input "s" [1, 12, 5, 7] input "d" [1, 24, 5, 7] input "info" [1, 3] '
ANCHORS = "ratio: 0.5 ratio: 1 ratio: 2"


def overlap(a: Doubles, b: Doubles) -> float:
    """Of two boxes whose corners are pixels of theirs."""
    sides = [min(a[k + 2], b[k + 2]) - max(a[k], b[k]) + 1 for k in (0, 1)]
    common = max(sides[0], 0) * max(sides[1], 0)
    areas = [(c[2] - c[0] + 1) * (c[3] - c[1] + 1) for c in (a, b)]
    return float(common / (sum(areas) - common))


def proposed(s: Doubles, d: Doubles, info: Doubles) -> tuple[Doubles, Doubles]:
    """Box by box, by the anchors of happynear: half sides are whole, scales are pixels."""
    found = []
    for image in range(len(s)):
        boxes = []
        for (row, column), (a, scale) in product(np.ndindex(*s.shape[2:]), enumerate((32, 64))):
            half = [0.5 * int(side * scale / 16 - 0.5) for side in (16, 16)]
            anchor = np.array([7.5 - half[0], 7.5 - half[1], 7.5 + half[0], 7.5 + half[1]])
            anchor += 16 * np.array([column, row, column, row])
            size = anchor[2:] - anchor[:2] + 1
            t = d[image, 4 * a : 4 * a + 4, row, column]
            centre, sides = t[:2] * size + anchor[:2] + size / 2, np.exp(t[2:]) * size
            box = np.clip([*(centre - sides / 2), *(centre + sides / 2)], 0, [info[0, 1] - 1, info[0, 0] - 1] * 2)
            small = (box[2:] - box[:2] + 1 < 8 * info[0, [3, 2]]).any()
            boxes.append((0 if small else s[image, 2 + a, row, column], image, box))
        boxes.sort(key=lambda each: -each[0])
        kept: list[tuple[float, int, Doubles]] = []
        for each in boxes[:25]:
            if len(kept) < 7 and all(overlap(each[2], other[2]) <= 0.5 for other in kept):
                kept.append(each)
        found += kept
    return np.array([[image, *box] for _, image, box in found]), np.array([score for score, _, _ in found])


class TestProposals(Family):
    cases = (
        *fork("proposal", "proposal_min_size", "box_annotator_ohem"),
        Case(
            "Proposal of happynear, by scales in pixels, two images",
            'input "s" [2, 4, 5, 7] input "d" [2, 8, 5, 7] input "info" [1, 4] layer "y" Proposal { bottom: ["s", "d", '
            '"info"] top: ["y", "z"] ratio: 1 scale: 32 scale: 64 min_size: 8 pre_nms_topn: 25 post_nms_topn: 7 '
            "nms_thresh: 0.5 }",
            layer=PixelProposal(
                ratio=(1,), scale=(32, 64), min_size=8, pre_nms_topn=25, post_nms_topn=7, nms_thresh=0.5
            ),
            shapes={"y": (R, 5), "z": (R,)},
            fed={"info": [[80, 112, 1.5, 1.25]], "s": np.random.default_rng(1).uniform(0, 1, (2, 4, 5, 7))},
            formula=proposed,
        ),
    )
    refused = (
        Refused(
            "a ratio of 0",
            'input "s" [1, 2, 5, 7] input "d" [1, 4, 5, 7] input "info" [1, 3] '
            'layer "y" Proposal { bottom: ["s", "d", "info"] ratio: 0 scale: 8 }',
            "N202",
        ),
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
        Refused(
            "two losses of a region",
            'input "r" [9, 5] input "l" [9, 2] input "t" [9] input "w" [9, 8] '
            'layer "y" BoxAnnotatorOHEM { bottom: ["r", "l", "t", "w"] top: ["y", "z"] roi_per_img: 3 }',
            "N206",
        ),
        Refused(
            "weights of five axes",
            'input "r" [9, 5] input "l" [9] input "t" [9] input "w" [9, 8, 1, 1, 1] '
            'layer "y" BoxAnnotatorOHEM { bottom: ["r", "l", "t", "w"] top: ["y", "z"] roi_per_img: 3 }',
            "N203",
        ),
    )
