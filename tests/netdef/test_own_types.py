"""A layer type of one's own, used by the commands as any other, and refused at the door where it is not whole."""

import copy
import json
import pickle
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

import netdef
from netdef import layer_types
from netdef.cli import main
from netdef.compiler.layers import catalogue

Captured = pytest.CaptureFixture[str]

ROOT = Path(__file__).parents[2]
OWN = Path(__file__).with_name("self_gate.py")
NET = """
name: "own"
let N = 1
input "data" [N, 1, 8, 8]
layer "conv1" Convolution { num_output: 6 kernel_size: 3 weight_filler { type: "msra" } }
layer "gate1" SelfGate { scale: 2 beta_param { filler { type: "uniform" min: 0.5 max: 1.5 } } }
layer "fc2" InnerProduct { num_output: 10 weight_filler { type: "msra" } }
layer { name: "gate2" type: "SelfGate" bottom: "fc2" top: "fc2" gate_param { beta_param { channel_shared: true } } }
layer "prob" Softmax { include { phase: TEST } }
layer "label" Input { shape { dim: N } include { phase: TRAIN } }
layer "loss" SoftmaxWithLoss { bottom: ["fc2", "label"] include { phase: TRAIN } }
preprocess { channels: GREY mean: 127 scale: 0.01 }
expect { params: 2_237 }
"""


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.chdir(tmp_path)
    Path("own.net").write_text(NET, "utf-8")
    with catalogue.restored():
        yield tmp_path


# ---- the worked example, by commands alone
def test_without_its_file_the_type_is_unknown(capsys: Captured) -> None:
    assert main(["check", "own.net"]) == 1
    assert 'there is no layer type "SelfGate"' in capsys.readouterr().err


def test_its_module_is_copied_and_pickled() -> None:
    """Its rule makes a class of its own each time, which pickle can't find: it is made by the rule again."""
    netdef.load_layers(OWN)
    module = netdef.module(netdef.load("own.net"))
    x = torch.rand(2, 1, 8, 8)
    for twin in (copy.deepcopy(module), pickle.loads(pickle.dumps(module))):
        assert torch.equal(twin(x)["prob"], module(x)["prob"])


def test_check_and_summary(capsys: Captured) -> None:
    assert main(["check", "own.net", "--load", str(OWN)]) == 0
    capsys.readouterr()
    assert main(["summary", "own.net", "--format", "json", "--load", str(OWN)]) == 0
    layers = {layer["name"]: layer for layer in json.loads(capsys.readouterr().out)["layers"]}
    assert layers["gate1"]["type"] == "SelfGate"
    assert layers["gate1"]["params"] == [{"name": "beta", "shape": [6], "count": 6}]
    assert layers["gate1"]["tops"] == ["conv1"]  # in place, as its class line says
    assert layers["gate2"]["num_params"] == 1


def test_its_own_mistakes_stand_where_they_are_made(capsys: Captured) -> None:
    Path("bad.net").write_text('input "x" [5]\nlayer "s" SelfGate { beta_param { channel_share: true } }\n', "utf-8")
    assert main(["check", "bad.net", "--load", str(OWN)]) == 1
    assert 'did you mean "channel_shared"?' in capsys.readouterr().err
    Path("bad.net").write_text('input "x" [5]\nlayer "s" SelfGate\n', "utf-8")
    assert main(["check", "bad.net", "--load", str(OWN)]) == 1
    assert "SelfGate needs a channel axis" in capsys.readouterr().err


def test_expand_draw_and_the_manual(capsys: Captured) -> None:
    assert main(["expand", "own.net", "--load", str(OWN)]) == 0
    assert "gate_param {\n    scale: 2\n    beta_param {" in capsys.readouterr().out
    assert main(["draw", "own.net", "-o", "own.dot", "--load", str(OWN)]) == 0
    assert main(["layers", "SelfGate", "--back-ends", "--load", str(OWN)]) == 0
    said = capsys.readouterr().out
    assert "pytorch: yes\nonnx: yes" in said
    assert "channel_shared" in said


def test_training_export_and_verification(capsys: Captured, home: Path) -> None:
    own = ("--load", str(OWN))
    Path("own.yaml").write_text("iterations: 1\nbatch: 8\nlr: 0.1\n", "utf-8")
    told = ("--data", "synthetic", "--device", "cpu", "-o", "run")
    assert main(["train", "own.net", *told, *own]) == 0
    (line,) = (line for line in capsys.readouterr().out.splitlines() if line.startswith("next: netdef "))
    assert main(shlex.split(line)[2:]) == 0  # what it says to do next works as it stands
    weights = netdef.read_weights("run/last.safetensors")
    netdef.load_layers(OWN)
    first = netdef.module(netdef.load("own.net", phase="TRAIN"))
    moved = [first.layer_params(name)[0].detach().numpy() - weights[name][0] for name in ("gate1", "gate2")]
    assert all(np.abs(change).min() > 0 for change in moved)  # every beta has a gradient, and a step changed it
    assert main(["export", "own.net", "--onnx", "--weights", "run", "-o", "own.onnx", *own]) == 0
    assert Path("own.onnx").stat().st_size > 0
    capsys.readouterr()
    assert main(["verify", "own.net", "--weights", "run", *own]) == 0


def test_a_run_goes_on_with_the_file_of_its_types_named_again() -> None:
    Path("own.yaml").write_text("iterations: 1\nbatch: 8\nlr: 0.1\n", "utf-8")
    assert main(["train", "own.net", "--data", "synthetic", "--device", "cpu", "-o", "run", "--load", str(OWN)]) == 0
    resumed = [sys.executable, "-m", "netdef", "train", "--resume", "-o", "run"]  # a process that knows nothing of it
    subprocess.run([*resumed, "--load", str(OWN)], check=True, capture_output=True)
    refused = subprocess.run(resumed, check=False, capture_output=True, text=True)
    assert refused.returncode == 1
    assert f"help: read it; if you want it run: netdef train --resume -o run --load {OWN}" in refused.stderr
    with pytest.raises(netdef.NetError, match="N890"):
        netdef.train(out="run", resume=True)
    again = netdef.train(out="run", resume=True, layer_files=[OWN], progress=False)
    assert again.request.net.layer_files == (str(OWN),)


@pytest.mark.parametrize("devices", [[], ["--devices", "2"], ["--restarts", "1"]], ids=["one", "two", "restarted"])
def test_a_strangers_run_runs_no_program(devices: list[str], capsys: Captured) -> None:
    """A run's folder that names a program, as somebody else may have made it."""
    Path("run").mkdir()
    Path("evil.py").write_text("open('ran', 'w').close()\n", "utf-8")
    net = {"file": "own.net", "layer_files": ["evil.py"]}
    manifest = {"request": {"net": net}, "classes": [], "preprocess": {}, "test": {"net": net}}
    Path("run/manifest.json").write_text(json.dumps(manifest), "utf-8")
    Path("run/best.safetensors").write_bytes(b"")
    for words in (["train", "--resume"], ["train", "own.net", "--resume"], ["train", "--resume", "--dry-run"]):
        assert main([*words, "-o", "run", *devices]) == 1
        assert "evil.py: a program, which isn't run" in capsys.readouterr().err
    for words in (["evaluate", "own.net"], ["predict", "own.net", "x.png"], ["export", "own.net", "--onnx"]):
        assert main([*words, "--weights", "run"]) == 1
    for words in (["evaluate", "run"], ["predict", "run", "x.png"], ["plot", "run"]):
        assert main(words) == 1
    assert not Path("ran").exists()


def test_the_numbers_are_those_of_the_formula() -> None:
    Path("one.net").write_text('input "x" [2, 3, 4, 5]\nlayer "s" SelfGate { scale: 2 top: "y" }\n', "utf-8")
    net = netdef.load("one.net", layer_files=[str(OWN)])
    random = np.random.default_rng(0)
    x, beta = random.standard_normal((2, 3, 4, 5)), random.standard_normal(3)
    module = netdef.module(net, {"s": [beta.astype(np.float32)]})
    found = module(x=torch.from_numpy(x.astype(np.float32)))["y"].detach().numpy()
    np.testing.assert_allclose(found, 2 * x / (1 + np.exp(-beta[:, None, None] * x)), rtol=1e-5, atol=1e-6)


def test_a_summary_with_an_own_type_loads_no_back_end() -> None:
    code = (
        f"import sys; from netdef.cli import main; main(['summary', 'own.net', '--load', {str(OWN)!r}]); "
        "print(sorted({'torch', 'onnx', 'numpy'} & set(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr == "[]\n"


def test_the_example_of_the_help_is_whole() -> None:
    assert layer_types.__doc__ is not None
    lines = layer_types.__doc__.split("\n")
    Path("mine.py").write_text("\n".join(line[4:] for line in lines if line.startswith("    ")), "utf-8")
    text = 'input "x" [2, 3, 4]\nlayer "s" SelfGate { beta: 2 top: "y" }\n'
    Path("mine.net").write_text(text, "utf-8")
    assert main(["verify", "mine.net", "--load", "mine.py"]) == 0


# ---- a package that brings a type
@pytest.fixture
def package(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An installed distribution with an entry point."""
    site = home / "site"
    (site / "gates-1.0.dist-info").mkdir(parents=True)
    (site / "gates.py").write_text(OWN.read_text("utf-8"), "utf-8")
    (site / "gates-1.0.dist-info/METADATA").write_text("Metadata-Version: 2.1\nName: gates\nVersion: 1.0\n")
    (site / "gates-1.0.dist-info/entry_points.txt").write_text("[netdef.layers]\nSelfGate = gates:SelfGate\n")
    monkeypatch.syspath_prepend(site)
    monkeypatch.delitem(sys.modules, "gates", raising=False)
    return site


def test_an_installed_package_brings_its_types(package: Path, capsys: Captured) -> None:
    assert main(["check", "own.net"]) == 0
    assert main(["layers"]) == 0
    assert "of your own:\n  SelfGate " in capsys.readouterr().out


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1 / 0\n", "ZeroDivisionError: division by zero"),
        ("class SelfGate: ...\n", "it is no class of netdef.compiler.layers.base.Layer"),
        ("SelfGates = 1\n", "AttributeError: module 'gates' has no attribute 'SelfGate'"),
        (
            "from netdef.layer_types import *\nclass SelfGate(Layer, name='Other'): ...\n",
            "the class calls itself Other",
        ),
    ],
)
def test_what_keeps_a_packages_type_out_is_said_where_it_is_named(
    text: str, message: str, package: Path, capsys: Captured
) -> None:
    (package / "gates.py").write_text(text, "utf-8")
    assert main(["check", "own.net"]) == 1
    said = capsys.readouterr().err
    assert f"the layer type SelfGate of gates:SelfGate can't be had: {message}" in said
    assert said.count("error[N220]") == 1
    assert catalogue.find("Other") is None


# ---- the door
HEAD = "from netdef.layer_types import *\n"
OK = "class Mine(Layer): ...\n"


@pytest.mark.parametrize(
    ("text", "code", "message"),
    [
        ("x = (\n", "N220", "mine.py doesn't run: SyntaxError: '(' was never closed"),
        ("import nothing_of_this_name\n", "N220", "ModuleNotFoundError: No module named 'nothing_of_this_name'"),
        (f"{HEAD}{OK}raise SystemExit(3)\n", "N220", "mine.py doesn't run: SystemExit: 3"),
        ("class Mine: ...\n", "N220", "mine.py declares no layer type"),
        (f"{HEAD}{OK}class ReLU(Layer): ...\n", "N221", "there is a layer type ReLU already, of bvlc"),
        (f"{HEAD}class Mine(Layer):\n    x: int = param(1)\n", "N222", "Mine has fields (x) and no message"),
        (f"{HEAD}class Mine(Layer, message='a_param'):\n    x = param(1)\n", "N222", "Mine does not say what x holds"),
        (
            f"{HEAD}class Mine(Layer, message='a_param'):\n    x: int = param(1)\n    y: int = param(1)\n",
            "N222",
            "Mine gives the number 1 to several fields of a_param",
        ),
        (
            f"from __future__ import annotations\n{HEAD}class Mine(Layer, message='a_param'):\n    x: int = param(1)\n",
            "N222",
            "Mine postpones its annotations",
        ),
        (f"{HEAD}class Mine(Layer, bottoms=0): ...\n", "N222", "Mine needs infer(self, bottoms, num_tops)"),
        (f"{HEAD}class Mine(Layer):\n    def infer(self, x): ...\n", "N222", "Mine must declare infer("),
        (f"{HEAD}class Mine(Layer):\n    def weight(self, x): ...\n", "N222", "did you mean weights?"),
        (f"{HEAD}class Mine(Layer, labels=1): ...\n", "N222", "Mine has its labels in bottom 1, and takes 1 bottoms"),
        (f"{HEAD}class Mine(Layer, flattens=True): ...\n", "N222", "Mine flattens, and needs as_convolution"),
        (
            f"{HEAD}class Mine(Layer):\n    x: int = beside(1, 'x_param')\n",
            "N220",
            "x stands beside a type's own message, and must be a Message itself",
        ),
        (
            f"{HEAD}class Mine(Layer, botoms=2): ...\n",
            "N220",
            "the class line of Mine says botoms; it may say message, number, bottoms, tops",
        ),
    ],
)
def test_a_file_that_is_not_whole_is_refused_and_leaves_nothing(
    text: str, code: str, message: str, capsys: Captured
) -> None:
    Path("mine.py").write_text(text, "utf-8")
    assert main(["summary", str(ROOT / "nets/lenet.net"), "--load", "mine.py"]) == 1
    said = capsys.readouterr().err
    assert f"error[{code}]" in said
    assert message in said
    assert "mine.py:" in said or "declares no" in said
    assert catalogue.find("Mine") is None


def test_an_analysis_says_what_is_wrong_with_a_file_of_types_and_goes_on() -> None:
    Path("mine.py").write_text("1 / 0\n", "utf-8")
    found = netdef.analyse('input "x" [2, 3]\nlayer "r" ReLU\n', layer_files=["mine.py"])
    assert [diagnostic.code for diagnostic in found.report] == ["N220"]
    assert found.net is not None
    assert found.net.blobs == {"x": (2, 3)}


def test_no_such_file(capsys: Captured) -> None:
    assert main(["summary", "own.net", "--load", "mine.py"]) == 1
    assert "there is no file mine.py" in capsys.readouterr().err


def test_a_file_is_run_once_and_again_when_it_has_changed() -> None:
    Path("mine.py").write_text(HEAD + OK, "utf-8")
    (first,) = netdef.load_layers("mine.py")
    assert netdef.load_layers("mine.py") == (first,)
    Path("mine.py").write_text(f"{HEAD}class Mine(Layer, in_place=True): ...\n", "utf-8")
    (second,) = netdef.load_layers("mine.py")
    assert second.in_place
    assert catalogue.variants("Mine") == (second,)


def test_a_second_file_may_not_take_its_name() -> None:
    Path("folder").mkdir()
    for name in ("mine.py", "other.py", "folder/mine.py"):
        Path(name).write_text(HEAD + OK, "utf-8")
    (first,) = netdef.load_layers("mine.py")
    for name in ("other.py", "folder/mine.py"):
        with pytest.raises(netdef.NetError, match="there is a layer type Mine already, of own"):
            netdef.load_layers(name)
    assert catalogue.variants("Mine") == (first,)


def test_a_type_without_a_rule_says_which_is_missing(capsys: Captured) -> None:
    Path("mine.py").write_text(HEAD + OK, "utf-8")
    Path("mine.net").write_text('input "x" [2, 3]\nlayer "m" Mine\n', "utf-8")
    assert main(["export", "mine.net", "--onnx", "--load", "mine.py"]) == 1
    assert "ONNX can't express m: Mine has no onnx_rule" in capsys.readouterr().err
