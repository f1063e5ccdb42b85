"""The module around the ops: what is fed, what is left, who shares what, and what chance depends on."""

import copy
import pickle
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

import netdef
from netdef.compiler.net_error import NetError
from netdef.compiler.weights.dtypes import dtype_named
from netdef.runtime import NetModule, lower
from tests.nets import net_of

NETS = Path(__file__).parent.parent.parent / "nets"
Build = Callable[..., NetModule]


@pytest.fixture
def module(tmp_path: Path) -> Build:
    """Makes a module from a net's text."""

    def build(text: str, phase: str = "TEST", share: NetModule | None = None) -> NetModule:
        path = tmp_path / "test.net"
        path.write_text(text, "utf-8")
        return lower(netdef.load(path, phase=phase), share=share)

    return build


def digits(phase: str = "TRAIN", seed: int = 0) -> NetModule:
    return lower(netdef.load(NETS / "digits.net", phase=phase), seed=seed)


def refusal(module: NetModule, **blobs: torch.Tensor) -> str:
    """What is said about blobs that don't fit, in one line."""
    with pytest.raises(NetError) as caught:
        module(**blobs)
    return "; ".join(f"{d.code} {d.message}" for d in caught.value.report)


# ---- blobs
IN_PLACE = """
input "data" [2, 3]
layer "a" Power { scale: -1 top: "x" }
layer "keep" Power { bottom: "x" top: "before" scale: 10 }
layer "b" ReLU { bottom: "x" top: "x" }
layer "c" Power { bottom: "x" top: "x" shift: 1 }
layer "late" Power { bottom: "x" top: "after" scale: 10 }
"""


def test_a_layer_reads_the_version_before_it_whatever_runs_in_place(module: Build) -> None:
    net = module(IN_PLACE)
    x = torch.tensor([[1.0, -2.0, 3.0], [-4.0, 5.0, -6.0]])
    found = net(data=x)
    assert torch.equal(found["before"], -10 * x)
    assert torch.equal(found["after"], 10 * ((-x).clamp(min=0) + 1))
    versions = net.blobs(["x@a", "x@b", "x", "data"], data=x)
    assert torch.equal(versions["x@a"], -x)
    assert torch.equal(versions["x@b"], (-x).clamp(min=0))
    assert torch.equal(versions["x"], (-x).clamp(min=0) + 1)
    assert versions["data"] is x


def test_only_a_version_that_nobody_else_reads_is_overwritten(module: Build) -> None:
    text = """
    input "data" [2, 3]
    layer "first" InnerProduct { num_output: 4 weight_filler { type: "msra" } bottom: "data" top: "x" }
    layer "a" ReLU { bottom: "x" top: "x" }
    layer "second" InnerProduct { num_output: 4 weight_filler { type: "msra" } bottom: "x" top: "y" }
    layer "b" ReLU { bottom: "y" top: "z" }
    layer "shortcut" Eltwise { bottom: ["y", "z"] top: "sum" }
    layer "c" ReLU { bottom: "data" top: "fed" }
    """
    net, x = module(text), torch.randn(2, 3, requires_grad=True)
    fed = x.detach().clone()
    assert {step.node.name for step in net._outputs.steps if step.in_place} == {"a"}
    found = net(data=x)
    whole = net.blobs(["x@first", "x", "y", "z", "sum", "fed"], data=x)
    assert (whole["x@first"] < 0).any()
    assert torch.equal(whole["x"], whole["x@first"].clamp(min=0))
    assert torch.equal(found["sum"], whole["y"] + whole["y"].clamp(min=0))
    assert torch.equal(x, fed)
    (one,) = torch.autograd.grad(found["sum"].sum(), x)
    (other,) = torch.autograd.grad(whole["sum"].sum(), x)
    torch.testing.assert_close(one, other)


def test_versions_are_given_up_as_soon_as_nobody_needs_them(module: Build) -> None:
    net = module(IN_PLACE)
    assert len(net._execute(net._outputs, {"data": torch.ones(2, 3)})) == len(net.net.outputs) == 2
    alive: list[int] = []
    for step in net._outputs.steps:
        alive += step.tops
        alive = [number for number in alive if number not in step.freed]
        assert len(alive) <= 3


def test_only_what_is_wanted_is_fed_and_run() -> None:
    net = digits()
    x = torch.randn(3, 1, 8, 8)
    scores = net.blobs(["fc4"], data=x)["fc4"]
    assert scores.shape == (3, 10)
    assert "the input label is missing" in refusal(net, data=x)
    with pytest.raises(NetError, match="there is no blob fc5"):
        net.blobs(["fc5"], data=x)


@pytest.mark.parametrize("size", [(1, 8, 8), (3, 7, 8), (2, 5, 6)])
def test_any_batch_and_size_that_the_net_allows(size: tuple[int, int, int], module: Build) -> None:
    text = """
    input "data" [4, 1, 8, 8]
    layer "conv" Convolution { num_output: 5 kernel_size: 3 pad: 1 }
    layer "pool" Pooling { kernel_size: 3 stride: 2 }
    layer "ave" Pooling { pool: AVE global_pooling: true }
    layer "fc" InnerProduct { num_output: 2 }
    """
    n, h, w = size
    net = module(text)
    blobs = net.blobs(["conv", "pool", "fc"], data=torch.randn(n, 1, h, w))
    resized = module(text.replace("[4, 1, 8, 8]", str([n, 1, h, w]))).net.blobs
    assert {name: tuple(blob.shape) for name, blob in blobs.items()} == {name: resized[name] for name in blobs}


# ---- how it is called
TWO_INPUTS = """
input "data" [2, 3]
input "other.one" [2, 3]
layer "sum" Eltwise { bottom: ["data", "other.one"] }
"""


def test_a_net_of_one_input_is_called_as_any_module() -> None:
    net, x = digits("TEST").eval(), np.random.default_rng(0).random((3, 1, 8, 8), dtype=np.float32)
    wanted = net(data=torch.from_numpy(x))["prob"]
    for found in (net(torch.from_numpy(x)), net(x), net(data=x), net({"data": x}), net({"data": torch.from_numpy(x)})):
        assert torch.equal(found["prob"], wanted)
    assert torch.equal(net.blobs("fc4", x)["fc4"], net.blobs(["fc4"], data=x)["fc4"])


@pytest.mark.parametrize("dtype", ["float64", "float16", "bfloat16", "uint8", "int64", "bool", ">f4"])
def test_arrays_of_any_numbers_become_what_the_module_computes_in(dtype: str) -> None:
    net = digits("TEST").eval()
    x = (np.random.default_rng(0).random((2, 1, 8, 8)) * 4).astype(
        np.dtype(dtype) if dtype[0] == ">" else dtype_named(dtype)
    )
    wanted = net(torch.from_numpy(x.astype(np.float32)))["prob"]
    assert torch.equal(net(x)["prob"], wanted)
    assert torch.equal(net(x[::-1])["prob"], wanted.flip(0))
    assert net.double()(x)["prob"].dtype == torch.float64


def test_labels_stay_whole_numbers() -> None:
    net = digits().eval()
    x, labels = np.ones((2, 1, 8, 8), np.uint8), np.array([3, 9], np.uint8)
    wanted, _ = net.loss(data=torch.ones(2, 1, 8, 8), label=torch.tensor([3, 9]))
    assert torch.equal(net.loss(x, labels)[0], wanted)
    assert torch.equal(net.loss(data=x, label=labels)[0], wanted)
    half, _ = net.bfloat16().loss(data=x, label=labels)
    assert half.item() == pytest.approx(wanted.item(), rel=0.02)


def test_several_inputs_in_the_files_order_or_in_a_mapping(module: Build) -> None:
    net, one, two = module(TWO_INPUTS), np.ones((2, 3)), np.full((2, 3), 2.0)
    wanted = torch.full((2, 3), 3.0)
    assert torch.equal(net(one, two)["sum"], wanted)
    assert torch.equal(net({"data": one, "other.one": two})["sum"], wanted)
    assert torch.equal(net({"other.one": two}, data=one)["sum"], wanted)
    assert torch.equal(net(one, **{"other.one": two})["sum"], wanted)


@pytest.mark.parametrize(
    ("fed", "named", "said"),
    [
        ((1, 2, 3), {}, "fed with 3 blobs, and there is 1 input"),
        ((torch.ones(1, 1, 8, 8),), {"data": torch.ones(1, 1, 8, 8)}, "data is fed twice"),
        (([[1.0]],), {}, "data is a list, and should be a torch.Tensor or a NumPy array of numbers"),
        ((), {"data": None}, "data is a NoneType, and should be"),
        ((np.array("seven"),), {}, "data is an array of <U5"),
        ((np.ones((8, 8)),), {}, "data has 2 axes, and should have 4"),
        ((), {}, "the input data is missing"),
        (({"dat": np.ones((1, 1, 8, 8))},), {}, "the net has no input dat"),
        ((torch.ones(1, 1, 8, 8).double(),), {}, "data is of float64, and the module computes in float32"),
        ((torch.ones(1, 1, 8, 8).byte(),), {}, "data is of uint8, and the module computes in float32"),
        ((torch.ones(1, 1, 8, 8, device="meta"),), {}, "data is on meta, and the module on cpu"),
    ],
)
def test_what_a_module_cannot_be_called_with(fed: tuple[Any, ...], named: dict[str, Any], said: str) -> None:
    with pytest.raises(NetError, match=re.escape(said)):
        digits("TEST")(*fed, **named)


def test_what_does_not_fit_is_said_before_it_runs() -> None:
    net = digits("TEST")
    assert refusal(net) == "N1002 the input data is missing"
    assert refusal(net, dat=torch.ones(1), data=torch.randn(1, 1, 8, 8)) == "N1002 the net has no input dat"
    assert refusal(net, data=torch.randn(1, 8, 8)) == "N1002 data has 3 axes, and should have 4"
    wrong = refusal(net, data=torch.randn(1, 3, 8, 8))
    assert wrong == "N1003 conv1_1: the weight is 32x1x3x3, and this bottom needs one of 32x3x3x3"
    assert refusal(net, data=torch.randn(2, 1, 16, 8)).startswith("N1003 fc3: the weight is 128x256, and this bottom")


def test_a_batch_that_a_reshape_bakes_in_follows_and_other_sizes_do_not(module: Build) -> None:
    net = module('input "data" [2, 6] layer "rows" Reshape { shape { dim: [2, 2, 3] } }')
    x = torch.arange(24.0).reshape(4, 6)
    assert torch.equal(net(data=x)["rows"], x.reshape(4, 2, 3))
    assert refusal(net, data=torch.ones(2, 9)).startswith("N208 rows: 2x9 has 18 values, which don't fill 2x2x3")


# ---- the loss
def test_the_loss_is_the_sum_of_weighted_tops(module: Build) -> None:
    net = module("""
    input "a" [2, 3]
    input "b" [2, 3]
    layer "sum" Eltwise { bottom: ["a", "b"] loss_weight: 0.5 }
    layer "first" EuclideanLoss { bottom: ["a", "b"] loss_weight: 2 }
    layer { name: "second" type: "EuclideanLoss" bottom: "sum" bottom: "b" }
    """)
    a, b = (np.random.default_rng(seed).standard_normal((2, 3)).astype(np.float32) for seed in (0, 1))
    loss, outputs = net.loss(a=torch.tensor(a), b=torch.tensor(b))
    assert list(outputs) == ["first"]  # a loss without a top is no output
    expected = 0.5 * (a + b).sum() + 2 * ((a - b) ** 2).sum() / 4 + (a**2).sum() / 4
    assert float(loss) == pytest.approx(float(expected), rel=1e-5)


def test_a_net_without_a_loss_says_so() -> None:
    with pytest.raises(NetError, match="nothing in digits counts in a loss"):
        digits("TEST").loss(data=torch.ones(1, 1, 8, 8))


@pytest.mark.parametrize("stops", [False, True])
def test_gradients_end_where_propagate_down_says(stops: bool, module: Build) -> None:
    net = module(f"""
    input "data" [2, 3]
    layer "below" InnerProduct {{ num_output: 3 weight_filler {{ type: "xavier" }} }}
    layer "above" InnerProduct {{
      num_output: 1 weight_filler {{ type: "xavier" }} loss_weight: 1 propagate_down: {str(not stops).lower()}
    }}
    """)
    torch.autograd.backward(net.loss(data=torch.ones(2, 3))[0])
    has_gradient = {learned.layer: learned.tensor.grad is not None for learned in net.learned()}
    assert has_gradient == {"below": not stops, "above": True}


# ---- weights
SIAMESE = """
input "a" [2, 4]
input "b" [2, 4]
layer "one" InnerProduct {
  bottom: "a" num_output: 3 param { name: "w" } param { lr_mult: 2 decay_mult: 0 } weight_filler { type: "xavier" }
}
layer "two" InnerProduct { bottom: "b" num_output: 3 param { name: "w" lr_mult: 3 } bias_filler { value: 1 } }
"""


def test_a_shared_weight_is_one_parameter(module: Build) -> None:
    net = module(SIAMESE)
    assert net.layer_params("one")[0] is net.layer_params("two")[0]
    assert net.layer_params("one")[1] is not net.layer_params("two")[1]
    assert len(list(net.parameters())) == 3
    learned = {(own.layer, own.index): (own.lr_mult, own.decay_mult) for own in net.learned()}
    assert learned == {("one", 0): (3, 1), ("one", 1): (2, 0), ("two", 1): (1, 1)}
    assert sorted(net.weights()) == ["one", "two"]
    a, b = torch.randn(2, 4), torch.randn(2, 4)
    found = net(a=a, b=b)
    weight = net.layer_params("one")[0]
    torch.testing.assert_close(found["two"], b @ weight.t() + 1)


def test_a_weight_shared_by_count_has_each_layers_shape(module: Build) -> None:
    net = module("""
    input "a" [2, 6]
    input "b" [2, 2, 3, 1]
    layer "wide" InnerProduct {
      bottom: "a" num_output: 4 bias_term: false param { name: "w" } weight_filler { type: "xavier" }
    }
    layer "deep" Convolution {
      bottom: "b" num_output: 4 kernel_h: 3 kernel_w: 1 bias_term: false param { name: "w" share_mode: PERMISSIVE }
    }
    """)
    x = torch.randn(2, 6)
    found = net(a=x, b=x.reshape(2, 2, 3, 1))
    torch.testing.assert_close(found["deep"].flatten(1), found["wide"])
    assert [array.shape for layer in ("wide", "deep") for array in net.weights()[layer]] == [(4, 6), (4, 2, 3, 1)]


NORMALISED = """
input "data" [4, 2]
layer "fc.1" InnerProduct { num_output: 3 weight_filler { type: "xavier" } }
layer "bn" BatchNorm
"""


@pytest.mark.parametrize("convert", [nn.Module.double, lambda m: m.to(torch.float64), lambda m: m.to("cpu")])
def test_a_test_net_shares_what_the_training_net_learns(convert: Callable[[nn.Module], object], module: Build) -> None:
    train = module(NORMALISED, "TRAIN")
    test = module(NORMALISED, share=train)
    convert(train)
    convert(test)
    dtype = train.layer_params("bn")[0].dtype
    train(data=torch.randn(4, 2, dtype=dtype))
    with torch.no_grad():
        train.layer_params("fc.1")[0].add_(1)
    for layer in ("fc.1", "bn"):
        for ours, theirs in zip(train.layer_params(layer), test.layer_params(layer), strict=True):
            assert ours is theirs
    assert test.layer_params("bn")[2].tolist() == [1]
    assert test(data=torch.randn(4, 2, dtype=dtype))["fc.1"].shape == (4, 3)


def test_a_share_of_another_shape_is_refused(module: Build) -> None:
    train = module(NORMALISED, "TRAIN")
    with pytest.raises(NetError, match=r"the weight of fc\.1 is 5x2, and is to share 3x2"):
        module(NORMALISED.replace("num_output: 3", "num_output: 5"), share=train)


def test_the_state_has_readable_names_and_makes_the_same_module(module: Build) -> None:
    net = module(NORMALISED + 'layer "values" InnerProduct { num_output: 2 weight_filler { type: "xavier" } }')
    assert sorted(net.state_dict()) == [
        "layers.bn.factor",
        "layers.bn.mean",
        "layers.bn.variance",
        "layers.fc_1.bias",
        "layers.fc_1.weight",
        "layers.values_.bias",  # `values` is a method of the dictionary that holds the layers
        "layers.values_.weight",
    ]
    other = digits(seed=1)
    other.load_state_dict(digits(seed=2).state_dict())
    for layer, arrays in digits(seed=2).weights().items():
        for one, two in zip(arrays, other.weights()[layer], strict=True):
            np.testing.assert_array_equal(one, two)


def test_weights_load_by_name_and_nothing_is_silent(module: Build) -> None:
    net = module(NORMALISED)
    weights = net.weights()
    weights["fc.1"] = [array + 1 for array in weights["fc.1"]]
    tensor = net.layer_params("fc.1")[0]
    before = tensor.detach().clone()
    matched = net.load({"fc.1": weights["fc.1"], "fc.2": weights["fc.1"]})
    assert (matched.loaded, matched.missing, matched.unused) == (("fc.1",), ("bn",), ("fc.2",))
    assert net.matched is matched
    assert net.layer_params("fc.1")[0] is tensor
    torch.testing.assert_close(tensor, before + 1)
    with pytest.raises(NetError, match="bn has 3 weights"):
        net.load({"bn": []})


def test_a_deep_copy_is_a_module_of_its_own() -> None:
    net = digits("TEST")
    other = copy.deepcopy(net)
    x = torch.randn(2, 1, 8, 8)
    before = net(data=x)["prob"]
    torch.testing.assert_close(other(data=x)["prob"], before)
    with torch.no_grad():
        other.layer_params("fc4")[0].zero_()
    assert torch.equal(net(data=x)["prob"], before)
    assert other(data=x)["prob"].flatten().tolist() == pytest.approx([0.1] * 20)


@pytest.mark.parametrize("name", ["float64", "float16", "bfloat16", "int64", "uint8"])
def test_weights_of_any_kind_become_what_the_module_computes_in(name: str, tmp_path: Path) -> None:
    net = netdef.load(NETS / "digits.net")
    given = {
        layer: [(np.arange(np.prod(shape)) % 100 / 3).reshape(shape).astype(dtype_named(name)) for shape in shapes]
        for layer, shapes in net.params.items()
    }
    netdef.write_weights(tmp_path / "w.safetensors", given)
    read = netdef.read_weights(tmp_path / "w.safetensors")
    made, loaded = lower(net, read), lower(net)
    loaded.load(read)
    for found in (made, loaded):
        for layer, arrays in found.weights().items():
            for array, expected in zip(arrays, given[layer], strict=True):
                np.testing.assert_array_equal(array, expected.astype(np.float32), strict=True)


def test_a_module_of_64_bits_takes_all_of_them() -> None:
    net = lower(netdef.load(NETS / "digits.net")).double()
    thirds = {layer: [np.full(shape, 1 / 3) for shape in shapes] for layer, shapes in net.net.params.items()}
    net.load(thirds)
    assert all((array == 1 / 3).all() for own in net.weights().values() for array in own)


@pytest.mark.parametrize("suffix", [".safetensors", ".npz"])
def test_a_module_with_weights_of_a_file_is_pickled_and_copied(suffix: str, tmp_path: Path) -> None:
    net = net_of('input "data" [1, 3] layer "fc" InnerProduct { num_output: 2 } layer "relu" ReLU')
    path = tmp_path / f"w{suffix}"
    netdef.write_weights(path, {"fc": [np.ones((2, 3), np.float16), np.zeros(2, np.float16)]})
    module = lower(net, netdef.read_weights(path))
    path.unlink()
    for twin in (copy.deepcopy(module), pickle.loads(pickle.dumps(module))):
        assert twin.matched == module.matched
        assert twin(data=torch.ones(1, 3))["fc"].tolist() == [[3, 3]]


def test_a_saved_module_goes_on_as_it_was(tmp_path: Path) -> None:
    """Dropout's chance, the mode and what is frozen with it; and what is trained of a copy is the copy's."""
    net = digits()
    net.layer_params("conv1_1")[0].requires_grad_(False)
    net.set_step(seed=3, step=5)
    torch.save(net, tmp_path / "net.pt")
    fed = {"data": torch.rand(4, 1, 8, 8), "label": torch.arange(4)}
    for twin in (torch.load(tmp_path / "net.pt", weights_only=False), copy.deepcopy(net)):
        net.set_step(seed=3, step=5)
        for _ in range(2):
            assert torch.equal(twin.loss(**fed)[0], net.loss(**fed)[0])
        assert not twin.layer_params("conv1_1")[0].requires_grad
        assert [one.layer for one in twin.learned()] == [one.layer for one in net.learned()]
        twin.layer_params("fc4")[0].data.zero_()
        assert net.layer_params("fc4")[0].any()
        assert twin.state_dict()["layers.fc4.weight"].data_ptr() == twin.layer_params("fc4")[0].data_ptr()


def test_a_copy_of_made_up_data_draws_for_itself(module: Build) -> None:
    net = module('layer "d" DummyData { shape { dim: 2 dim: 3 } data_filler { type: "gaussian" std: 1 } top: "x" }')
    twin = copy.deepcopy(net)
    first = twin()["x"].clone()
    assert not torch.equal(twin()["x"], first)
    assert torch.equal(net()["x"], first)


ONE_COPY = """
import netdef
def peak():
    (line,) = [line for line in open("/proc/self/status") if line.startswith("VmHWM:")]
    return int(line.split()[1]) * 1024
net, weights = netdef.load("large.net"), netdef.read_weights("w.safetensors")
netdef.module(netdef.load("small.net"))  # what loads with it
before = peak()
netdef.module(net, weights)
print(peak() - before)
"""


def test_weights_of_a_file_are_copied_once(tmp_path: Path) -> None:
    """At the peak there are the mapped file and the module's own numbers: nothing between them."""
    text = 'input "data" [1, 8192] layer "fc" InnerProduct {{ num_output: {} bias_term: false }}'
    (tmp_path / "large.net").write_text(text.format(4096))
    (tmp_path / "small.net").write_text(text.format(1))
    netdef.write_weights(tmp_path / "w.safetensors", {"fc": [np.ones((4096, 8192), np.float32)]})
    done = subprocess.run([sys.executable, "-c", ONE_COPY], cwd=tmp_path, capture_output=True, text=True, check=True)
    size = 4096 * 8192 * 4
    assert 1.9 * size < int(done.stdout) < 2.2 * size


def test_copies_of_weights_are_copies() -> None:
    net = digits()
    net.weights()["conv1_1"][0][:] = 7
    assert not (net.weights()["conv1_1"][0] == 7).any()


def test_what_is_learned_is_all_but_statistics() -> None:
    net = lower(netdef.load(NETS / "resnet50.net", phase="TRAIN"))
    learned = sum(found.tensor.numel() for found in net.learned())
    assert learned == net.net.num_params - net.net.num_statistics
    assert sum(p.numel() for p in net.parameters()) == learned
    assert (
        sum(b.numel() for b in net.buffers()) == net.net.num_statistics + 3 + 1
    )  # where chance stands; what the loss is worth


# ---- chance
DROPPED = 'input "data" [{0}] layer "drop" Dropout {{ bottom: "data" top: "out" dropout_ratio: {1} }}'


def masks(module: Build, seed: int = 1, step: int = 0, ratio: float = 0.5) -> torch.Tensor:
    """What Dropout leaves of 64 samples of 999 ones."""
    net = module(DROPPED.format("64, 999", ratio), "TRAIN")
    net.set_step(seed, step)
    found: torch.Tensor = net(data=torch.ones(64, 999))["out"]
    return found


@pytest.mark.parametrize(("ratio", "left"), [(0, 1.0), (1, 0.0)])
def test_dropout_of_none_and_of_all(ratio: int, left: float, module: Build) -> None:
    """Published files have both; Caffe's own scale for 1 is a division by 0."""
    net = module(DROPPED.format("4, 9", ratio), phase="TRAIN")
    data = torch.ones(4, 9, requires_grad=True)
    out = net(data=data)["out"]
    torch.autograd.backward(out.sum())
    assert out.tolist() == [[left] * 9] * 4
    assert data.grad is not None
    assert data.grad.tolist() == [[left] * 9] * 4


@pytest.mark.parametrize("ratio", [0.1, 0.5, 0.8])
def test_dropout_drops_its_share_and_scales_the_rest(ratio: float, module: Build) -> None:
    found = masks(module, ratio=ratio)
    kept = found[found != 0]
    assert torch.unique(kept).numpy() == pytest.approx(1 / (1 - ratio))
    deviation = (ratio * (1 - ratio) / found.numel()) ** 0.5
    assert 1 - kept.numel() / found.numel() == pytest.approx(ratio, abs=5 * deviation)


def test_masks_of_neighbours_and_of_steps_have_nothing_in_common(module: Build) -> None:
    """Each pair agrees in half of its places, give or take five deviations."""
    one = masks(module) != 0
    others = [masks(module, step=1), masks(module, seed=2), masks(module, seed=0, step=1), masks(module, step=1 << 40)]
    pairs = [(one, other != 0) for other in others]
    pairs += [(one[1:], one[:-1]), (one[:, 1:], one[:, :-1]), (one[1:, 1:], one[:-1, :-1]), (one[:, 64:], one[:, :-64])]
    for first, second in pairs:
        agree = (first == second).double().mean().item()
        assert agree == pytest.approx(0.5, abs=5 * 0.5 / first.numel() ** 0.5)
    by_sample, by_unit = one.double().mean(1), one.double().mean(0)
    assert by_sample.std().item() == pytest.approx(0.5 / 999**0.5, rel=0.5)
    assert by_unit.std().item() == pytest.approx(0.5 / 64**0.5, rel=0.1)


def test_two_layers_drop_different_units(module: Build) -> None:
    net = module(
        """
        input "data" [8, 500]
        layer "one" Dropout { bottom: "data" top: "a" }
        layer "two" Dropout { bottom: "data" top: "b" }
        """,
        "TRAIN",
    )
    found = net(data=torch.ones(8, 500))
    assert (found["a"] == found["b"]).double().mean().item() == pytest.approx(0.5, abs=0.05)


def test_a_mask_does_not_depend_on_how_the_batch_is_split(module: Build) -> None:
    net = module(DROPPED.format("7, 3, 5, 2", 0.5), "TRAIN")
    x = torch.randn(7, 3, 5, 2)
    net.set_step(3, 11)
    whole = net(data=x)["out"]
    net.set_step(3, 11)
    assert torch.equal(net(data=x)["out"], whole)
    assert not torch.equal(net(data=x)["out"], whole)  # a second pass of one step
    parts = []
    for first, last in ((0, 2), (2, 3), (3, 7)):
        net.set_step(3, 11, first)
        parts.append(net(data=x[first:last])["out"])
    assert torch.equal(torch.cat(parts), whole)


def test_passes_without_a_step_meet_other_masks_each(module: Build) -> None:
    net = module(DROPPED.format("4, 50", 0.5), "TRAIN")
    x = torch.ones(4, 50)
    assert not torch.equal(net(data=x)["out"], net(data=x)["out"])
    net.eval()
    assert torch.equal(net(data=x)["out"], x)
    assert torch.equal(module(DROPPED.format("4, 50", 0.5))(data=x)["out"], x)


def test_the_gradient_has_the_same_mask(module: Build) -> None:
    net = module(DROPPED.format("4, 50", 0.5), "TRAIN")
    x = torch.ones(4, 50, requires_grad=True)
    out = net(data=x)["out"]
    torch.autograd.backward(out.sum())
    assert x.grad is not None
    assert torch.equal(x.grad, out.detach())


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of torch's compiler, about itself
def test_compiled_and_eager_are_the_same_program_for_every_step(module: Build) -> None:
    """One graph, compiled once; the same masks, so the same loss."""
    net = module(
        """
        input "data" [6, 1, 5, 5]
        layer "conv" Convolution { num_output: 3 kernel_size: 3 weight_filler { type: "msra" } }
        layer "pool" Pooling { kernel_size: 2 stride: 2 }
        layer "drop" Dropout
        layer "fc" InnerProduct { num_output: 4 weight_filler { type: "msra" } }
        input "label" [6]
        layer "loss" SoftmaxWithLoss { bottom: ["fc", "label"] }
        """,
        "TRAIN",
    )
    compiled = torch.compile(net, fullgraph=True)
    x, y = torch.randn(6, 1, 5, 5), torch.arange(6) % 4
    with torch._dynamo.config.patch(error_on_recompile=True):
        for step in range(3):
            net.set_step(1, step)
            eager = net(data=x, label=y)["loss"]
            net.set_step(1, step)
            torch.testing.assert_close(compiled(data=x, label=y)["loss"], eager, rtol=1e-5, atol=0)
