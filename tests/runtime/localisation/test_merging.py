"""Boxes of one object become one, by hand-made cases."""

import numpy as np

from netdef.runtime.data.box_geometry import overlap
from netdef.runtime.localisation.merging import CLOSE, merged


def test_two_close_boxes_become_their_mean_and_a_far_one_stays() -> None:
    boxes, groups = merged(np.array([[0, 0, 10, 10], [50, 50, 60, 60], [2, 0, 12, 10]], float))
    assert groups == [[0, 2], [1]]
    np.testing.assert_array_equal(boxes, [[1, 0, 11, 10], [50, 50, 60, 60]])


def test_a_merged_box_is_the_mean_of_all_that_it_stands_for() -> None:
    """Not of two means: the third box counts a third."""
    edges = np.array([[0, 0, 12, 12], [1, 0, 13, 12], [3, 0, 15, 12]], float)
    boxes, groups = merged(edges)
    assert groups == [[0, 1, 2]]
    np.testing.assert_allclose(boxes, [edges.mean(0)])


def test_the_closest_are_merged_first() -> None:
    """The middle box overlaps both others enough; it goes to the closer one, whose mean then is too far off."""
    edges = np.array([[0, 0, 10, 10], [3, 0, 13, 10], [5, 0, 15, 10]], float)
    boxes, groups = merged(edges)
    assert groups == [[0], [1, 2]]
    np.testing.assert_allclose(boxes[1], [4, 0, 14, 10])


def test_boxes_that_overlap_by_no_more_than_the_limit_stay() -> None:
    edges = np.array([[0, 0, 10, 10], [0, 0, 5, 10]], float)
    assert overlap(edges[0], edges[1]) == CLOSE
    assert merged(edges)[1] == [[0], [1]]


def test_every_box_goes_into_one_group_and_no_two_results_are_close() -> None:
    some = np.random.default_rng(1)
    low = some.uniform(0, 60, (80, 2))
    edges = np.concatenate([low, low + some.uniform(15, 30, (80, 2))], axis=1)
    boxes, groups = merged(edges)
    assert sorted(index for group in groups for index in group) == list(range(80))
    assert 1 < len(groups) < 80
    between = overlap(boxes[:, None], boxes[None])[~np.eye(len(boxes), dtype=bool)]
    assert between.max() <= CLOSE
    np.testing.assert_allclose(boxes, [edges[group].mean(0) for group in groups])


def test_one_box_and_none() -> None:
    assert merged(np.array([[0.0, 0.0, 1.0, 1.0]]))[1] == [[0]]
    assert merged(np.zeros((0, 4)))[1] == []
