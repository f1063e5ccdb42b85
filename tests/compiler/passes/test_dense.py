"""Dense nets: the maps that BVLC Caffe computed, the classifier's scores at every position, and what they cost."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch
from numpy.typing import NDArray

from netdef import NetError, dense, load
from netdef.compiler.onnx import onnx_model
from netdef.runtime import lower

NETS = Path(__file__).parents[3] / "nets"
SIZES = ("224x224", "256x341", "300x500", "384x288")


def distance(found: NDArray[np.float32], expected: NDArray[np.float32]) -> float:
    """The relative error as the oracle's README defines it."""
    return float(np.abs(found - expected).max() / max(1e-3, np.abs(expected).max()))


class Narrow:
    """Configuration D with few channels, its weights, and what Caffe made of some images."""

    def __init__(self, folder: Path) -> None:
        self.arrays = np.load(folder / "narrow_d.npz")
        self.classifier = load(folder / "narrow_d.net")
        self.weights = {
            layer: [self.arrays[f"param/{layer}/{index}"] for index in range(len(shapes))]
            for layer, shapes in self.classifier.params.items()
        }

    def image(self, size: str) -> NDArray[np.float32]:
        found: NDArray[np.float32] = (self.arrays[f"image/{size}"].astype(np.float32) - 117) / 60
        return found


@pytest.fixture(scope="module")
def narrow(shared: Path) -> Narrow:
    return Narrow(shared / "oracle" / "dense")


@pytest.mark.parametrize("size", SIZES)
def test_maps_are_caffes(narrow: Narrow, size: str) -> None:
    module = lower(dense(narrow.classifier), narrow.weights)
    with torch.inference_mode():
        found = module.blobs(["fc8"], data=torch.from_numpy(narrow.image(size)))["fc8"].numpy()
    assert distance(found, narrow.arrays[f"map/{size}"]) < 1e-5


def test_onnx_maps_are_caffes_with_free_sizes(narrow: Narrow) -> None:
    model = onnx_model(dense(narrow.classifier), narrow.weights, dynamic=("N", "H", "W"))
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    for size in SIZES:
        (found,) = session.run(["fc8"], {"data": narrow.image(size)})
        assert distance(found, narrow.arrays[f"map/{size}"]) < 1e-5


def test_at_its_own_size_the_dense_net_is_the_classifier(narrow: Narrow) -> None:
    image = torch.from_numpy(narrow.image("224x224"))
    module = lower(narrow.classifier, narrow.weights)
    shared = lower(dense(narrow.classifier), share=module)
    with torch.inference_mode():
        scores, map_ = (each.blobs(["fc8"], data=image)["fc8"] for each in (module, shared))
    assert map_.shape == (1, 10, 1, 1)
    assert distance(map_[..., 0, 0].numpy(), scores.numpy()) < 1e-5
    for layer in ("fc6", "fc7", "conv5_3"):
        ours, theirs = (each.layer_params(layer)[0] for each in (module, shared))
        assert ours.data_ptr() == theirs.data_ptr(), "weights are viewed, not copied"


def test_without_padding_a_map_is_the_classifier_at_each_position(tmp_path: Path) -> None:
    (tmp_path / "plain.net").write_text("""
    input "data" [1, 2, 12, 10]
    layer "conv1" Convolution { num_output: 4 kernel_size: 3 weight_filler { type: "xavier" } }
    layer "relu1" ReLU
    layer "pool1" Pooling { pool: MAX kernel_size: 2 stride: 2 }
    layer "fc2" InnerProduct { num_output: 6 weight_filler { type: "xavier" } }
    layer "relu2" ReLU
    layer "fc3" InnerProduct { num_output: 3 weight_filler { type: "xavier" } }
    """)
    net = load(tmp_path / "plain.net")
    classifier = lower(net)
    image = torch.randn(2, 2, 18, 14, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        map_ = lower(dense(net), share=classifier)(data=image)["fc3"]
        assert map_.shape == (2, 3, 4, 3)
        for down in range(4):
            for right in range(3):
                window = image[:, :, 2 * down : 2 * down + 12, 2 * right : 2 * right + 10].contiguous()
                torch.testing.assert_close(map_[:, :, down, right], classifier(data=window)["fc3"])


@pytest.mark.parametrize("name", ["vgg11", "vgg16", "vgg16_1x1", "vgg19"])
def test_a_vggs_map_has_a_side_of_ceil_q_by_32_less_6(name: str) -> None:
    net = load(NETS / f"{name}.net")
    for height, width in ((224, 225), (256, 341), (384, 512), (500, 768)):
        blobs = load(NETS / f"{name}.net", dense=True, sizes={"data": (1, 3, height, width)}).blobs
        assert blobs["fc8"] == (1, 1000, -(-height // 32) - 6, -(-width // 32) - 6)
    assert dense(net).num_params == net.num_params
    assert dense(net).macs == net.macs


@pytest.mark.long
def test_vgg16_at_a_side_of_2000_takes_less_than_6_gb() -> None:
    code = f"""
import resource, torch, netdef
from netdef.runtime import lower
module = lower(netdef.load({str(NETS / "vgg16.net")!r}, dense=True))
with torch.inference_mode():
    print(*module.blobs(["fc8"], data=torch.zeros(1, 3, 2000, 2667))["fc8"].shape)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    shape, peak = done.stdout.splitlines()
    assert shape == "1 1000 57 78"
    assert int(peak) < 6e9


@pytest.mark.parametrize(
    ("before", "why"),
    [
        ('input "data" [1, 2, 6, 5] layer "flat" Flatten', "flat has no height and width"),
        ('input "data" [1, 60]', "data has no height and width"),
    ],
)
def test_what_is_flat_already_makes_no_map(tmp_path: Path, before: str, why: str) -> None:
    (tmp_path / "flat.net").write_text(f'{before} layer "fc" InnerProduct {{ num_output: 4 }}')
    with pytest.raises(NetError, match=why):
        load(tmp_path / "flat.net", dense=True)
