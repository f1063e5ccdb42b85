"""The window of an image that a net sees, against OpenCV and Pillow."""

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from netdef.compiler.shape import Pair
from netdef.runtime.data.crop import ImageCrop, Placement, cut_out, mirrored, resized, with_channels
from netdef.runtime.data.datasets.dataset import ImageArray
from netdef.runtime.data.random_draws import RandomDraw

CENTRE = np.zeros(len(RandomDraw))


def noise(h: int, w: int, c: int = 3) -> ImageArray:
    return np.random.default_rng(h * 100 + w).integers(0, 256, (h, w, c), np.uint8)


class Images:
    classes = ("one",)

    def __init__(self, images: list[ImageArray]) -> None:
        self.images = images
        self.labels = [0] * len(images)
        self.num_bytes = 0

    def image(self, index: int) -> ImageArray:
        return self.images[index]

    def __len__(self) -> int:
        return len(self.images)


def test_grey_is_opencvs() -> None:
    colour = noise(13, 11)
    difference = with_channels(colour, 1)[:, :, 0].astype(int) - cv2.cvtColor(colour, cv2.COLOR_RGB2GRAY)
    assert np.abs(difference).max() <= 1  # OpenCV rounds its weights to 14 bits
    assert np.array_equal(with_channels(noise(3, 2, 1), 3), np.repeat(noise(3, 2, 1), 3, axis=2))


def test_growing_is_bilinear_as_opencvs() -> None:
    small = noise(6, 9)
    difference = resized(small, Pair(17, 23)).astype(int) - cv2.resize(small, (23, 17), interpolation=cv2.INTER_LINEAR)
    assert np.abs(difference).max() <= 1


@given(*[st.integers(1, 40)] * 4, st.data(), st.sampled_from([1, 3]))
def test_a_window_of_a_resized_image_is_pillows(
    h: int, w: int, nh: int, nw: int, data: st.DataObject, num: int
) -> None:
    """Without making the rest; halves may be rounded otherwise, once in each direction."""
    image = noise(h, w, num)
    height, width = data.draw(st.integers(1, nh)), data.draw(st.integers(1, nw))
    top, left = data.draw(st.integers(0, nh - height)), data.draw(st.integers(0, nw - width))
    whole = Image.fromarray(image.squeeze(2) if num == 1 else image).resize((nw, nh), Image.Resampling.BILINEAR)
    theirs = np.asarray(whole).reshape(nh, nw, num)[top : top + height, left : left + width]
    ours = cut_out(image, Placement(Pair(nh, nw), top, left, mirrored=False), Pair(height, width))
    assert np.abs(ours.astype(int) - theirs).max() <= 2


def test_shrinking_by_a_whole_factor_keeps_the_mean() -> None:
    large = noise(40, 60, 1)
    assert resized(large, Pair(4, 6)).shape == (4, 6, 1)
    assert abs(resized(large, Pair(4, 6)).mean() - large.mean()) < 6  # it looks over the edge by half a window


@pytest.mark.parametrize(
    ("resize", "cover", "image", "expected"),
    [
        (None, True, (8, 8), (8, 8)),  # as large as the window already
        (None, True, (40, 60), (8, 12)),
        (None, True, (4, 6), (8, 12)),
        (None, False, (40, 60), (40, 60)),  # a crop without a resize: Caffe's data layers
        (None, False, (4, 6), (8, 12)),
        (10, True, (40, 60), (10, 15)),
        (10, True, (60, 41), (15, 10)),  # 14.6 is nearer to 15
        (4, True, (40, 60), (8, 12)),  # never smaller than the window
    ],
)
def test_the_shorter_side(resize: int | None, cover: bool, image: tuple[int, int], expected: tuple[int, int]) -> None:
    assert ImageCrop(Pair(8, 8), 3, resize, cover).scaled(Pair(*image)) == expected


def test_the_centre_is_caffes() -> None:
    image = noise(6, 8)
    crop = ImageCrop(Pair(3, 3), 3, cover=False)
    assert np.array_equal(crop.of(image, CENTRE), image[1:4, 2:5])


def test_a_random_crop_reaches_every_place_and_no_more() -> None:
    image = np.arange(5 * 6, dtype=np.uint8).reshape(5, 6, 1)
    crop = ImageCrop(Pair(4, 4), 1, cover=False, random_crop=True)
    corners = {int(crop.of(image, np.array([y, x, 0.0]))[0, 0, 0]) for y in (0, 0.999) for x in (0, 0.5, 0.999)}
    assert corners == {0, 1, 2, 6, 7, 8}


def test_mirrored_is_numpys() -> None:
    image = noise(5, 7)
    assert np.array_equal(mirrored(image), image[:, ::-1])


def test_a_mirror_turns_left_to_right() -> None:
    image = noise(4, 4)
    crop = ImageCrop(Pair(4, 4), 3, mirror=True)
    assert np.array_equal(crop.of(image, np.array([0, 0, 0.4])), image[:, ::-1])
    assert np.array_equal(crop.of(image, np.array([0, 0, 0.5])), image)


@given(st.integers(20, 60), st.integers(0, 30), st.tuples(st.integers(1, 90), st.integers(1, 90)))
def test_a_random_scale_takes_every_side_equally_often(least: int, spread: int, image: tuple[int, int]) -> None:
    """The shorter side is uniform on the whole numbers of the interval, and the shape of the image stays."""
    crop = ImageCrop(Pair(20, 20), 3, least, resize_most=least + spread)
    num = 4 * (spread + 1)
    draws = np.zeros((num, len(RandomDraw)))
    draws[:, RandomDraw.SCALE] = (np.arange(num) + 0.5) / num
    sizes = [crop.placement(Pair(*image), row).scaled for row in draws]
    assert [min(size) for size in sizes] == np.repeat(np.arange(least, least + spread + 1), 4).tolist()
    for size in sizes:
        assert abs(max(size) - min(size) * max(image) / min(image)) <= 0.5


@given(
    *[st.integers(1, 40)] * 4,
    st.none() | st.integers(1, 40),
    st.booleans(),
    st.tuples(*[st.floats(0, 1, exclude_max=True)] * len(RandomDraw)),
    st.sampled_from([1, 3]),
)
def test_a_crop_always_has_the_nets_size(
    h: int, w: int, nh: int, nw: int, resize: int | None, cover: bool, draws: tuple[float, ...], channels: int
) -> None:
    crop = ImageCrop(Pair(nh, nw), channels, resize, cover, random_crop=True, mirror=True)
    assert crop.of(noise(h, w), np.array(draws)).shape == (nh, nw, channels)
