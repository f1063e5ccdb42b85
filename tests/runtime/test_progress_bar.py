"""What fits beside a bar."""

import pytest

from netdef.runtime.progress_bar import Fact, fitting

FACTS = (Fact("7/9 images", 1), Fact("", 2), Fact("图片", 3), Fact("0:00:02 left", 0))


@pytest.mark.parametrize(
    ("width", "told"),
    [
        (80, "7/9 images  图片  0:00:02 left"),
        (30, "7/9 images  图片  0:00:02 left"),
        (29, "7/9 images  0:00:02 left"),
        (24, "7/9 images  0:00:02 left"),
        (23, "图片  0:00:02 left"),
        (12, "0:00:02 left"),
        (11, "7/9 images"),
        (3, ""),
    ],
)
def test_what_is_wanted_most_is_told_as_long_as_it_fits(width: int, told: str) -> None:
    """Each of the two signs takes two columns."""
    assert fitting(FACTS, width) == told
