"""Wrong boxes are counted, by both of the paper's protocols."""

from pathlib import Path

import numpy as np
import pytest
import torch

from netdef import dense, load
from netdef.compiler.net_error import NetError
from netdef.compiler.preprocess import Preprocessing
from netdef.compiler.schema.caffe import Channels
from netdef.compiler.shape import Pair
from netdef.runtime import lower
from netdef.runtime.data.batches import TestBatches
from netdef.runtime.data.crop import ImageCrop
from netdef.runtime.data.datasets.dataset import ImageArray
from netdef.runtime.data.feed import Feed
from netdef.runtime.data.normalise import Normalise
from netdef.runtime.localisation.dense import Found, evaluate_dense, find_boxes
from netdef.runtime.localisation.evaluation import BoxErrors, box_blob, check_boxes, evaluate_boxes, of_class
from netdef.runtime.prediction import box, guesses
from netdef.runtime.trained import TrainedNet

WINDOW = 'input "data" [1, 1, 8, 8] layer "conv" Convolution { num_output: 4 kernel_size: 3 stride: 2 } '
HEAD = 'layer "relu" ReLU layer "fc" InnerProduct { num_output: %d } '
SCALE = Normalise(Preprocessing(Channels.GREY, (), 0.01))
VIEW = ImageCrop(Pair(8, 8), 1, cover=False)


class Dots:
    """Images with a bright square each, whose class is its row."""

    classes = ("upper", "lower")

    def __init__(self) -> None:
        self.labels = [0, 1, 0]
        self.boxes = np.array([[2, 1, 6, 5], [7, 9, 11, 13], [9, 0, 13, 4]], float)
        self.num_bytes = 0

    def image(self, index: int) -> ImageArray:
        image = np.zeros((16, 16, 1), np.uint8)
        x0, y0, x1, y1 = self.boxes[index].astype(int)
        image[y0:y1, x0:x1] = 250
        return image

    def __len__(self) -> int:
        return 3


def predictor(folder: Path, num: int, *, where: bool, wide: bool) -> TrainedNet:
    """A net with a window of 8x8 and random weights, dense if ``wide``."""
    (folder / "n.net").write_text(WINDOW + HEAD % num + ("" if where else 'layer "prob" Softmax'))
    net = load(folder / "n.net")
    some = np.random.default_rng(num)
    weights = {name: [some.normal(size=shape) for shape in shapes] for name, shapes in net.params.items()}
    module = lower(dense(net) if wide else net, weights)
    return TrainedNet(module=module, blob="fc", feed=Feed(VIEW, {"data": "data"}, SCALE), gives_boxes=where)


def test_the_centre_crop_counts_the_true_classes_box() -> None:
    boxes = np.arange(16, dtype=float).reshape(2, 8)
    np.testing.assert_array_equal(of_class(boxes, np.array([1, 0])), [[4, 5, 6, 7], [8, 9, 10, 11]])
    np.testing.assert_array_equal(of_class(boxes[:, :4], np.array([1, 0])), boxes[:, :4])


def test_a_net_that_knows_one_box_is_right_where_that_is_the_box(tmp_path: Path) -> None:
    (tmp_path / "n.net").write_text('input "data" [1, 1, 16, 16] layer "fc" InnerProduct { num_output: 8 }')
    net = load(tmp_path / "n.net")
    known = np.array([4, 3, 4, 4, 9, 12, 4, 4]) / 16  # the first box, and one that overlaps the second by 3/5
    module = lower(net, {"fc": [np.zeros((8, 256)), known]})
    batches = TestBatches(Dots(), ImageCrop(Pair(16, 16), 1), 2)
    feed = Feed(ImageCrop(Pair(16, 16), 1), {"data": "data"}, SCALE)
    found = evaluate_boxes(TrainedNet(module=module, blob="fc", feed=feed), [batches[0], batches[1]])
    assert found == BoxErrors(3, 1)
    assert found.text == "box error 33.33 %"
    assert found.plus(BoxErrors(3, 2)).score == pytest.approx(0.5)


def cut(image: ImageArray, top: int, left: int) -> ImageArray:
    return image[top : top + 8, left : left + 8]


def test_dense_boxes_and_scores_are_those_of_each_window(tmp_path: Path) -> None:
    """A net without padding sees at position (i, j) what a window cut there would show it."""
    where, what = (predictor(tmp_path, num, where=num == 8, wide=True) for num in (8, 2))
    alone = [predictor(tmp_path, num, where=num == 8, wide=False) for num in (8, 2)]
    image = np.random.default_rng(0).integers(0, 255, (12, 16, 1)).astype(np.uint8)
    found = find_boxes(image, [where], [what], ())
    places = [(i * 2, j * 2) for i in range(3) for j in range(5)]
    assert found.edges.shape == (15, 2, 4)
    for (top, left), edges, scores in zip(places, found.edges, found.scores, strict=True):
        window = cut(image, top, left)
        for label in (0, 1):
            expected = box(alone[0], window, label) + np.array([left, top, left, top])
            np.testing.assert_allclose(edges[label], expected, rtol=1e-4, atol=1e-4)
        guessed = {g.label: g.probability for g in guesses(alone[1], window, 2, "01")}
        np.testing.assert_allclose(scores, [guessed[0], guessed[1]], rtol=1e-4)
    assert sorted(found.classes) == [0, 1]


def test_a_softmaxs_top_is_not_given_another_softmax(tmp_path: Path) -> None:
    """Each position is scored alike by the logits and by their soft-max."""
    where, what = (predictor(tmp_path, num, where=num == 8, wide=True) for num in (8, 2))
    image = np.random.default_rng(0).integers(0, 255, (12, 16, 1)).astype(np.uint8)
    logits, shares = (find_boxes(image, [where], [what.replace(blob=blob)], ()) for blob in ("fc", "prob"))
    np.testing.assert_allclose(shares.scores, logits.scores, rtol=1e-5)
    found = {g.label: g.probability for g in guesses(what.replace(blob="prob"), image[:8, :8], 2, "01")}
    np.testing.assert_allclose([found[0], found[1]], logits.scores[0], rtol=1e-5)


def test_several_nets_and_scales_give_the_union(tmp_path: Path) -> None:
    where, what = (predictor(tmp_path, num, where=num == 8, wide=True) for num in (8, 2))
    image = np.random.default_rng(0).integers(0, 255, (16, 16, 1)).astype(np.uint8)
    one = find_boxes(image, [where], [what], (16,))
    both = find_boxes(image, [where, where], [what], (16, 8))
    assert len(one.edges) == 25
    np.testing.assert_array_equal(both.edges, np.concatenate([one.edges, one.edges, both.edges[50:]]))
    assert len(both.edges) == 2 * (25 + 1)
    assert both.scores.shape == (52, 2)


def test_a_guess_must_have_the_right_class_and_the_right_box(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = Dots()
    where, what = (predictor(tmp_path, num, where=num == 8, wide=True) for num in (8, 2))
    truth = iter(data.boxes)

    def seen(*_: object) -> Found:
        return Found(next(truth)[None, None], np.ones((1, 2)), [0])

    monkeypatch.setattr("netdef.runtime.localisation.dense.find_boxes", seen)
    assert evaluate_dense(data, [where], [what], ()) == BoxErrors(3, 1)  # the second is of the other class


def test_only_what_could_be_boxes_is_taken_for_them(tmp_path: Path) -> None:
    for text, blob in ((HEAD % 4, "fc"), (HEAD % 4 + 'layer "prob" Softmax', None)):
        (tmp_path / "n.net").write_text(WINDOW + text)
        assert box_blob(load(tmp_path / "n.net")) == blob


@pytest.mark.parametrize(("shape", "blobs"), [((1, 6), {"box": "box"}), ((1, 4), {"class_box": "b"})])
def test_boxes_that_do_not_fit_the_classes(shape: tuple[int, ...], blobs: dict[str, str]) -> None:
    with pytest.raises(NetError, match=r"\[N1112\]"):
        check_boxes(shape, Dots(), blobs)
    check_boxes((1, 8), Dots(), blobs)


def test_nets_of_other_strides_are_refused(tmp_path: Path) -> None:
    where = predictor(tmp_path, 8, where=True, wide=True)
    text = 'input "data" [1, 1, 8, 8] layer "fc" InnerProduct { num_output: 2 } layer "prob" Softmax'
    (tmp_path / "n.net").write_text(text)
    what = where.replace(module=lower(dense(load(tmp_path / "n.net")), seed=1), gives_boxes=False)
    with pytest.raises(NetError, match="other positions"):
        find_boxes(np.zeros((16, 16, 1), np.uint8), [where], [what], ())


def test_nan_is_a_wrong_box(tmp_path: Path) -> None:
    (tmp_path / "n.net").write_text('input "data" [1, 1, 16, 16] layer "fc" InnerProduct { num_output: 4 }')
    module = lower(load(tmp_path / "n.net"), {"fc": [np.zeros((4, 256)), np.full(4, np.nan)]})
    batch = TestBatches(Dots(), ImageCrop(Pair(16, 16), 1), 3)[0]
    assert torch.isfinite(batch["box"]).all()
    trained = TrainedNet(module=module, blob="fc", feed=Feed(VIEW, {"data": "data"}, SCALE), gives_boxes=True)
    assert evaluate_boxes(trained, [batch]) == BoxErrors(3, 3)
