"""Tests that see a part of the test data."""

import pytest

from netdef.runtime.training.coverage import check_coverage
from netdef.runtime.training.recipe.recipe import Evaluation


@pytest.mark.parametrize(
    ("batches", "num_images", "said"),
    [
        (None, 8, None),
        (4, 8, None),
        (4, 7, None),
        (2, 8, "a test sees 4 of 8 test images (2 x 2 images), the next one others"),
        (8, 8, "a test goes over its 8 test images 2 times (8 x 2 images)"),
        (5, 8, "a test goes over its 8 test images 1.25 times (5 x 2 images)"),
        (1, 1, None),
    ],
)
def test_16_test_iter(batches: int | None, num_images: int, said: str | None) -> None:
    found = list(check_coverage(Evaluation(batches=batches, batch=2), num_images))
    assert [each.message for each in found] == ([] if said is None else [said])
    assert all("4 batches see all: test_iter: 4" in (each.help or "") for each in found)
