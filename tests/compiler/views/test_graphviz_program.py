"""Drawings: what Graphviz and its port make of a net's DOT, and which of the two is asked."""

from pathlib import Path

import pytest

import netdef
from netdef.compiler.views.graphviz_program import PORT, laid_out, layout_program
from tests.programs import leave_only


def test_dot_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = leave_only(tmp_path, monkeypatch, "dot", PORT)
    assert str(layout_program("pdf")) == found["dot"]
    assert laid_out("digraph { }", "svg") == b"dot -Kdot -Tsvg\n"


def test_without_dot_its_port_draws(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = leave_only(tmp_path, monkeypatch, PORT)
    assert str(layout_program("svg")) == found[PORT]
    assert laid_out("digraph { }", "png") == b"graphviz-pure -Kdot -Tpng\n"


def test_the_port_is_found_beside_the_interpreter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An environment may be used without being activated: its programs are not on the PATH then."""
    found = leave_only(tmp_path, monkeypatch, PORT)
    monkeypatch.setenv("PATH", "")
    assert str(layout_program("svg")) == found[PORT]


def test_the_packages_own_program_is_left_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from graphviz.backend import dot_command

    before = dot_command.DOT_BINARY
    leave_only(tmp_path, monkeypatch)
    with pytest.raises(netdef.NetError):
        laid_out("digraph { }", "svg")
    assert before == dot_command.DOT_BINARY
