"""Nets of other classes are not used together."""

from pathlib import Path

import numpy as np
import pytest

from netdef import NetError, load
from netdef.compiler.preprocess import Preprocessing
from netdef.compiler.schema.caffe import Channels
from netdef.compiler.shape import Pair
from netdef.runtime import lower
from netdef.runtime.data.crop import ImageCrop
from netdef.runtime.data.datasets.dataset import ImageArray
from netdef.runtime.data.feed import Feed
from netdef.runtime.data.normalise import Normalise
from netdef.runtime.localisation.agreement import check_data, check_together
from netdef.runtime.trained import TrainedNet

FEED = Feed(ImageCrop(Pair(2, 2), 1), {"data": "data"}, Normalise(Preprocessing(Channels.GREY)), shuffled=False)


class Pets:
    """Two images with boxes."""

    classes = ("cat", "dog")
    labels = (0, 1)
    boxes = np.array([[0, 0, 1, 1], [1, 1, 2, 2]], float)
    num_bytes = 0

    def image(self, index: int) -> ImageArray:
        return np.zeros((2, 2, 1), np.uint8)

    def __len__(self) -> int:
        return 2


def predictor(folder: Path, num: int, *classes: str, where: bool = False) -> TrainedNet:
    path = folder / "n.net"
    path.write_text(f'input "data" [1, 1, 2, 2] layer "fc" InnerProduct {{ num_output: {num} }}')
    return TrainedNet(module=lower(load(path), seed=1), blob="fc", feed=FEED, gives_boxes=where, classes=classes)


@pytest.mark.parametrize(
    ("num_scores", "classes", "found"),
    [
        (2, ("dog", "cat"), "class 0 is cat for .*, and dog"),
        (2, ("cat", "cow"), "class 1 is dog for .*, and cow"),
        (3, ("cat", "dog", "cow"), "2 classes, and .* 3 classes"),
    ],
)
def test_boxes_of_other_classes(tmp_path: Path, num_scores: int, classes: tuple[str, ...], found: str) -> None:
    each = predictor(tmp_path, 8, "cat", "dog", where=True)
    with pytest.raises(NetError, match=found):
        check_together([each, predictor(tmp_path, num_scores, *classes)])
    check_together([predictor(tmp_path, 4, "cat", "dog", where=True), predictor(tmp_path, num_scores, *classes)])
    check_together([each, predictor(tmp_path, 2), predictor(tmp_path, 2, "cat", "dog")])


@pytest.mark.parametrize(
    ("num_scores", "classes", "found"),
    [(1, (), "2 classes, and the net scores for 1"), (2, ("dog", "cat"), "is cat for the data, and dog")],
)
def test_data_of_other_classes(tmp_path: Path, num_scores: int, classes: tuple[str, ...], found: str) -> None:
    where = predictor(tmp_path, 4, "cat", where=True)
    with pytest.raises(NetError, match=found):
        check_data([where, predictor(tmp_path, num_scores, *classes)], Pets())
    check_data([where, predictor(tmp_path, 2, "cat", "dog"), predictor(tmp_path, 3)], Pets())
