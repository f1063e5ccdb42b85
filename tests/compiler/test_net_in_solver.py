"""Nets that stand in a solver."""

from pathlib import Path

import pytest

import netdef
from netdef.cli import main
from netdef.compiler.net_in_solver import name_of_net, place_of_net

NET = 'name: "inner" layer { name: "x" type: "Input" top: "x" input_param { shape { dim: 2 dim: 3 } } }'
SOLVER = f'base_lr: 0.1\nlr_policy: "fixed"\nmax_iter: 5\nnet_param {{\n  {NET}\n}}\n'


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_names() -> None:
    assert place_of_net("a/s.prototxt#net_param") == ("a/s.prototxt", "net_param")
    assert place_of_net(name_of_net("s", "test_net_param")) == ("s", "test_net_param")
    for file in ("s.prototxt", "a#b.prototxt", "a#", "#net_param"):
        assert place_of_net(file) == ((file, "") if file != "#net_param" else ("", "net_param"))


def test_the_one_net_of_a_solver_needs_no_name() -> None:
    Path("s.prototxt").write_text(SOLVER)
    for path in ("s.prototxt", "s.prototxt#net_param"):
        net = netdef.load(path)
        assert (net.name, net.blobs) == ("inner", {"x": (2, 3)})
    assert netdef.analyse(SOLVER, path="t.prototxt#net_param").net is not None


def test_a_mistake_has_its_place_in_the_solver() -> None:
    (mistake,) = netdef.analyse(SOLVER.replace("Input", "Inputs"), path="s.prototxt").report.errors
    assert mistake.primary is not None
    assert mistake.primary.span.line == 5


def test_a_field_that_is_not_there(capsys: pytest.CaptureFixture[str]) -> None:
    Path("s.prototxt").write_text(SOLVER)
    assert main(["check", "s.prototxt#test_net_param"]) == 1
    said = capsys.readouterr().err
    assert "s.prototxt has no test_net_param" in said
    assert "1 error" not in said, "and nothing else is said"


def test_two_nets_need_their_names() -> None:
    Path("s.prototxt").write_text(f"train_net_param {{ {NET} }} test_net_param {{ {NET} }} base_lr: 1")
    (mistake,) = netdef.analyse(path="s.prototxt").report.errors
    assert (mistake.code, mistake.help) == ("N414", "its nets: s.prototxt#train_net_param, s.prototxt#test_net_param")
    assert netdef.load("s.prototxt#test_net_param").name == "inner"
