"""Images at several sizes, in groups, and what a net makes of their windows."""

from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from netdef import NetError, load
from netdef.compiler.diagnostics import Diagnostic
from netdef.compiler.preprocess import Preprocessing
from netdef.compiler.schema.caffe import Channels
from netdef.compiler.shape import Pair
from netdef.runtime import lower
from netdef.runtime.data.crop import ImageCrop
from netdef.runtime.data.datasets.dataset import ImageArray
from netdef.runtime.data.feed import Feed
from netdef.runtime.data.normalise import Normalise
from netdef.runtime.data.scaled import ScaledImages, same_size_batches
from netdef.runtime.evaluation.views import CENTRE, CORNERS, GRID, Views, large_enough, values_of_views
from netdef.runtime.trained import TrainedNet

SHAPES = ((9, 12), (12, 9), (9, 12), (7, 20), (9, 12))


class Noise:
    """Grey images of several shapes."""

    classes = ("a", "b")
    labels = (0, 1, 0, 1, 0)
    num_bytes = 0

    def __init__(self) -> None:
        random = np.random.default_rng(0)
        self.images = [random.integers(0, 256, (*shape, 1), np.uint8) for shape in SHAPES]

    def image(self, index: int) -> ImageArray:
        return self.images[index]

    def __len__(self) -> int:
        return len(self.images)


AS_IT_IS = ImageCrop(Pair(1, 1), 1, None, cover=False)


@pytest.fixture
def halving(tmp_path: Path) -> TrainedNet:
    """The mean of a 5x4 window's left half, and that of its right half."""
    (tmp_path / "halves.net").write_text(
        'name: "halves" input "data" [1, 1, 5, 4] layer "fc" InnerProduct { num_output: 2 }'
    )
    left = np.tile([1 / 10, 1 / 10, 0, 0], (5, 1))
    weights = {"fc": [np.stack([left.ravel(), left[:, ::-1].ravel()]).astype(np.float32), np.zeros(2, np.float32)]}
    module = lower(load(tmp_path / "halves.net", dense=True), weights)
    return TrainedNet(
        module=module, blob="fc", feed=Feed(AS_IT_IS, {"data": "data"}, Normalise(Preprocessing(Channels.GREY)))
    )


def halves(window: ImageArray) -> NDArray[np.float64]:
    return np.array([window[:, :2].mean(), window[:, 2:].mean()])


def test_windows_lie_as_the_papers_say() -> None:
    rows, columns = np.indices((11, 14))
    images = torch.from_numpy(np.stack([rows, columns], -1))[None]

    def corners(views: Views) -> list[list[int]]:
        return [cut[0, 0, 0].tolist() for cut in views.of(images)]

    window = Pair(3, 4)
    assert corners(Views(window, CENTRE)) == [[4, 5]]
    assert corners(Views(window, CORNERS)) == [[0, 0], [0, 10], [8, 0], [8, 10], [4, 5]]
    assert corners(Views(window, GRID)) == [[y, x] for y in (0, 2, 4, 6, 8) for x in (0, 2, 5, 7, 10)]
    mirrored = corners(Views(window, CORNERS, mirror=True))
    assert mirrored[5:] == [[0, 3], [0, 13], [8, 3], [8, 13], [4, 8]], "a mirrored window begins with its last column"
    assert Views(mirror=True).of(images)[1].equal(images.flip(2))


def test_sides_are_scaled_alike_and_rounded() -> None:
    samples = ScaledImages(Noise(), [AS_IT_IS, ImageCrop(Pair(1, 1), 1, 5), ImageCrop(Pair(8, 8), 1, 5)])
    assert [tuple(samples[0][key].shape) for key in "012"] == [(9, 12, 1), (5, 7, 1), (8, 11, 1)]


def test_batches_hold_images_of_one_size_and_few_pixels() -> None:
    samples = ScaledImages(Noise(), [AS_IT_IS])
    found = [
        (batch.numbers, tuple(batch.images.shape[1:3]))
        for batch in same_size_batches((samples[i] for i in range(5)), 250)
    ]
    assert found == [([0, 2], (9, 12)), ([3], (7, 20)), ([1], (12, 9)), ([4], (9, 12))]
    assert [batch.numbers for batch in same_size_batches((samples[i] for i in range(5)), 1)] == [
        [0],
        [1],
        [2],
        [3],
        [4],
    ]


@pytest.mark.parametrize("views", [Views(Pair(5, 4), CORNERS, mirror=True), Views(Pair(5, 4), GRID)])
def test_a_blob_is_seen_for_every_window(halving: TrainedNet, views: Views) -> None:
    data = Noise()
    samples = ScaledImages(data, [AS_IT_IS])
    found = {
        number: values.numpy()
        for piece in values_of_views(halving, (samples[i] for i in range(5)), [views], 400)
        for number, values in zip(piece.numbers, piece.values[..., 0, 0], strict=True)
    }
    for number, image in enumerate(data.images):
        spare = image.shape[0] - 5, image.shape[1] - 4
        corners = [(int(down * spare[0]), int(right * spare[1])) for down, right in views.places]
        windows = [image[top : top + 5, left : left + 4] for top, left in corners]
        windows += [window[:, ::-1] for window in windows] if views.mirror else []
        np.testing.assert_allclose(found[number], [halves(window) for window in windows], rtol=1e-5)


def test_whole_images_and_their_mirrors_are_maps(halving: TrainedNet) -> None:
    data = Noise()
    samples = ScaledImages(data, [AS_IT_IS])
    for piece in values_of_views(halving, (samples[i] for i in range(5)), [Views(mirror=True)], 400):
        for number, values in zip(piece.numbers, piece.values.numpy(), strict=True):
            height, width, _ = data.images[number].shape
            assert values.shape == (2, 2, height - 4, width - 3)
            for mirror, image in enumerate((data.images[number], data.images[number][:, ::-1])):
                np.testing.assert_allclose(values[mirror, :, 2, 3], halves(image[2:7, 3:7]), rtol=1e-5)


def test_an_image_that_is_too_small_is_named_or_left_out(halving: TrainedNet) -> None:
    samples = ScaledImages(Noise(), [ImageCrop(Pair(1, 1), 1, 4)])  # 7x20 becomes 4x11, the others 4x5 or 5x4
    told: list[Diagnostic] = []
    left = list(large_enough(halving, (samples[i] for i in range(5)), Noise(), told.append))
    assert [int(sample["number"]) for sample in left] == [1]
    assert [mistake.message.split(" is ")[0] for mistake in told] == [
        "image 0",
        "image 2",
        "image 3",
        "image 4",
    ]
    with pytest.raises(NetError, match="image 0 is 4x5 as the net sees it, which needs at least 5x5"):
        list(large_enough(halving, (samples[i] for i in range(5)), Noise(), None))
