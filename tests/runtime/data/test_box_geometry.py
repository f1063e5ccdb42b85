"""Boxes follow their images, and overlap by as much as counted pixels say."""

from itertools import product

import numpy as np
import pytest

from netdef.compiler.shape import Pair
from netdef.runtime.data.box_geometry import edges_of, in_window, on_image, overlap
from netdef.runtime.data.crop import ImageCrop
from netdef.runtime.data.random_draws import RandomDraw

SOME = np.random.default_rng(3)


def counted(first: list[int], second: list[int]) -> float:
    """Intersection over union by the pixels of a 20x20 image."""
    masks = []
    for x0, y0, x1, y1 in (first, second):
        mask = np.zeros((20, 20), bool)
        mask[y0:y1, x0:x1] = True
        masks.append(mask)
    return float((masks[0] & masks[1]).sum() / (masks[0] | masks[1]).sum())


def test_overlap_is_what_counting_pixels_says() -> None:
    low = SOME.integers(0, 10, (200, 2))
    boxes = np.concatenate([low, low + SOME.integers(1, 10, (200, 2))], axis=1)
    found = overlap(boxes[:100].astype(float), boxes[100:].astype(float))
    pairs = zip(boxes[:100].tolist(), boxes[100:].tolist(), strict=True)
    np.testing.assert_allclose(found, [counted(*pair) for pair in pairs], rtol=1e-12)
    assert 0 < (found > 0).mean() < 1


@pytest.mark.parametrize("bad", [[3, 3, 3, 3], [5, 5, 2, 2], [np.nan] * 4])
def test_what_is_no_box_overlaps_nothing(bad: list[float]) -> None:
    assert overlap(np.array(bad), np.array([0.0, 0.0, 9.0, 9.0])) == 0
    assert overlap(np.array(bad), np.array(bad)) == 0


CROPS = [
    ImageCrop(Pair(24, 32), 1),
    ImageCrop(Pair(24, 24), 1, resize=30, random_crop=True, mirror=True),
    ImageCrop(Pair(17, 29), 1, cover=False, random_crop=True),
]


@pytest.mark.parametrize(("crop", "mirror"), list(product(CROPS, [0.1, 0.9])))
def test_a_box_lies_where_the_crop_shows_its_pixels(crop: ImageCrop, mirror: float) -> None:
    size = Pair(60, 80)
    image = np.zeros((*size, 1), np.uint8)
    image[24:40, 32:52] = 255
    draws = np.array([0.4, 0.6, mirror, *[0.0] * (len(RandomDraw) - 3)])
    window = crop.of(image, draws)[:, :, 0] > 127
    rows, columns = np.nonzero(window.any(1))[0], np.nonzero(window.any(0))[0]
    edges = np.array([32.0, 24.0, 52.0, 40.0])
    box = in_window(edges, size, crop.placement(size, draws), crop.size)
    found = edges_of(box) * np.tile(crop.size[::-1], 2)
    inside = np.clip(found, 0, np.tile(crop.size[::-1], 2))
    np.testing.assert_allclose(inside, [columns[0], rows[0], columns[-1] + 1, rows[-1] + 1], atol=1)
    np.testing.assert_allclose(on_image(box, size, crop.placement(size, draws), crop.size), edges, rtol=1e-12)
