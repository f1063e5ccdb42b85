"""What the hardware's settings decide, and that they change rounding and nothing else."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

import netdef
from netdef.compiler.net_error import NetError
from netdef.runtime import lower
from netdef.runtime.hardware.acceleration import accelerated, prepare_module
from netdef.runtime.hardware.execution_settings import ExecutionSettings, Precision, graphs_pay, settings_for
from netdef.runtime.training.gradients import LossOf

ROOT = Path(__file__).parents[3]
NETS = ROOT / "nets"
CASES = sorted((ROOT / "tests/oracle/layers").glob("*.net"))
CPU = torch.device("cpu")
BF16_EPS = 2.0**-8
"""A rounding to bf16 changes a number by half of that at most."""
compiles = pytest.mark.filterwarnings("ignore:.*torch.jit.script_method:DeprecationWarning")
"""What torch says when its own compiler loads one of its own files."""


# ---- what is decided
def test_a_cpu_is_left_alone_but_for_what_is_chosen() -> None:
    assert settings_for(CPU, {}) == ExecutionSettings()
    assert settings_for(CPU, {"compile": True, "precision": "bf16", "channels_last": None}) == ExecutionSettings(
        Precision.BF16, compile=True
    )


@pytest.mark.parametrize(
    ("capability", "chosen", "expected"),
    [
        ((9, 0), {}, ExecutionSettings(Precision.BF16, channels_last=True, compile=True, cuda_graphs=True)),
        ((7, 5), {}, ExecutionSettings(Precision.FLOAT32, channels_last=True, compile=True, cuda_graphs=True)),
        ((9, 0), {"compile": False}, ExecutionSettings(Precision.BF16, channels_last=True)),
        ((9, 0), {"cuda_graphs": False}, ExecutionSettings(Precision.BF16, channels_last=True, compile=True)),
        (
            (9, 0),
            {"precision": "float64", "channels_last": False, "compile": False},
            ExecutionSettings(Precision.FLOAT64),
        ),
    ],
)
def test_what_a_gpu_likes(
    capability: tuple[int, int], chosen: dict[str, Any], expected: ExecutionSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda device: capability)
    assert settings_for(torch.device("cuda"), chosen, graphs=True) == expected


@pytest.mark.parametrize(("device", "missing"), [("cpu", "a CUDA device"), ("cuda", "--compile")])
def test_graphs_without_a_gpu_or_a_compiler_are_refused(
    device: str, missing: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda device: (9, 0))
    with pytest.raises(NetError, match=f"N1006.*{missing}"):
        settings_for(torch.device(device), {"cuda_graphs": True, "compile": False})


def test_graphs_pay_for_small_work_in_one_pass() -> None:
    small, large = netdef.load(NETS / "digits.net"), netdef.load(NETS / "vgg16.net", set={"N": 2})
    assert graphs_pay(small, batch=64)
    assert not graphs_pay(small, batch=64, iter_size=2)
    assert graphs_pay(large, batch=1)
    assert not graphs_pay(large, batch=256)


def test_settings_read_well() -> None:
    assert ExecutionSettings(Precision.BF16, channels_last=True, compile=True).text == "bf16, channels_last, compile"


# ---- what is computed
def step(settings: ExecutionSettings, tell: Callable[[str], None] = pytest.fail) -> tuple[Tensor, list[Tensor]]:
    """The digits net's loss on a few random digits, dropout and all, and its gradients."""
    random = np.random.default_rng(0)
    module = lower(netdef.load(NETS / "digits.net", phase="TRAIN"), seed=3)
    prepare_module(module, settings)
    module.set_step(seed=5, step=7)
    images = torch.from_numpy(random.standard_normal((6, 1, 8, 8), np.float32))
    loss = accelerated(LossOf(module), settings, tell)(data=images, label=torch.arange(6))
    loss.backward()
    return loss.detach(), [learned.tensor.grad for learned in module.learned() if learned.tensor.grad is not None]


def difference(found: list[Tensor], expected: list[Tensor]) -> float:
    """The greatest of all weights' relative differences, by length."""
    return max(float((a - b).norm() / b.norm()) for a, b in zip(found, expected, strict=True))


def test_bf16_is_float32_but_for_rounding() -> None:
    (loss, gradients), (exact, exact_gradients) = step(ExecutionSettings(Precision.BF16)), step(ExecutionSettings())
    assert loss.dtype == torch.float32
    assert abs(loss - exact) < 6 * BF16_EPS * exact  # six layers with weights, one after the other
    assert {gradient.dtype for gradient in gradients} == {torch.float32}
    # Each of 12 products rounds; and values near a tie send their gradient through another window, or none: that is
    # most of it, and more in the first layers, from which the signal becomes smaller in each (0.18 was seen)
    assert 0 < difference(gradients, exact_gradients) < 64 * BF16_EPS
    assert 0 < difference(gradients[-2:], exact_gradients[-2:]) < 12 * BF16_EPS


def test_float64_goes_all_the_way() -> None:
    (loss, gradients), (rough, rough_gradients) = step(ExecutionSettings(Precision.FLOAT64)), step(ExecutionSettings())
    assert {loss.dtype, *(gradient.dtype for gradient in gradients)} == {torch.float64}
    assert 0 < difference(gradients, rough_gradients) < 1e-5
    assert 0 < abs(loss - rough) < 1e-5


def test_channels_last_lays_out_weights_and_changes_nothing() -> None:
    module = lower(netdef.load(NETS / "digits.net", phase="TRAIN"))
    prepare_module(module, ExecutionSettings(channels_last=True))
    assert module.layer_params("conv1_2")[0].is_contiguous(memory_format=torch.channels_last)
    assert difference(step(ExecutionSettings(channels_last=True))[1], step(ExecutionSettings())[1]) < 1e-5


@compiles
@pytest.mark.slow
def test_compiled_equals_eager_and_drops_the_same() -> None:
    (loss, gradients), (exact, exact_gradients) = step(ExecutionSettings(compile=True)), step(ExecutionSettings())
    assert abs(loss - exact) < 1e-6 * exact
    assert difference(gradients, exact_gradients) < 1e-5


def test_what_cannot_be_compiled_runs_without(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []

    def no_compiler(module: torch.nn.Module, **options: object) -> Callable[..., Tensor]:
        def fail(**blobs: Tensor) -> Tensor:
            calls.append(blobs)
            raise RuntimeError("no g++ here\nand much more")

        return fail

    monkeypatch.setattr(torch, "compile", no_compiler)
    told: list[str] = []
    loss, gradients = step(ExecutionSettings(compile=True), told.append)
    assert told == ["not compiled, and slower for it: RuntimeError: no g++ here"]
    expected, expected_gradients = step(ExecutionSettings())
    assert loss == expected
    assert all(map(torch.equal, gradients, expected_gradients))

    module = lower(netdef.load(NETS / "digits.net"))
    run = accelerated(module, ExecutionSettings(compile=True), told.append)
    with pytest.raises(NetError, match="N1002"):  # the user's mistake, not the compiler's
        run(dota=torch.zeros(1, 1, 8, 8))
    calls.clear()
    for _ in range(3):
        run(data=torch.zeros(1, 1, 8, 8))
    assert (len(calls), len(told)) == (1, 2)


@compiles
def test_what_a_cuda_graph_returns_is_copied(monkeypatch: pytest.MonkeyPatch) -> None:
    held = torch.zeros(())
    monkeypatch.setattr(torch, "compile", lambda module, **options: lambda **blobs: held.add_(1))
    run = accelerated(torch.nn.Identity(), ExecutionSettings(compile=True, cuda_graphs=True), pytest.fail)
    first, second = run(), run()
    assert (first, second) == (1, 2)


@pytest.mark.parametrize(("precision", "tolerance"), [(Precision.BF16, 2.5 * BF16_EPS), (Precision.FLOAT64, 1e-5)])
@pytest.mark.parametrize("case", CASES, ids=lambda path: path.stem)
def test_every_layer_keeps_caffes_numbers(case: Path, precision: Precision, tolerance: float) -> None:
    arrays = dict(np.load(case.with_suffix(".npz")))
    net = netdef.load(case, phase="TRAIN" if case.stem == "bn_train" else "TEST")
    stored = {layer: [f"param/{layer}/{i}" for i in range(len(shapes))] for layer, shapes in net.params.items()}
    module = lower(net, {layer: [arrays[name] for name in names] for layer, names in stored.items()})
    settings = ExecutionSettings(precision)
    prepare_module(module, settings)
    fed = {name: torch.from_numpy(arrays[f"in/{name}"]) for name in net.inputs if f"in/{name}" in arrays}
    found = accelerated(module, settings)(**fed)
    compared = [name for name in found if f"out/{name}" in arrays]
    assert compared
    for name in compared:
        expected = arrays[f"out/{name}"]
        error = np.abs(found[name].detach().double().numpy() - expected).max() / max(1e-3, np.abs(expected).max())
        assert error < tolerance, name


def test_positions_counts_and_losses_stay_whole_in_bf16(tmp_path: Path) -> None:
    path = tmp_path / "wide.net"
    path.write_text("""
    input "data" [1, 1, 40, 40]
    layer "half" Convolution { num_output: 1 kernel_size: 1 weight_filler { type: "constant" value: 1 } }
    layer "pool" Pooling { kernel_size: 40 top: "top" top: "at" }
    layer "flat" Flatten { bottom: "half" }
    layer "best" ArgMax
    """)
    module = lower(netdef.load(path))
    images = torch.zeros(1, 1, 40, 40)
    images[0, 0, 33, 7] = 1
    found = accelerated(module, ExecutionSettings(Precision.BF16))(data=images)
    assert (found["at"], found["best"]) == (33 * 40 + 7, 33 * 40 + 7)
    assert found["top"].dtype == torch.bfloat16
