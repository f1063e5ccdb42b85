"""Bytes to a net's numbers, in the words of the nets' authors."""

import numpy as np
import pytest
import torch

from netdef.compiler.preprocess import Preprocessing
from netdef.compiler.schema.caffe import Channels
from netdef.compiler.shape import Pair
from netdef.runtime.data.crop import ImageCrop
from netdef.runtime.data.normalise import Normalise, measured
from tests.runtime.data.test_crop import Images, noise


def test_numbers_are_vggs() -> None:
    """BGR, the mean of the published VGG nets, no scale: numpy in the words of their authors."""
    images = np.stack([noise(3, 5), noise(5, 3).reshape(3, 5, 3)])
    mean = (103.939, 116.779, 123.68)
    ours = Normalise(Preprocessing(Channels.BGR, mean))(torch.from_numpy(images))
    expected = (images[..., ::-1].astype(np.float64) - mean).transpose(0, 3, 1, 2)
    assert np.abs(ours.numpy() - expected).max() < 1e-4
    assert ours.is_contiguous()


def test_mean_comes_before_scale_and_grey_takes_one() -> None:
    normalise = Normalise(Preprocessing(Channels.GREY, (78.0,), 0.5))
    assert normalise(torch.full((1, 2, 2, 1), 80, dtype=torch.uint8)).tolist() == [[[[1.0, 1.0], [1.0, 1.0]]]]


def test_rgb_stays_in_its_order() -> None:
    numbers = Normalise(Preprocessing(Channels.RGB))(torch.from_numpy(noise(2, 2)[np.newaxis]))
    assert numbers[0, 0].tolist() == noise(2, 2)[:, :, 0].tolist()


def test_what_is_measured_has_mean_0_and_deviation_1() -> None:
    data = Images([noise(8, 8) // 2 + np.array([0, 10, 60], np.uint8) for _ in range(5)])
    found = measured(data, ImageCrop(Pair(8, 8), 3, random_crop=True))
    numbers = Normalise(found)(torch.from_numpy(np.stack(data.images)))
    assert found.channels is Channels.BGR
    assert found.mean[0] > found.mean[2] + 50  # blue first
    assert numbers.mean(dim=(0, 2, 3)).abs().max() < 0.01
    assert numbers.std() == pytest.approx(1, abs=0.01)
    assert Preprocessing.from_data(found.as_data) == found
    black = Images([np.zeros((8, 8, 1), np.uint8)])
    assert measured(black, ImageCrop(Pair(8, 8), 1)) == Preprocessing(Channels.GREY, (0.0,), 1.0)
