"""Default boxes as numbers, against the example that SSD's paper gives."""

import numpy as np

from netdef.compiler.layers.prior_boxes import half_sizes, prior_boxes, variances
from netdef.compiler.layers.priors import PriorBox
from netdef.compiler.shape import Pair


def test_boxes_have_the_sizes_of_the_paper() -> None:
    """Liu et al. 2016, section 2.2: w = s sqrt(a), h = s / sqrt(a), and s' = sqrt(s s') for the second square."""
    layer = PriorBox(min_size=(60.0,), max_size=(111.0,), aspect_ratio=(2.0, 3.0))
    sizes = [(60, 60), (81.608823, 81.608823), (84.852814, 42.426407), (42.426407, 84.852814)]
    sizes += [(103.923048, 34.641016), (34.641016, 103.923048)]
    assert layer.num_boxes == 6
    np.testing.assert_allclose(2 * half_sizes(layer)[:, :2], sizes, rtol=1e-6)


def test_boxes_lie_around_the_cells_of_a_map() -> None:
    boxes = prior_boxes(PriorBox(min_size=(30.0,), clip=True), Pair(1, 2), Pair(50, 100))
    assert boxes.shape == (1, 2, 8)
    np.testing.assert_allclose(boxes[0, 0], [0.1, 0.2, 0.4, 0.8, 0.6, 0.2, 0.9, 0.8], rtol=1e-6)


def test_variances_are_one_for_all_or_four() -> None:
    found = [variances(PriorBox(min_size=(1.0,), variance=given)) for given in ((), (0.2,), (0.1, 0.1, 0.2, 0.2))]
    np.testing.assert_allclose(found, [[0.1] * 4, [0.2] * 4, [0.1, 0.1, 0.2, 0.2]])
