"""The solver against what BVLC Caffe's solvers did with the same batches."""

from pathlib import Path

import numpy as np
import pytest
import torch

from netdef import load
from netdef.compiler.diagnostics import NetError
from netdef.runtime import lower
from netdef.runtime.training.recipe import METHODS, Recipe, Sgd
from netdef.runtime.training.schedule import Duration, Fixed, Policy, Step, Unit
from netdef.runtime.training.solver import UPDATES, Solver, open_solver

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


@pytest.mark.parametrize(
    ("case", "lr"),
    [("sgd", Fixed(base=0.05)), ("sgd_step", Step(base=0.05, gamma=0.1, stepsize=Duration(4)))],
)
def test_every_step_is_caffes(shared: Path, case: str, lr: Policy) -> None:
    arrays = np.load(shared / "oracle" / "solvers" / f"{case}.npz")
    net = load(shared / "oracle" / "solvers" / "net.net", phase="TRAIN")
    start = {layer: [arrays[f"step0/{layer}/{i}"] for i in range(2)] for layer in ("conv", "fc")}
    recipe = Recipe(lr=lr, solver=Sgd(momentum=0.9, weight_decay=0.01))
    solver = Solver(lower(net, start), recipe, num_samples=8)
    for step in range(NUM_STEPS):
        loss = solver.step(data=torch.tensor(arrays["data"][step]), label=torch.tensor(arrays["label"][step]))
        assert loss.item() == pytest.approx(arrays["loss"][step], rel=TOLERANCE)
        for layer, weights in solver.module.weights().items():
            for index, ours in enumerate(weights):
                assert error(ours, arrays[f"step{step + 1}/{layer}/{index}"]) < TOLERANCE, (step, layer, index)


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
    tmp_path: Path, specs: str, recipe: dict[str, float], expected: list[tuple[float, float]]
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
    solver.restore(4, (), solver.history)
    assert solver.lr == 0.5
    with pytest.raises(NetError, match=r"\[N708\]"):
        Solver(solver.module, recipe)


def test_every_method_has_its_update() -> None:
    assert set(UPDATES) == set(METHODS.values())
