"""The solver against what BVLC Caffe's solvers did with the same batches."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from netdef import load
from netdef.compiler.net_error import NetError
from netdef.runtime import lower
from netdef.runtime.training.recipe.file import read_recipe_file
from netdef.runtime.training.recipe.recipe import (
    METHODS,
    AdaGrad,
    Adam,
    Method,
    MomentumStyle,
    Nesterov,
    Recipe,
    Regularization,
    RmsProp,
    Sgd,
)
from netdef.runtime.training.recipe.schedule import Duration, Fixed, Step, Unit
from netdef.runtime.training.solver import UPDATES, Solver, open_solver

TRACES = Path(__file__).parents[2] / "oracle" / "solvers"
NUM_STEPS = 12
TOLERANCE = 1e-5
"""Relative to the largest number of an array: both sides are single precision, and add in another order."""

TOY = """
input "data" [1, 1]
input "target" [1, 1]
layer "fc" InnerProduct {{ bottom: "data" num_output: 1 {specs} }}
layer "loss" EuclideanLoss {{ bottom: ["fc", "target"] include {{ phase: TRAIN }} }}
"""


def error(ours: np.ndarray, caffes: np.ndarray) -> float:
    return float(np.abs(ours - caffes).max() / max(1e-3, np.abs(caffes).max()))


CASES = sorted(TRACES.glob("*.solver"))


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_every_step_is_caffes(path: Path) -> None:
    """Six methods, L1, clipped parts, drops: each weight after each of 12 steps, from Caffe's own solver files."""
    arrays = np.load(path.with_suffix(".npz"))
    net = load(TRACES / "net.net", phase="TRAIN")
    start = {layer: [arrays[f"step0/{layer}/{i}"] for i in range(2)] for layer in ("conv", "fc")}
    solver = open_solver(path, lower(net, start))
    for step in range(NUM_STEPS):
        loss = solver.step(**batch(solver, arrays, step))
        assert loss.item() == pytest.approx(arrays["loss"][step], rel=TOLERANCE)
        for layer, weights in solver.module.weights().items():
            for index, ours in enumerate(weights):
                assert error(ours, arrays[f"step{step + 1}/{layer}/{index}"]) < TOLERANCE, (step, layer, index)


def batch(solver: Solver, arrays: Any, step: int) -> dict[str, torch.Tensor]:
    """A whole iteration's samples: Caffe was fed the same batch for each part."""
    names = ("data", "label")
    return {name: torch.cat([torch.tensor(arrays[name][step])] * solver.recipe.iter_size) for name in names}


def test_all_traces_are_there() -> None:
    assert len(CASES) == 10
    kinds = {type(read_recipe_file(path).recipe.solver) for path in CASES}
    assert kinds == set(METHODS.values())


def test_parts_of_a_batch_are_the_whole_batch(tmp_path: Path) -> None:
    """Of mean losses over equal parts, the mean is that over all."""
    finals = []
    for iter_size in (1, 3):
        solver = toy_solver(tmp_path, "", Recipe(lr=Fixed(base=0.1), iter_size=iter_size))
        solver.step(data=torch.arange(6.0)[:, None], target=torch.ones(6, 1))
        finals.append([weight.item() for weight in solver.module.layer_params("fc")])
    assert finals[0] == pytest.approx(finals[1], rel=1e-6)
    with pytest.raises(NetError, match=r"\[N869\]"):
        solver.step(data=torch.ones(4, 1), target=torch.ones(4, 1))
    assert solver.iteration == 1


def test_dropouts_masks_are_those_of_the_whole_batch(tmp_path: Path) -> None:
    dropping = TOY.format(specs="").replace('layer "loss"', 'layer "drop" Dropout\nlayer "loss"')
    finals = []
    for text, iter_size in ((dropping, 1), (dropping, 2), (dropping, 6), (TOY.format(specs=""), 1)):
        (tmp_path / "drop.net").write_text(text)
        recipe = Recipe(lr=Fixed(base=0.1), iter_size=iter_size)
        solver = Solver(lower(load(tmp_path / "drop.net", phase="TRAIN")), recipe, num_samples=6)
        for _ in range(3):
            solver.step(data=torch.arange(6.0)[:, None], target=torch.ones(6, 1))
        finals.append([weight.item() for weight in solver.module.layer_params("fc")])
    whole, halves, singles, undropped = finals
    assert halves == pytest.approx(whole, rel=1e-5)
    assert singles == pytest.approx(whole, rel=1e-5)
    assert undropped != pytest.approx(whole, rel=1e-2)


@pytest.mark.parametrize(("iter_size", "w"), [(1, 1.044721), (4, 1.01118)])
def test_the_sum_of_the_parts_is_clipped(tmp_path: Path, iter_size: int, w: float) -> None:
    """Before it is divided by their number, as Caffe printed."""
    method = Sgd(momentum=0.0, weight_decay=0.0, clip_gradients=0.5)
    solver = toy_solver(tmp_path, "", Recipe(lr=Fixed(base=0.1), solver=method, iter_size=iter_size))
    solver.step(data=torch.full((iter_size, 1), 2.0), target=torch.full((iter_size, 1), 3.0))
    assert solver.module.weights()["fc"][0].item() == pytest.approx(w, abs=2e-6)


@pytest.mark.parametrize(
    ("method", "expected"),
    [
        (Sgd(momentum=0.0, weight_decay=0.1, regularization=Regularization.L1), [(1.09, 0.54), (1.136, 0.558)]),
        (Nesterov(momentum=0.9, weight_decay=0.0), [(1.19, 0.595), (1.2805, 0.64025)]),
        (AdaGrad(weight_decay=0.0), [(1.1, 0.6), (1.137139, 0.637139)]),
        (RmsProp(weight_decay=0.0, rms_decay=0.9), [(1.316228, 0.816228), (1.098921, 0.598921)]),
        (Adam(weight_decay=0.0), [(1.1, 0.6), (1.189857, 0.689857), (1.250551, 0.750552)]),
    ],
    ids=lambda value: type(value).__name__,
)
def test_the_methods_on_two_weights_as_caffe_printed_them(
    tmp_path: Path, method: Method, expected: list[tuple[float, float]]
) -> None:
    solver = toy_solver(tmp_path, "", Recipe(lr=Fixed(base=0.1), solver=method))
    follow(solver, expected)


def follow(solver: Solver, expected: list[tuple[float, float]]) -> None:
    for w, b in expected:
        solver.step(data=torch.tensor([[2.0]]), target=torch.tensor([[3.0]]))
        weights = solver.module.weights()["fc"]
        assert (weights[0].item(), weights[1].item()) == pytest.approx((w, b), abs=2e-6)


@pytest.mark.parametrize("kind", [Sgd, Nesterov])
def test_momentum_in_torchs_style_is_torchs(tmp_path: Path, kind: type[Sgd]) -> None:
    """Through two drops of the learning rate, where the two styles differ."""
    method = kind(momentum=0.9, weight_decay=0.01, momentum_style=MomentumStyle.TORCH)
    solver = toy_solver(tmp_path, "", Recipe(lr=Step(base=0.1, gamma=0.5, stepsize=Duration(2)), solver=method))
    w, b = torch.tensor([[1.0]], requires_grad=True), torch.tensor([0.5], requires_grad=True)
    theirs = torch.optim.SGD([w, b], lr=0.1, momentum=0.9, weight_decay=0.01, nesterov=kind is Nesterov)
    for step in range(6):
        theirs.param_groups[0]["lr"] = 0.1 * 0.5 ** (step // 2)
        theirs.zero_grad()
        ((w * 2 + b - 3) ** 2 / 2).sum().backward()  # type: ignore[no-untyped-call]
        theirs.step()
        follow(solver, [(w.item(), b.item())])


@pytest.mark.parametrize("kind", METHODS.values(), ids=METHODS)
def test_a_restored_solver_goes_on_bit_for_bit(tmp_path: Path, kind: type[Method]) -> None:
    fed = {"data": torch.tensor([[2.0], [1.0]]), "target": torch.tensor([[3.0], [0.0]])}
    recipe = Recipe(lr=Fixed(base=0.1), solver=kind(clip_gradients=0.7))
    whole = toy_solver(tmp_path, "", recipe)
    for _ in range(3):
        whole.step(**fed)
    resumed = toy_solver(tmp_path, "", recipe)
    resumed.module.load(whole.module.weights())
    resumed.restore(whole.iteration, (), {name: kept.numpy().copy() for name, kept in whole.history.items()})
    for solver in (whole, resumed):
        solver.step(**fed)
    finals = [torch.cat([weight.flatten() for weight in s.module.layer_params("fc")]) for s in (whole, resumed)]
    assert torch.equal(*finals)
    assert len(whole.history) == 2 * kind.num_remembered


@pytest.mark.parametrize(
    ("specs", "recipe", "expected"),
    [
        ("", {"momentum": 0.0, "weight_decay": 0.0}, [(1.1, 0.55), (1.15, 0.575), (1.175, 0.5875)]),
        ("", {"momentum": 0.9, "weight_decay": 0.0}, [(1.1, 0.55), (1.24, 0.62), (1.346, 0.673)]),
        ("", {"momentum": 0.9, "weight_decay": 0.1}, [(1.09, 0.545), (1.2151, 0.60755), (1.307989, 0.653995)]),
        (
            "param { lr_mult: 2 decay_mult: 3 } param { lr_mult: 0.5 decay_mult: 0 }",
            {"momentum": 0.0, "weight_decay": 0.1},
            [(1.14, 0.525), (1.1496, 0.53475), (1.147044, 0.543052)],
        ),
    ],
)
def test_two_weights_as_caffe_printed_them(
    tmp_path: Path, specs: str, recipe: dict[str, Any], expected: list[tuple[float, float]]
) -> None:
    """y = 2 w + b with target 3, from w = 1 and b = 0.5, as in Caffe's own log."""
    solver = toy_solver(tmp_path, specs, Recipe(lr=Fixed(base=0.1), solver=Sgd(**recipe)))
    for w, b in expected:
        solver.step(data=torch.tensor([[2.0]]), target=torch.tensor([[3.0]]))
        weights = solver.module.weights()["fc"]
        assert (weights[0].item(), weights[1].item()) == pytest.approx((w, b), abs=2e-6)


def test_the_old_velocity_coasts_on_after_a_drop(tmp_path: Path) -> None:
    recipe = Recipe(lr=Step(base=0.1, gamma=0.1, stepsize=Duration(1)), solver=Sgd(momentum=0.9, weight_decay=0.0))
    solver = toy_solver(tmp_path, "", recipe)
    for w, b in ((1.1, 0.55), (1.195, 0.5975), (1.280525, 0.640263)):
        solver.step(data=torch.tensor([[2.0]]), target=torch.tensor([[3.0]]))
        weights = solver.module.weights()["fc"]
        assert (weights[0].item(), weights[1].item()) == pytest.approx((w, b), abs=2e-6)


def test_a_weight_without_learning_rate_stays_and_needs_no_gradient(tmp_path: Path) -> None:
    solver = toy_solver(tmp_path, "param { lr_mult: 0 } param { lr_mult: 1 }", Recipe(lr=Fixed(base=0.1)))
    weight, bias = solver.module.layer_params("fc")
    assert (weight.requires_grad, bias.requires_grad) == (False, True)
    solver.step(data=torch.tensor([[2.0]]), target=torch.tensor([[3.0]]))
    assert weight.item() == 1.0
    assert bias.item() != 0.5
    assert list(solver.history) == ["fc/1"]


def test_iterations_and_epochs_are_counted(tmp_path: Path) -> None:
    solver = toy_solver(tmp_path, "", Recipe(batch=4), num_samples=10)
    finished = []
    for _ in range(6):
        solver.step(data=torch.tensor([[2.0]]), target=torch.tensor([[3.0]]))
        finished.append(solver.finished_epoch)
    assert finished == [False, False, True, False, True, False]
    assert (solver.iteration, solver.epoch) == (6, 2.4)


def toy_solver(folder: Path, specs: str, recipe: Recipe, num_samples: int = 1) -> Solver:
    file = folder / "toy.net"
    file.write_text(TOY.format(specs=specs))
    start = {"fc": [np.array([[1.0]], np.float32), np.array([0.5], np.float32)]}
    return Solver(lower(load(file, phase="TRAIN"), start), recipe, num_samples)


def test_a_solver_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "toy.net").write_text(TOY.format(specs=""))
    (tmp_path / "toy.yaml").write_text("lr: 0.25")
    solver = open_solver(tmp_path / "toy.yaml", lower(load(tmp_path / "toy.net", phase="TRAIN")))
    assert (solver.lr, solver.iteration) == (0.25, 0)
    solver.step(data=torch.tensor([[2.0]]), target=torch.tensor([[3.0]]))
    assert solver.iteration == 1


def test_epochs_need_the_size_of_the_data(tmp_path: Path) -> None:
    recipe = Recipe(batch=5, lr=Step(base=1.0, gamma=0.5, stepsize=Duration(2, Unit.EPOCHS)))
    solver = toy_solver(tmp_path, "", recipe, num_samples=10)
    assert solver.lr == 1.0
    solver.restore(4, (), {name: kept.numpy() for name, kept in solver.history.items()})
    assert solver.lr == 0.5
    with pytest.raises(NetError, match=r"\[N868\]"):
        Solver(solver.module, recipe)


def test_every_method_has_its_update() -> None:
    assert set(UPDATES) == set(METHODS.values())
