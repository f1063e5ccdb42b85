"""Krizhevsky's shift of the colours, against numpy's covariance and eigenvectors of real images."""

import math
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from netdef.compiler.preprocess import Preprocessing
from netdef.compiler.schema.caffe import Channels
from netdef.compiler.shape import Pair
from netdef.runtime.data.batches import TrainingBatches
from netdef.runtime.data.colours import Colours, Shifted, colours_of
from netdef.runtime.data.crop import ImageCrop
from netdef.runtime.data.datasets.folder import Folder
from netdef.runtime.data.random_draws import RandomDraw
from tests.runtime.data.test_crop import Images

COLOURS = Colours(((0.6, 0.64, 0.48), (0.8, -0.48, -0.36), (0.0, -0.6, 0.8)), (0.2, 0.02, 0.004))
MEDIAN = 0.5
ONE_DEVIATION = 0.5 + 0.5 * math.erf(math.sqrt(0.5))
"""The share of a normal distribution below 0, and below one deviation."""


def test_the_colours_of_real_images(shared: Path) -> None:
    """The directions are numpy's eigenvectors of the covariance of all pixels, up to their sign."""
    data = Folder(shared / "data/clothing-dev/test")
    data.paths, data.labels = data.paths[::10], data.labels[::10]
    colours = colours_of(data)
    pixels = np.concatenate([np.asarray(Image.open(path).convert("RGB")).reshape(-1, 3) for path in data.paths])
    values, columns = np.linalg.eigh(np.cov(pixels.T / 255.0, bias=True))
    np.testing.assert_allclose(colours.values, values[::-1], rtol=1e-5)
    np.testing.assert_allclose(np.abs(np.array(colours.vectors) @ columns[:, ::-1]), np.eye(3), atol=1e-5)
    assert Colours.from_data(colours.as_data) == colours
    assert all(max(vector, key=abs) > 0 for vector in colours.vectors)


def test_grey_images_vary_in_their_light_alone() -> None:
    colours = colours_of(Images([np.arange(60, dtype=np.uint8).reshape(6, 10, 1), np.full((3, 2, 1), 255, np.uint8)]))
    np.testing.assert_allclose(colours.vectors[0], 3**-0.5, rtol=1e-5)
    assert colours.values[1:] == pytest.approx((0, 0), abs=1e-12)


def test_an_image_that_cannot_be_read_has_no_colours(tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "one/1.png").write_bytes(b"")
    Image.fromarray(np.full((2, 2), 9, np.uint8)).save(tmp_path / "one/2.png")
    assert colours_of(Folder(tmp_path)).values == (0, 0, 0)


@pytest.mark.parametrize("channels", [Channels.BGR, Channels.RGB])
def test_a_shift_is_added_before_mean_and_scale(channels: Channels) -> None:
    images = np.random.default_rng(0).integers(0, 256, (3, 5, 4, 3), np.uint8)
    draws = np.random.default_rng(1).uniform(size=(3, len(RandomDraw)))
    draws[0, RandomDraw.FIRST :] = MEDIAN
    draws[1, RandomDraw.FIRST :] = ONE_DEVIATION, MEDIAN, MEDIAN
    draws[2, RandomDraw.FIRST :] = ONE_DEVIATION, MEDIAN, 1 - ONE_DEVIATION
    alphas = 0.1 * np.array([[0, 0, 0], [1, 0, 0], [1, 0, -1]])
    shift = 255 * (alphas * COLOURS.values) @ np.array(COLOURS.vectors)
    order = -1 if channels is Channels.BGR else 1
    mean = np.array([1.0, 2.0, 3.0])
    expected = ((images + shift[:, None, None, :])[..., ::order] - mean) * 0.5
    numbers = Shifted(Preprocessing(channels, tuple(mean), 0.5), COLOURS, 0.1)
    found = numbers(torch.from_numpy(images), torch.from_numpy(draws))
    np.testing.assert_allclose(found.numpy(), expected.transpose(0, 3, 1, 2), atol=2e-5)


def test_shifts_are_normal_and_a_samples_own() -> None:
    batches = TrainingBatches(Images([np.zeros((2, 2, 3), np.uint8)] * 50), ImageCrop(Pair(2, 2), 3), 2000, seed=3)
    shifted = Shifted(Preprocessing(Channels.RGB), COLOURS, 0.1)
    alphas = (shifted.shift(batches[0]["draws"]).numpy() @ np.array(COLOURS.vectors).T) / COLOURS.values
    assert np.abs(alphas.mean(axis=0)).max() < 0.009  # four deviations
    assert np.abs(alphas.std(axis=0) - 0.1).max() < 0.0064
    assert np.abs(np.corrcoef(alphas.T) - np.eye(3)).max() < 0.09
    assert shifted.shift(torch.zeros(1, len(RandomDraw), dtype=torch.float64)).isfinite().all()
    again = TrainingBatches(batches.data, batches.crop, 100, seed=3)[3]["draws"]
    assert again.equal(batches[0]["draws"][300:400])
