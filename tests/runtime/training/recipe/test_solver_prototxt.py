"""Recipes from Caffe's solver.prototxt: real ones, what has no effect, and what is refused."""

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from netdef import load, module, solver
from netdef.cli import main
from netdef.compiler.diagnostics import Diagnostic, Report
from netdef.compiler.net_error import NetError
from netdef.compiler.net_in_solver import FIELDS
from netdef.compiler.source import Source
from netdef.compiler.weights.formats.files import read_weights
from netdef.runtime.training.recipe.file import read_recipe_file
from netdef.runtime.training.recipe.recipe import (
    METHODS,
    AdaDelta,
    AdaGrad,
    Adam,
    Evaluation,
    Method,
    MomentumStyle,
    Nesterov,
    Recipe,
    Regularization,
    RmsProp,
    Sgd,
)
from netdef.runtime.training.recipe.schedule import (
    Duration,
    Exp,
    Fixed,
    Inv,
    MultiStep,
    Policy,
    Poly,
    Sigmoid,
    Step,
    Unit,
)
from netdef.runtime.training.recipe.solver_prototxt import NO_EFFECT, CaffeSolver, parse_solver

FIXED = 'base_lr: 0.5 lr_policy: "fixed" max_iter: 7 '
STAGED = """
input "data" [1, 1, 8, 8]
input "label" [1]
layer "plain" InnerProduct { bottom: "data" top: "fc" num_output: 10 include { not_stage: "x" } }
layer "staged" InnerProduct { bottom: "data" top: "fc" num_output: 10 include { stage: "x" } }
layer "loss" SoftmaxWithLoss { bottom: ["fc", "label"] }
"""
DIGITS = """
layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 1 dim: 1 dim: 8 dim: 8 } } }
layer { name: "label" type: "Input" top: "label" input_param { shape { dim: 1 } } }
layer { name: "fc" type: "InnerProduct" bottom: "data" top: "fc" inner_product_param { num_output: 10
  weight_filler { type: "xavier" } } }
layer { name: "loss" type: "SoftmaxWithLoss" bottom: "fc" bottom: "label" top: "loss" }
"""
TRACES = Path(__file__).parents[3] / "oracle" / "solvers"


def parsed(text: str) -> tuple[CaffeSolver, list[Diagnostic]]:
    report = Report()
    return parse_solver(Source("<solver>", text), report), list(report)


def mistakes(text: str) -> list[tuple[str, str]]:
    """Code and marked text of each mistake."""
    with pytest.raises(NetError) as error:
        parsed(text)
    return [(each.code, each.primary.span.text) for each in error.value.report if each.primary is not None]


def idle(text: str) -> dict[str, str]:
    """What is said of fields without effect."""
    _, warnings = parsed(text)
    labels = [label for each in warnings if each.primary for label in (each.primary, *each.secondary)]
    assert {each.code for each in warnings} <= {"N871"}
    return {label.span.text: label.text for label in labels}


def test_what_caffe_takes_where_nothing_is_said() -> None:
    recipe = parsed(FIXED)[0].recipe()
    assert recipe.solver == Sgd(momentum=0.0, weight_decay=0.0, momentum_style=MomentumStyle.CAFFE)
    assert recipe.lr == Fixed(base=0.5)
    assert (recipe.iterations, recipe.iter_size, recipe.seed) == (7, 1, Recipe().seed)


@pytest.mark.parametrize(
    ("text", "method"),
    [
        ('type: "Nesterov" momentum: 0.5', Nesterov(momentum=0.5, weight_decay=0.0)),
        ("solver_type: NESTEROV momentum: 0.5", Nesterov(momentum=0.5, weight_decay=0.0)),
        ("solver_type: 2", AdaGrad(weight_decay=0.0)),
        ("solver_type: RMSPROP rms_decay: 0.9", RmsProp(rms_decay=0.9, weight_decay=0.0)),
        ("solver_type: ADADELTA delta: 1e-3", AdaDelta(momentum=0.0, delta=1e-3, weight_decay=0.0)),
        ('type: "Adam" momentum2: 0.9', Adam(momentum=0.0, momentum2=0.9, weight_decay=0.0)),
        (
            'weight_decay: 1 regularization_type: "L1" clip_gradients: 3',
            Sgd(momentum=0.0, weight_decay=1.0, regularization=Regularization.L1, clip_gradients=3.0),
        ),
        ("clip_gradients: -2", Sgd(momentum=0.0, weight_decay=0.0)),
    ],
)
def test_methods(text: str, method: Method) -> None:
    assert parsed(FIXED + text)[0].recipe().solver == method


@pytest.mark.parametrize(
    ("text", "policy"),
    [
        ('lr_policy: "step" stepsize: 3 gamma: 0.5', Step(base=0.5, gamma=0.5, stepsize=Duration(3))),
        ('lr_policy: "exp" gamma: 0.5', Exp(base=0.5, gamma=0.5)),
        ('lr_policy: "inv" gamma: 0.5 power: 0.75', Inv(base=0.5, gamma=0.5, power=0.75)),
        (
            'lr_policy: "multistep" gamma: 0.5 stepvalue: 3 stepvalue: [5]',
            MultiStep(base=0.5, gamma=0.5, stepvalue=(Duration(3), Duration(5))),
        ),
        ('lr_policy: "poly" power: 2', Poly(base=0.5, power=2.0, length=Duration(7))),
        ('lr_policy: "sigmoid" gamma: 0.5 stepsize: 3', Sigmoid(base=0.5, gamma=0.5, stepsize=Duration(3))),
    ],
)
def test_policies(text: str, policy: Policy) -> None:
    read, warnings = parsed(f"base_lr: 0.5 max_iter: 7 {text}")
    assert read.recipe().lr == policy
    assert not warnings


def test_every_field_of_caffe_is_known() -> None:
    """Its wire numbers, 1 to 42, are all accounted for."""
    numbers = {number for each in CaffeSolver.fields.values() for number, _ in each.spellings.values()}
    assert len(numbers) == len(CaffeSolver.fields)
    assert len(numbers) + len(NO_EFFECT) + len(FIELDS) == 42
    assert not set(NO_EFFECT) & set(CaffeSolver.fields)


def test_what_has_no_effect_is_said_where_it_stands() -> None:
    text = "test_iter: 3 test_iter: 4 display: 20 eval_type: 'detection' device_id: [0, 1] momentum2: 0.9"
    said = idle(FIXED + text)
    assert list(said) == ["test_iter", "display", "eval_type", "device_id", "momentum2"]
    assert said["momentum2"] == "SGD has none"
    assert idle(FIXED + "gamma: 0.1 stepsize: 3") == dict.fromkeys(("gamma", "stepsize"), "lr_policy fixed has none")
    assert list(idle(FIXED + 'random_seed: -1 test_net: "a" test_net: "b"')) == ["random_seed", "test_net"]
    assert not idle(FIXED + 'random_seed: 3 net: "n" momentum: 0.9 weight_decay: 0.1')


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", [("N408", ""), ("N408", "")]),
        ("base_lr: 1", [("N408", "base_lr")]),
        (FIXED + 'type: "AdamW"', [("N862", '"AdamW"')]),
        ('base_lr: 1 lr_policy: "plateau"', [("N862", '"plateau"')]),
        (FIXED + 'regularization_type: "L3"', [("N862", '"L3"')]),
        (FIXED + "momentum: 1", [("N863", "1")]),
        (FIXED + "clip_gradients: 0", [("N863", "0")]),
        (FIXED + "iter_size: 0", [("N405", "0")]),
        ('base_lr: 1 lr_policy: "step"', [("N865", '"step"')]),
        ('base_lr: 1 lr_policy: "step" stepsize: 0', [("N863", "0")]),
        ('base_lr: 1 lr_policy: "multistep"', [("N865", '"multistep"')]),
        ('base_lr: 1 lr_policy: "poly"', [("N865", '"poly"')]),
        (FIXED + 'type: "SGD" solver_type: SGD', [("N872", "SGD")]),
        (FIXED + 'net: "a" train_net: "b"', [("N872", '"b"')]),
        (FIXED + 'type: "RMSProp" momentum: 0.9', [("N872", "0.9")]),
        (FIXED + "solver_type: FTRL", [("N403", "FTRL")]),
        (FIXED + "net: here", [("N402", "here")]),
        (FIXED + "momentum: 0.9 momentum: 0.9", [("N404", "momentum")]),
    ],
)
def test_a_mistake_has_its_code_and_its_place(text: str, expected: list[tuple[str, str]]) -> None:
    assert mistakes(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", Evaluation()),
        ("test_interval: 0 test_iter: 3", Evaluation()),
        ("test_interval: 5 test_iter: 0", Evaluation()),
        ("test_interval: 5", Evaluation(interval=5, initial=True)),
        ("test_interval: 5 test_iter: 3", Evaluation(interval=5, initial=True, batches=3)),
        ("test_interval: 5 test_iter: [3, 4] test_initialization: false", Evaluation(interval=5, batches=3)),
    ],
)
def test_when_to_test(text: str, expected: Evaluation) -> None:
    assert parsed(FIXED + text)[0].recipe().test == expected


@pytest.mark.parametrize(
    ("policy", "missing"),
    [
        ('"step" stepsize: 3', ["gamma"]),
        ('"multistep" stepvalue: 3 gamma: 0.1', []),
        ('"inv"', ["gamma", "power"]),
        ('"poly"', ["power"]),
        ('"exp" gamma: 0', []),
    ],
)
def test_what_caffe_takes_for_0_is_said(policy: str, missing: list[str]) -> None:
    _, warnings = parsed(f"base_lr: 0.5 max_iter: 7 lr_policy: {policy}")
    assert [re.sub(".* without (.*?):.*", r"\1", each.message) for each in warnings] == missing
    assert {each.code for each in warnings} <= {"N874"}


def test_a_length_that_is_not_given_is_said() -> None:
    found, (warning,) = parsed('base_lr: 0.5 lr_policy: "fixed"')
    assert found.recipe().length == Duration(10.0, Unit.EPOCHS)
    assert (warning.code, "netdef train takes 10 epochs" in warning.message) == ("N874", True)


def test_the_levels_and_stages_of_both_phases(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Layers that a stage puts in are in the run's net; what the command line says counts instead."""
    pytest.importorskip("sklearn")
    monkeypatch.chdir(tmp_path)
    Path("a.net").write_text(STAGED)
    Path("s.prototxt").write_text(
        FIXED.replace("7", "1") + 'train_state { stage: "x" } test_state { stage: "x" level: 2 }'
    )
    for words, expected in (([], ["staged"]), (["--level", "1"], ["plain"])):
        name = expected[0]
        run = ["train", "a.net", "--recipe", "s.prototxt", "--data", "digits", "--device", "cpu", "-o", name]
        assert main([*run, *words]) == 0
        assert list(read_weights(Path(name, "last.safetensors"))) == expected


def test_a_solver_reads_both_kinds_of_file(tmp_path: Path) -> None:
    (tmp_path / "r.yaml").write_text("solver: {type: Nesterov}\nlr: 0.25\n")
    (tmp_path / "s.prototxt").write_text('type: "Nesterov" base_lr: 0.25 lr_policy: "fixed" max_iter: 9 display: 1')
    net = load(TRACES / "net.net", phase="TRAIN")
    solvers = [solver(tmp_path / name, module(net)) for name in ("r.yaml", "s.prototxt")]
    assert [each.lr for each in solvers] == [0.25, 0.25]
    assert {type(each.recipe.solver) for each in solvers} == {Nesterov}
    assert [[warning.code for warning in each.report] for each in solvers] == [[], ["N871"]]


def test_the_net_is_looked_up_from_the_working_folder_and_then_beside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / "s.prototxt").write_text(FIXED + 'train_net: "a.net" test_net: "b.net"')
    (home / "a.net").touch()
    (home / "b.net").touch()
    monkeypatch.chdir(tmp_path)
    file = read_recipe_file(Path("home/s.prototxt"))
    assert file.found("a.net") == "home/a.net"
    assert (file.tested("home/a.net"), file.tested("c.net")) == ("home/b.net", "c.net")
    (tmp_path / "a.net").touch()
    assert file.found("a.net") == "a.net"
    with pytest.raises(NetError, match=r"\[N873\]"):
        file.found("c.net")


def test_a_net_that_lies_beside_a_published_solver_is_named(tmp_path: Path) -> None:
    """BVLC's solvers name models/bvlc_googlenet/train_val.prototxt, from Caffe's own folder."""
    (tmp_path / "s.prototxt").write_text(FIXED + 'net: "models/googlenet/train_val.prototxt"')
    (tmp_path / "train_val.prototxt").touch()
    file = read_recipe_file(tmp_path / "s.prototxt")
    with pytest.raises(NetError) as refused:
        file.found("models/googlenet/train_val.prototxt")
    (said,) = refused.value.report
    help = f"netdef train {tmp_path}/train_val.prototxt --recipe {tmp_path}/s.prototxt"
    assert said.help is not None
    assert said.help.endswith(help)


def corpus(shared: Path) -> list[Path]:
    return [p for p in sorted((shared / "corpus/prototxt").rglob("*solver*.prototxt")) if "lr_policy" in p.read_text()]


REFUSED = {
    "N109": "ALISCIFP__bvlc_alexnet_VReLU/solver.prototxt",  # a merge conflict
    "N111": "HolmesShuan__ResNet-18-Caffemodel-on-ImageNet/solver.prototxt",  # device_id: 0,1
    "N410": "feiranwang__survival/solver_back.prototxt",  # net: TRAIN_TEST_PROTOTXT
}


def test_real_solver_files_are_read_or_explained(shared: Path) -> None:
    """Where one is refused Caffe refuses it too, or would not train; every number is that of a plain search."""
    found = {}
    files = corpus(shared)
    for path in files:
        try:
            file = read_recipe_file(path)
        except NetError as error:
            found[error.report.errors[0].code] = str(path.relative_to(shared / "corpus/prototxt"))
            continue
        text = re.sub("#.*", "", path.read_text())
        plain: dict[str, Any] = dict(re.findall(r"^\s*(\w+)\s*:\s*(\S+)", text, re.MULTILINE))
        method = file.recipe.solver
        assert file.recipe.lr.base == float(plain["base_lr"])
        assert method.weight_decay == float(plain.get("weight_decay", 0))
        assert getattr(method, "momentum", 0.0) == float(plain.get("momentum", 0))
        assert file.recipe.iterations == (int(plain["max_iter"]) if "max_iter" in plain else None)
        assert file.train_net == (plain.get("net") or plain.get("train_net", "")).strip("\"'") or None
        said = " ".join(each.message for each in file.report)
        assert all(name in said for name in plain if name in NO_EFFECT or name not in CaffeSolver.fields)
    assert found == REFUSED
    assert len(files) >= 48


def test_a_whole_run_is_caffes(shared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From the same LMDB, mean and first weights: each loss of 60, weights after 10, and the accuracy at the end."""
    pytest.importorskip("lmdb")
    monkeypatch.chdir(tmp_path)
    home = shared / "oracle" / "train"
    expected = np.load(home / "expected.npz")
    start = ["--weights", str(home / "init.caffemodel"), "--device", "cpu", "--workers", "0"]
    assert main(["train", "--recipe", str(home / "solver.prototxt"), *start, "-o", "whole"]) == 0
    lines = [json.loads(line) for line in Path("whole/metrics.jsonl").read_text().splitlines()]
    assert [line["iteration"] for line in lines] == list(range(61))
    assert np.abs(np.array([line["loss"] for line in lines[1:]]) - expected["loss"]).max() < 1e-3
    assert [line["iteration"] for line in lines if "test_loss" in line] == [0, 20, 40, 60]
    for name, line, tolerance in (("test0", lines[0], 1e-6), ("test60", lines[-1], 1e-3)):
        loss, accuracy = expected[name]
        assert line["test_loss"] == pytest.approx(loss, abs=tolerance)
        assert 1 - line["top1_error"] == pytest.approx(accuracy, abs=1e-6 if name == "test0" else 0.0051)  # an image
    text = (home / "solver.prototxt").read_text().replace("max_iter: 60", "max_iter: 10")
    Path("ten.prototxt").write_text(text.replace('"train_val', f'"{home}/train_val'))
    assert main(["train", "--recipe", "ten.prototxt", *start, "-o", "ten"]) == 0
    weights = read_weights(Path("ten/last.safetensors"))
    for name in (name for name in expected if name.startswith("iter10/")):
        _, layer, index = name.split("/")
        error = np.abs(weights[layer][int(index)] - expected[name]).max() / max(1e-3, np.abs(expected[name]).max())
        assert error < 1e-4, name


def test_the_batch_of_a_data_layer_is_that_of_a_part(
    shared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("lmdb")
    monkeypatch.chdir(tmp_path)
    home = shared / "oracle" / "train"
    Path("s.prototxt").write_text(FIXED.replace("7", "2") + f'iter_size: 3 net: "{home}/train_val.prototxt"')
    assert main(["train", "--recipe", "s.prototxt", "--device", "cpu", "--workers", "0"]) == 0
    assert "2 iterations of 150 images" in capsys.readouterr().err
    assert main(["train", "--resume", "-o", "runs/small"]) == 0
    assert "going on after iteration 2" in capsys.readouterr().err


@pytest.mark.parametrize("words", [[], ["--resume"], ["--recipe", "r.yaml"]])
def test_a_net_has_to_be_named(
    words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("r.yaml").write_text("lr: 1")
    assert main(["train", *words]) == 2
    assert "which net?" in capsys.readouterr().err


@pytest.mark.parametrize("field", ["net_param", "train_net_param"])
def test_a_net_within_the_solver_is_named(
    field: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is trained, tested and evaluated again by the name that the next command is printed with."""
    monkeypatch.chdir(tmp_path)
    text = FIXED.replace("7", "2") + f"{field} {{ {DIGITS} }}"
    if field == "train_net_param":
        text += f"test_net_param {{ {DIGITS} }}"
    Path("s.prototxt").write_text(text)
    assert main(["train", "--recipe", "s.prototxt", "--data", "digits", "-o", "run", "--device", "cpu"]) == 0
    told = capsys.readouterr().out
    last = float(re.findall(r"last: top-1 error ([0-9.]+) %", told)[0])
    assert "next: netdef evaluate run" in told
    assert main(["evaluate", "run", "--device", "cpu"]) == 0
    assert f"{last:.2f} %" in capsys.readouterr().out
    assert main(["evaluate", f"s.prototxt#{field}", "--weights", "run", "--data", "digits", "--device", "cpu"]) == 0
    assert f"{last:.2f} %" in capsys.readouterr().out
    assert main(["train", "--resume", "-o", "run", "--device", "cpu"]) == 0


@pytest.mark.parametrize("both", ['net: "x"', 'train_net: "x"', "train_net_param { }"])
def test_one_net_is_trained(both: str) -> None:
    assert ("N872", "net_param") in mistakes(f"{FIXED} net_param {{ {DIGITS} }} {both}") or "train_net_param" in both


def test_a_solver_that_only_tests(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Published beside SSD's nets: no rate, no length, one test of given weights, as Caffe makes one (solver.cpp)."""
    monkeypatch.chdir(tmp_path)
    Path("net.prototxt").write_text(DIGITS)
    Path("s.prototxt").write_text('net: "net.prototxt" test_iter: 2 test_interval: 10000 max_iter: 0 snapshot: 0')
    common = ["--data", "digits", "--device", "cpu"]
    assert main(["train", "--recipe", "s.prototxt", *common, "-o", "a"]) == 0
    lines = [json.loads(line) for line in Path("a/metrics.jsonl").read_text().splitlines()]
    assert [line["iteration"] for line in lines] == [0]
    assert "1 test of the first weights" in capsys.readouterr().err
    Path("s.prototxt").write_text('train_net: "net.prototxt" max_iter: 0')
    assert main(["train", "--recipe", "s.prototxt", *common, "-o", "b", "--weights", "a"]) == 0
    shown = capsys.readouterr().out
    assert main(["evaluate", "net.prototxt", "--weights", "a", *common]) == 0
    assert re.findall(r"top-1 error[^%]*?([0-9.]+) %", shown)[0] in capsys.readouterr().out


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('lr_policy: "plateau" gamma: 0.1 plateau_winsize: 100', "policy: plateau, base: 0.01, gamma: 0.1"),
        (
            'lr_policy: "multifixed" stagelr: 0.01 stagelr: 0.001 stagelr: 1e-4 stageiter: [80, 120, 160]',
            "lr: {policy: multistep, base: 0.01, gamma: 0.1, stepvalue: [81, 121]}",
        ),
        (
            'lr_policy: "multifixed" stagelr: [0.01, 0.05, 0.02] stageiter: [80, 120, 130]',
            "stages:, each with its own lr:",
        ),
        (
            'lr_policy: "vstep" vstep_lr: [0.1, 0.01] vstep_size: [80, 40]',
            "policy: multistep, base: 0.1, gamma: 0.1, stepvalue: [81]",
        ),
        ('lr_policy: "stepearly" gamma: 0.5', "policy: step, base: 0.01, gamma: 0.5, stepsize: ..."),
        ('lr_policy: "cosine"', "policy: cosine, base: 0.01"),
    ],
)
def test_a_forks_policy_is_named_with_what_does_the_same(text: str, said: str) -> None:
    with pytest.raises(NetError) as error:
        parsed(f"base_lr: 0.01 max_iter: 7 {text}")
    (mistake,) = error.value.report.errors
    assert "of a fork" in mistake.message or "fork" in mistake.message
    assert said in (mistake.help or "")


def test_a_warm_up_of_a_fork_is_named() -> None:
    assert "warmup" in idle(FIXED + "warmup_iter: 500 warmup_start_lr: 0.1")["warmup_iter"]


def test_every_method_has_its_old_word() -> None:
    texts = [FIXED + f"solver_type: {word.upper()}" for word in METHODS]
    assert [type(parsed(text)[0].recipe().solver) for text in texts] == list(METHODS.values())
