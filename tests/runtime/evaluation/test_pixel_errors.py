"""Label maps: counts and means against the published formulas, in a few lines of numpy."""

import numpy as np
import pytest
import torch

from netdef.runtime.evaluation import Errors, PixelErrors, count_errors, count_pixels
from netdef.runtime.hardware.process_group import SINGLE


def published(hist: np.ndarray) -> tuple[float, float, float]:
    """Long, Shelhamer and Darrell 2015: n_ij positions of class i were said to be of class j."""
    with np.errstate(invalid="ignore"):
        accuracy = np.diag(hist) / hist.sum(1)
        iou = np.diag(hist) / (hist.sum(1) + hist.sum(0) - np.diag(hist))
    return 1 - np.diag(hist).sum() / hist.sum(), np.nanmean(accuracy), np.nanmean(iou)


@pytest.mark.parametrize("num_there", [2, 5])
def test_error_accuracy_and_iou_are_the_published_ones(num_there: int) -> None:
    """Of five classes all, or only two, have labels; 255 marks positions that don't count."""
    chance = np.random.default_rng(3)
    scores = chance.normal(size=(3, 5, 7, 4))
    labels = chance.integers(0, num_there, (3, 1, 7, 4))
    labels[chance.random(labels.shape) < 0.2] = 255
    found = count_pixels(torch.tensor(scores), torch.tensor(labels, dtype=torch.float32), ignored={255})
    hist = np.zeros((5, 5))
    for label, best in zip(labels[:, 0].flatten(), scores.argmax(1).flatten(), strict=True):
        if label != 255:
            hist[label, best] += 1
    means = found.as_data["pixel_error"], found.as_data["mean_class_accuracy"], found.as_data["mean_iou"]
    assert means == pytest.approx(published(hist), rel=1e-12)
    assert (found.num, sum(found.labelled)) == (3, hist.sum())


def test_a_tie_is_wrong_as_in_caffes_accuracy() -> None:
    scores = torch.zeros(1, 3, 1, 2)
    scores[0, 1, 0, 1] = 1.0
    assert count_pixels(scores, torch.tensor([[0, 1]])).pixel_error == 0.5
    flat = count_errors(scores[0, :, 0].T, torch.tensor([0, 1]))
    assert flat.top1_error == 0.5


def test_no_numbers_are_wrong() -> None:
    scores = torch.full((1, 2, 2, 2), float("nan"))
    found = count_pixels(scores, torch.zeros(1, 2, 2))
    assert (found.pixel_error, found.class_accuracy[0]) == (1.0, 0.0)


def test_classes_may_lie_along_the_last_axis() -> None:
    scores = torch.randn(4, 3, 6, generator=torch.Generator().manual_seed(1))
    labels = scores.argmax(2)
    assert count_pixels(scores, labels, axis=2).pixel_error == 0
    assert count_pixels(scores, labels, axis=2).as_data["mean_iou"] == 1


def test_counts_of_parts_add_up() -> None:
    scores = torch.randn(6, 4, 3, 2, generator=torch.Generator().manual_seed(2))
    labels = torch.arange(36).view(6, 3, 2) % 4
    whole = count_pixels(scores, labels)
    parts = count_pixels(scores[:2], labels[:2]).plus(count_pixels(scores[2:], labels[2:]))
    assert parts == whole == PixelErrors().plus(whole) == whole.plus(PixelErrors()) == whole.over(SINGLE)


def test_of_nothing_all_is_wrong() -> None:
    """As of no images: Caffe's Accuracy of them is 0."""
    ignored = count_pixels(torch.zeros(1, 2, 1, 1), torch.full((1, 1, 1), 7), ignored={7})
    assert ignored.pixel_error == Errors().top1_error == 1
    assert ignored.as_data["mean_iou"] == 0
    assert ignored.text == "pixel error 100.00 %, mean class accuracy 0.00 %, mean IoU 0.00 %"
