"""Average precision and recall: cases worked out from the formulas, and scikit-learn where it has the same."""

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, precision_recall_curve, recall_score

from netdef.runtime.transfer.metrics import average_precision, mean_average_precision, mean_class_recall


def test_average_precision_of_a_ranking_worked_out_by_hand() -> None:
    """Right, wrong, right, wrong, wrong, right: precisions 1, 2/3 and 3/6 at the recalls 1/3, 2/3 and 1."""
    values = np.array([0.1, 0.9, 0.5, 0.7, 0.3, 0.2])
    shown = np.array([True, True, False, False, False, False])
    shown[[3, 2]] = [False, True]
    found = average_precision(values, shown)
    assert found.all_points == pytest.approx((1 + 2 / 3 + 3 / 6) / 3)
    assert found.points_11 == pytest.approx((4 * 1 + 3 * 2 / 3 + 4 * 3 / 6) / 11), "recalls to .3, to .6, to 1"


def test_the_best_precision_at_a_higher_recall_counts() -> None:
    """Wrong, right, right: 1/2 at the recall 1/2 is 2/3, because that is reached at 1."""
    found = average_precision(np.array([3.0, 2.0, 1.0]), np.array([False, True, True]))
    assert found == pytest.approx((2 / 3, 2 / 3))


def test_images_of_one_value_are_found_together_whatever_their_order() -> None:
    shown = np.array([True, False, False, True])
    for order in ([0, 1, 2, 3], [2, 1, 3, 0], [3, 0, 1, 2]):
        assert average_precision(np.zeros(4), shown[order]) == pytest.approx((0.5, 0.5))


def test_a_class_that_no_image_shows_does_not_count() -> None:
    values = np.random.default_rng(0).normal(size=(9, 3))
    shown = np.zeros((9, 3), bool)
    shown[2:5, 0] = shown[4:, 2] = True
    assert np.isnan(average_precision(values[:, 1], shown[:, 1])).all()
    each = [average_precision(values[:, i], shown[:, i]) for i in (0, 2)]
    assert mean_average_precision(values, shown) == pytest.approx(tuple(np.mean(each, axis=0)))


@pytest.mark.parametrize("digits", [1, 12])
def test_against_scikit_learn(digits: int) -> None:
    """Its curve, made monotonic; its own average leaves that out, and so is never greater. One digit: many equals."""
    random = np.random.default_rng(digits)
    for num in (7, 40, 301):
        shown = random.random(num) < 0.3
        shown[0] = True
        values = np.round(random.normal(size=num) + shown, digits)
        precision, recall, _ = precision_recall_curve(shown, values)
        best = np.maximum.accumulate(precision[:-1])  # from the highest recall down; the last point is made up
        found = average_precision(values, shown)
        assert found.all_points == pytest.approx(-np.sum(np.diff(recall) * best))
        assert found.all_points >= average_precision_score(shown, values) - 1e-12
        at = [best[recall[:-1] >= tenth / 10].max() for tenth in range(11)]
        assert found.points_11 == pytest.approx(np.mean(at))


def test_mean_class_recall_is_scikit_learns_over_classes_of_unequal_sizes() -> None:
    random = np.random.default_rng(2)
    labels = random.choice(4, 50, p=[0.6, 0.2, 0.1, 0.1])
    values = random.normal(size=(50, 4)) + 2 * np.eye(4)[labels] * random.random((50, 1))
    assert mean_class_recall(values, labels) == pytest.approx(recall_score(labels, values.argmax(1), average="macro"))
