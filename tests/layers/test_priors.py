"""Boxes from which a detector's predictions start."""

import numpy as np

from netdef.compiler.layers.priors import PriorBox
from tests.layers.cases import Case, Family, Refused, fork

HEAD = 'input "map" [2, 4, 2, 3] input "data" [2, 3, 20, 60] layer "y" PriorBox'
BOTTOMS = 'bottom: "map" bottom: "data"'


def squares(side: float) -> list[float]:
    """A square in the middle of each cell of 10 x 20 pixels, in parts of the image, row by row."""
    return [
        edge
        for row in range(2)
        for column in range(3)
        for edge in (
            (20 * column + 10 - side / 2) / 60,
            (10 * row + 5 - side / 2) / 20,
            (20 * column + 10 + side / 2) / 60,
            (10 * row + 5 + side / 2) / 20,
        )
    ]


class TestPriors(Family):
    cases = (
        *fork("prior_ssd", "prior_noflip_clip", "prior_multi_size", "prior_img_step_offset", "prior_duplicate_ratios"),
        *fork("prior_step_only", "prior_img_size_step", "prior_min_only_default"),
        Case(
            "PriorBox, squares",
            f"{HEAD} {{ {BOTTOMS} min_size: 6 variance: 0.2 }}",
            layer=PriorBox(min_size=(6.0,), variance=(0.2,)),
            shapes={"y": (1, 2, 24)},
            formula=lambda cells, image: np.array([[squares(6), [0.2] * 24]]),
        ),
        Case(
            "PriorBox, the first square halved by a fork",
            f"{HEAD} {{ {BOTTOMS} min_size: 6 reduce_boxes: true }}",
            layer=PriorBox(min_size=(6.0,), reduce_boxes=True),
            shapes={"y": (1, 2, 24)},
            formula=lambda cells, image: np.array([[squares(3), [0.1] * 24]]),
        ),
    )
    refused = (
        Refused(
            "a ratio without end",
            'input "x" [1, 2, 3, 3] input "d" [1, 3, 9, 9] '
            'layer "y" PriorBox { bottom: ["x", "d"] min_size: 4 aspect_ratio: inf }',
            "N202",
        ),
        Refused("PriorBox without a size", f"{HEAD} {{ {BOTTOMS} }}", "N201"),
        Refused("PriorBox, a side of 0", f"{HEAD} {{ {BOTTOMS} min_size: 0 }}", "N202"),
        Refused("PriorBox, fewer max_size", f"{HEAD} {{ {BOTTOMS} min_size: [3, 4] max_size: 5 }}", "N202"),
        Refused("PriorBox, max_size as large as min_size", f"{HEAD} {{ {BOTTOMS} min_size: 3 max_size: 3 }}", "N202"),
        Refused("PriorBox, two variances", f"{HEAD} {{ {BOTTOMS} min_size: 3 variance: [0.1, 0.2] }}", "N202"),
        Refused("PriorBox, a height alone", f"{HEAD} {{ {BOTTOMS} min_size: 3 img_h: 30 }}", "N407"),
        Refused(
            "PriorBox, one step and two", f"{HEAD} {{ {BOTTOMS} min_size: 3 step: 8 step_h: 8 step_w: 8 }}", "N407"
        ),
        Refused("PriorBox without an image", f'{HEAD} {{ bottom: "map" min_size: 3 }}', "N503"),
    )
