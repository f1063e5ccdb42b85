"""A trained net: where its parts come from, and its blob for images as a plain computation makes it."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from netdef import Net, NetError, load, write_weights
from netdef.compiler.shape import Pair
from netdef.runtime.data.feed import Feed
from netdef.runtime.data.normalise import AsStored
from netdef.runtime.data.random_draws import NO_DRAWS
from netdef.runtime.trained import NumbersFrom, TrainedNet, open_trained

NET = 'input "data" [1, 3, 4, 5] layer "fc" InnerProduct { num_output: 8 } '
PREPROCESS = "preprocess { channels: BGR mean: [1, 2, 3] scale: 0.5 }"
MANIFEST = {
    "classes": ["cat", "dog"],
    "preprocess": {"channels": "RGB", "mean": [10, 20, 30], "scale": 0.1},
    "identity": {"recipe": {"augment": {"scale": [8, 16]}}},
}


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Weights in a file, and the same in a run's folder."""
    monkeypatch.chdir(tmp_path)
    random = np.random.default_rng(0)
    weights = {"fc": [random.normal(size=(8, 60)).astype(np.float32), random.normal(size=8).astype(np.float32)]}
    write_weights("w.npz", weights)
    Path("run").mkdir()
    write_weights("run/best.safetensors", weights)
    Path("run/manifest.json").write_text(json.dumps(MANIFEST))
    return tmp_path


def net(more: str = "", text: str = NET, **keywords: Any) -> Net:
    Path("n.net").write_text(text + more)
    return load("n.net", **keywords)


def image(height: int = 4, width: int = 5) -> NDArray[np.uint8]:
    return np.random.default_rng(height).integers(0, 256, (height, width, 3)).astype(np.uint8)


def product(pixels: NDArray[np.uint8], order: slice, mean: list[float], scale: float) -> NDArray[np.float64]:
    """The layer's formula: W ((x - mean) scale) + b, over the planes in their order."""
    with np.load("w.npz") as arrays:
        weight, bias = (array.astype(np.float64) for array in arrays.values())
    planes = ((pixels[:, :, order].astype(float) - mean) * scale).transpose(2, 0, 1)
    found: NDArray[np.float64] = weight @ planes.ravel() + bias
    return found


@pytest.mark.parametrize("weights", ["w.npz", "run"])
def test_the_nets_own_word_counts_first(home: Path, weights: str) -> None:
    trained = open_trained(net(PREPROCESS), weights, "fc", device="cpu")
    assert trained.origin.numbers is NumbersFrom.PREPROCESS
    expected = product(image(), slice(None, None, -1), [1, 2, 3], 0.5)
    np.testing.assert_allclose(trained.values_of(image()), expected, rtol=1e-5)
    assert not trained.warnings


@pytest.mark.parametrize("weights", ["run", "run/best.safetensors"])
def test_else_the_runs_counts_that_made_the_weights(home: Path, weights: str) -> None:
    trained = open_trained(net(), weights, "fc", device="cpu")
    assert trained.origin.numbers is NumbersFrom.RUN
    assert trained.origin.run is not None
    assert trained.origin.run.folder == Path("run")
    assert (trained.origin.weights, trained.origin.file) == (weights, "run/best.safetensors")
    np.testing.assert_allclose(
        trained.values_of(image()), product(image(), slice(None), [10, 20, 30], 0.1), rtol=1e-4, atol=1e-4
    )
    assert (trained.classes, trained.trained_scale) == (("cat", "dog"), [8, 16])


def test_else_bytes_stay_as_they_are_with_a_warning(home: Path) -> None:
    trained = open_trained(net(), "w.npz", "fc", device="cpu")
    assert (trained.origin.numbers, trained.origin.run) == (NumbersFrom.NOBODY, None)
    assert [each.code for each in trained.warnings] == ["N1106"]
    expected = product(image(), slice(None, None, -1), [0, 0, 0], 1)
    np.testing.assert_allclose(trained.values_of(image()), expected, rtol=1e-4, atol=1e-2)
    assert (trained.classes, trained.trained_scale) == ((), [])


def test_what_data_layers_did_no_other_image_passes_through(home: Path) -> None:
    Path("run/manifest.json").write_text(json.dumps(MANIFEST | {"preprocess": {}}))
    with pytest.raises(NetError, match=r"\[N774\]"):
        open_trained(net(), "run", "fc")
    feed = Feed(open_trained(net(PREPROCESS), "run", "fc").feed.crop, {"data": "data"}, AsStored())
    trained = open_trained(net(), "run", "fc", feed=feed)
    assert trained.origin.numbers is NumbersFrom.DATA_LAYERS
    assert trained.feed is feed


def test_weights_for_every_layer_are_needed(home: Path) -> None:
    more = 'layer "fc2" InnerProduct { num_output: 2 }'
    with pytest.raises(NetError, match=r"w\.npz has no weights for fc2"):
        open_trained(net(more), "w.npz", "fc2")


def test_what_the_net_is_fed_is_the_centre_of_an_image_as_numbers(home: Path) -> None:
    trained = open_trained(net(PREPROCESS), "w.npz", "fc", device="cpu")
    whole = image(6, 7)
    fed = trained.inputs_of(whole)["data"]
    with torch.inference_mode():
        values = trained.compute({"data": torch.from_numpy(fed)})[0].numpy()
    window = trained.window.of(whole, NO_DRAWS)
    assert fed.shape == (1, 3, *window.shape[:2])
    np.testing.assert_allclose(values, product(window, slice(None, None, -1), [1, 2, 3], 0.5), rtol=1e-4, atol=1e-3)


def test_many_images_are_what_each_is(home: Path) -> None:
    trained = open_trained(net(PREPROCESS), "w.npz", "fc", device="cpu")
    images = [image() + number for number in range(3)]
    with torch.inference_mode():
        found = trained.values(torch.from_numpy(np.stack(images))).numpy()
    np.testing.assert_allclose(found, [trained.values_of(each) for each in images], rtol=1e-5)


def test_a_dense_net_takes_larger_images_and_refuses_smaller_ones(home: Path) -> None:
    trained = open_trained(net(PREPROCESS, dense=True), "w.npz", "fc", device="cpu")
    whole = image(6, 7)
    found = trained.values_of(whole)
    assert found.shape == (8, 3, 3)
    expected = product(whole[1:5, 2:7], slice(None, None, -1), [1, 2, 3], 0.5)
    np.testing.assert_allclose(found[:, 1, 2], expected, rtol=1e-4, atol=1e-3)
    trained.check(Pair(6, 7))
    with pytest.raises(NetError):
        trained.check(Pair(3, 7))


@pytest.mark.parametrize(("gives_boxes", "outputs", "num"), [(False, 8, 8), (True, 8, 2), (True, 4, None)])
def test_classes_are_counted_by_what_the_blob_holds(
    home: Path, gives_boxes: bool, outputs: int, num: int | None
) -> None:
    module = open_trained(net(), "w.npz", "fc").module
    if outputs == 4:
        write_weights("w.npz", {"fc": [np.zeros((4, 60)), np.zeros(4)]})
        module = open_trained(net(text=NET.replace("8", "4")), "w.npz", "fc").module
    feed = Feed(AnyView(), {"data": "data"}, AsStored())
    assert TrainedNet(module=module, blob="fc", feed=feed, gives_boxes=gives_boxes).num_classes == num


class AnyView:
    """A crop that nobody asks for."""

    def of(self, image: NDArray[np.uint8], draws: NDArray[np.float64]) -> NDArray[np.uint8]:
        return image
