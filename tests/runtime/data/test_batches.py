"""Batches: what is in them depends on the seed and the iteration alone."""

from collections import Counter
from pathlib import Path

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st

from netdef.compiler.shape import Pair
from netdef.runtime.data.batches import TestBatches, TrainingBatches
from netdef.runtime.data.crop import ImageCrop
from netdef.runtime.data.datasets.dataset import ImageArray


class Numbered:
    """Grey images of 4x4; number i has the value i in its corner, and other values elsewhere."""

    classes = ("even", "odd")

    def __init__(self, num: int) -> None:
        self.labels = [i % 2 for i in range(num)]
        self.num_bytes = 16 * num

    def image(self, index: int) -> ImageArray:
        image = np.arange(100, 116, dtype=np.uint8).reshape(4, 4, 1)
        image[0, 0] = index
        return image

    def __len__(self) -> int:
        return len(self.labels)


PLAIN = ImageCrop(Pair(4, 4), 1)


def numbers(batches: TrainingBatches, iteration: int) -> list[int]:
    return batches[iteration]["data"][:, 0, 0, 0].tolist()


@given(st.integers(1, 20), st.integers(1, 30), st.integers(0, 5))
def test_every_epoch_has_every_image_once(num: int, size: int, seed: int) -> None:
    batches = TrainingBatches(Numbered(num), PLAIN, size, seed)
    row = [number for iteration in range(4 * num // size + 1) for number in numbers(batches, iteration)]
    for epoch in range(len(row) // num):
        assert sorted(row[epoch * num : (epoch + 1) * num]) == list(range(num))


def test_batches_are_full_even_where_an_epoch_ends_inside() -> None:
    batches = TrainingBatches(Numbered(10), PLAIN, 4, seed=1)
    assert [len(numbers(batches, i)) for i in range(6)] == [4] * 6
    assert len(numbers(TrainingBatches(Numbered(3), PLAIN, 8, seed=1), 0)) == 8


def test_any_batch_can_be_made_at_any_time() -> None:
    crop = ImageCrop(Pair(3, 3), 1, cover=False, random_crop=True, mirror=True)
    forward = TrainingBatches(Numbered(10), crop, 4, seed=1)
    backward = TrainingBatches(Numbered(10), crop, 4, seed=1)
    first = {i: forward[i] for i in range(12)}
    for i in reversed(range(12)):
        assert all(torch.equal(first[i][field], tensor) for field, tensor in backward[i].items())


def test_seeds_and_epochs_differ() -> None:
    one, other = (TrainingBatches(Numbered(50), PLAIN, 50, seed) for seed in (1, 2))
    orders = {tuple(numbers(batches, i)) for batches in (one, other) for i in range(3)}
    assert len(orders) == 6


def test_augmentation_is_a_samples_own_and_new_in_each_epoch() -> None:
    crop = ImageCrop(Pair(3, 4), 1, cover=False, random_crop=True, mirror=True)
    small, large = (TrainingBatches(Numbered(6), crop, size, seed=7) for size in (2, 6))
    in_small = sorted(row.tobytes() for i in range(3) for row in small[i]["data"].numpy())
    assert in_small == sorted(row.tobytes() for row in large[0]["data"].numpy())
    looks = Counter(row.tobytes() for i in range(100) for row in large[i]["data"].numpy()[:, :, :, 0])
    assert len(looks) == 6 * 2 + 2  # upper crops show their number, lower ones don't; each may be mirrored
    mirrored = sum(num for look, num in looks.items() if look[5] > look[6])
    assert 250 < mirrored < 350


def test_labels_go_with_their_images() -> None:
    batch = TrainingBatches(Numbered(9), PLAIN, 9, seed=3)[0]
    assert (batch["data"][:, 0, 0, 0] % 2 == batch["label"]).all()
    assert batch["data"].dtype == torch.uint8
    assert batch["label"].dtype == torch.int64


def test_test_batches_have_every_image_once_in_order() -> None:
    batches = TestBatches(Numbered(10), PLAIN, 4)
    assert len(batches) == 3
    row = [batches[i]["data"][:, 0, 0, 0].tolist() for i in range(len(batches))]
    assert row == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]


def test_a_real_folder(shared: Path) -> None:
    """Photographs of many sizes become windows of one."""
    from netdef.runtime.data.datasets.source import open_data

    data = open_data(str(shared / "data" / "clothing-dev"))
    assert (len(data.train), len(data.test), len(data.train.classes)) == (400, 120, 10)
    batch = TrainingBatches(data.train, ImageCrop(Pair(64, 48), 3, 72, random_crop=True), 5, seed=1)[0]
    assert batch["data"].shape == (5, 64, 48, 3)
