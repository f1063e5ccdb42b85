"""Errors, counted as Caffe's Accuracy counts."""

from pathlib import Path

import numpy as np
import pytest
import torch

from netdef import NetError, load
from netdef.compiler.analysis.judged import judged_by
from netdef.compiler.preprocess import Preprocessing
from netdef.compiler.schema.caffe import Channels
from netdef.compiler.shape import Pair
from netdef.runtime import lower
from netdef.runtime.data.batches import TestBatches
from netdef.runtime.data.crop import ImageCrop
from netdef.runtime.data.datasets.dataset import ImageArray
from netdef.runtime.data.feed import Feed
from netdef.runtime.data.loading import stream
from netdef.runtime.data.normalise import Normalise
from netdef.runtime.evaluation import Errors, count_errors, measure


@pytest.mark.parametrize(
    ("scores", "label", "wrong"),
    [
        ([1.0, 1.0, 1.0], 0, 1),  # Caffe: ties count against
        ([2.0, 2.0, 1.0], 1, 1),
        ([2.0, 1.0, 1.0], 0, 0),
        ([float("nan")] * 3, 0, 1),
        ([float("nan"), 1.0, 0.0], 1, 1),
    ],
)
def test_ties_and_no_numbers_are_errors(scores: list[float], label: int, wrong: int) -> None:
    assert count_errors(torch.tensor([scores]), torch.tensor([label])).top1 == wrong


def test_counts_are_caffes(shared: Path) -> None:
    arrays = np.load(shared / "oracle" / "layers" / "accuracy.npz")
    errors = count_errors(torch.tensor(arrays["in/x"]), torch.tensor(arrays["in/t"]))
    assert 1 - errors.top1_error == pytest.approx(float(arrays["out/y"]))


def test_top_5_is_what_sorting_says() -> None:
    scores = torch.randn(200, 12, generator=torch.Generator().manual_seed(0))
    labels = torch.arange(200) % 12
    best = np.argsort(-scores.numpy(), axis=1)
    found = count_errors(scores, labels)
    assert found.top1 == sum(label not in row[:1] for row, label in zip(best, labels.tolist(), strict=True))
    assert found.top5 == sum(label not in row[:5] for row, label in zip(best, labels.tolist(), strict=True))


def test_a_map_of_scores_is_averaged() -> None:
    scores = torch.zeros(1, 2, 2, 2)
    scores[0, 0, 0, 0], scores[0, 1] = 5.0, 1.0
    assert count_errors(scores, torch.tensor([0])).top1 == 0
    assert count_errors(scores, torch.tensor([1])).top1 == 1


def test_counts_of_parts_add_up() -> None:
    assert Errors(10, 3, 1).plus(Errors(5, 2, 0)) == Errors(15, 5, 1)
    assert Errors(10, 3, 1).text == "top-1 error 30.00 %, top-5 error 10.00 %"


class Bright:
    """Images whose class is how bright they are."""

    classes = ("dark", "bright")

    def __init__(self) -> None:
        self.labels = [0, 1, 0, 1, 1]
        self.num_bytes = 0

    def image(self, index: int) -> ImageArray:
        return np.full((2, 2, 1), 200 if self.labels[index] and index != 3 else 10, np.uint8)

    def __len__(self) -> int:
        return 5


def test_a_net_is_evaluated_over_a_whole_data_set(tmp_path: Path) -> None:
    file = tmp_path / "bright.net"
    file.write_text('input "data" [1, 1, 2, 2] layer "fc" InnerProduct { num_output: 2 } layer "prob" Softmax')
    weights = {"fc": [np.array([[-1.0] * 4, [1.0] * 4], np.float32), np.zeros(2, np.float32)]}
    net = load(file)
    batches = TestBatches(Bright(), ImageCrop(Pair(2, 2), 1), 2)
    feed = Feed(ImageCrop(Pair(2, 2), 1), {"data": "data"}, Normalise(Preprocessing(Channels.GREY, (100.0,))))
    found = measure(lower(net, weights), feed, stream(batches, range(len(batches)), 0), judged_by(net))
    assert found == Errors(5, 1, 0)  # number 3 is labelled wrongly


def test_the_loss_of_a_net_that_has_one_is_told(tmp_path: Path) -> None:
    """The mean over all images of -log softmax, whatever the size of a batch; each layer's by its weight."""
    losses = (
        f'layer "{name}" SoftmaxWithLoss {{ bottom: ["fc", "label"] loss_weight: {w} }} '
        for name, w in (("a", 1), ("b", 0.5))
    )
    head = 'input "data" [1, 1, 2, 2] input "label" [1] layer "fc" InnerProduct { bottom: "data" num_output: 2 }'
    (tmp_path / "a.net").write_text(f"{head} {' '.join(losses)}")
    weights = {"fc": [np.array([[-1.0] * 4, [0.5] * 4], np.float32), np.zeros(2, np.float32)]}
    data = Bright()
    batches = TestBatches(data, ImageCrop(Pair(2, 2), 1), 2)
    feed = Feed(
        ImageCrop(Pair(2, 2), 1), {"data": "data", "label": "label"}, Normalise(Preprocessing(Channels.GREY, (), 0.01))
    )
    module = lower(load(tmp_path / "a.net"), weights)
    errors = measure(module, feed, stream(batches, range(len(batches)), 0), judged_by(module.net, "fc"))
    values = np.array([data.image(i).sum() / 100 for i in range(len(data))])
    scores = values[:, None] * [-1.0, 0.5]
    likelihoods = np.exp(scores)[np.arange(len(data)), data.labels] / np.exp(scores).sum(1)
    assert errors.as_data["test_loss"] == pytest.approx(-1.5 * np.log(likelihoods).mean(), rel=1e-6)
    assert f"loss {errors.as_data['test_loss']:.4f}" in errors.text
    assert "test_loss" not in Errors(10, 3, 1).as_data


def test_an_endless_test_goes_on_from_the_first_image() -> None:
    batches = TestBatches(Bright(), ImageCrop(Pair(2, 2), 1), 4, endless=True)
    assert batches[1]["label"].tolist() == [Bright().labels[i] for i in (4, 0, 1, 2)]


def test_the_blob_with_the_scores_may_be_chosen() -> None:
    net = load(Path(__file__).parents[3] / "nets/digits.net")
    assert net.chosen_scores(None) == "fc4"
    assert net.chosen_scores("prob") == "prob"
    with pytest.raises(NetError, match="there is no blob fc5"):
        net.chosen_scores("fc5")
