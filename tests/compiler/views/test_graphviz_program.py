"""Drawings: what Graphviz and its port make of a net's DOT, and which of the two is asked."""

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

import netdef
from netdef.cli import main
from netdef.compiler.views.graphviz_program import PORT, laid_out, layout_program

NETS = Path(__file__).parents[3] / "nets"
MAGIC = {"svg": b"<?xml", "png": b"\x89PNG", "pdf": b"%PDF", "html": b"<!doctype html>"}

needs_dot = pytest.mark.skipif(shutil.which("dot") is None, reason="graphviz's program dot is not installed")
needs_port = pytest.mark.skipif(shutil.which(PORT) is None, reason="graphviz-pure is not installed")

Programs = Callable[..., dict[str, str]]


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Programs:
    """Leave only some programs to be found: links to what is installed, or scripts that say who they are."""

    def only(*names: str, real: bool = False) -> dict[str, str]:
        folder = tmp_path / "programs"
        folder.mkdir()
        for name in names:
            place = folder / name
            if real:
                place.symlink_to(str(shutil.which(name)))
            else:
                place.write_text(f'#!/bin/sh\necho "{name} $*"\n')
                place.chmod(0o755)
        monkeypatch.setattr("sysconfig.get_path", lambda _: str(folder))
        monkeypatch.setenv("PATH", str(folder))
        return {name: str(folder / name) for name in names}

    return only


@pytest.mark.parametrize("suffix", [pytest.param(suffix, marks=needs_dot) for suffix in MAGIC])
def test_graphviz_renders_it(suffix: str, tmp_path: Path) -> None:
    out = tmp_path / f"net.{suffix}"
    assert main(["draw", str(NETS / "digits.net"), "-o", str(out)]) == 0
    assert out.read_bytes().startswith(MAGIC[suffix])


@needs_port
@pytest.mark.parametrize("suffix", ["svg", "png", "html"])
def test_its_port_renders_it(suffix: str, tmp_path: Path, programs: Programs) -> None:
    programs(PORT, real=True)
    out = tmp_path / f"net.{suffix}"
    assert main(["draw", str(NETS / "digits.net"), "-o", str(out)]) == 0
    assert out.read_bytes().startswith(MAGIC[suffix])
    assert suffix == "png" or b"conv1" in out.read_bytes()


@needs_dot
def test_odd_names_survive(tmp_path: Path) -> None:
    path = tmp_path / "odd.net"
    path.write_text('name: "a \\"b\\" <c>"\ninput "x/<&>" [1, 2]\nlayer "y\\\\n" ReLU { top: "z\\"" }\n')
    out = tmp_path / "odd.svg"
    assert main(["draw", str(path), "-o", str(out)]) == 0
    assert re.search(r"x/&lt;&amp;&gt;", out.read_text())


@needs_dot
def test_a_page_shows_hostile_names_as_text(tmp_path: Path) -> None:
    """A script that loads from a net's name would run in whoever opens the page."""
    path = tmp_path / "hostile.net"
    path.write_text('name: "</title><script>alert(1)</script>"\ninput "<script>x</script>" [1, 2] layer "r" ReLU\n')
    out = tmp_path / "hostile.html"
    assert main(["draw", str(path), "-o", str(out)]) == 0
    assert "<script" not in out.read_text()


# ---- which program
def test_dot_comes_first(programs: Programs) -> None:
    found = programs("dot", PORT)
    assert str(layout_program("pdf")) == found["dot"]
    assert laid_out("digraph { }", "svg") == b"dot -Kdot -Tsvg\n"


def test_without_dot_its_port_draws(programs: Programs) -> None:
    found = programs(PORT)
    assert str(layout_program("svg")) == found[PORT]
    assert laid_out("digraph { }", "png") == b"graphviz-pure -Kdot -Tpng\n"


def test_the_port_is_found_beside_the_interpreter(programs: Programs, monkeypatch: pytest.MonkeyPatch) -> None:
    """An environment may be used without being activated: its programs are not on the PATH then."""
    found = programs(PORT)
    monkeypatch.setenv("PATH", "")
    assert str(layout_program("svg")) == found[PORT]


def test_the_port_draws_no_pdf(programs: Programs, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    programs(PORT)
    assert main(["draw", str(NETS / "digits.net"), "-o", str(tmp_path / "net.pdf")]) == 1
    message = capsys.readouterr().err
    assert "graphviz-pure draws no pdf" in message
    assert "apt-get install graphviz" in message


def test_without_a_program_the_message_says_where_to_get_it(
    programs: Programs, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    programs()
    assert main(["draw", str(NETS / "digits.net"), "-o", str(tmp_path / "net.svg")]) == 1
    message = capsys.readouterr().err
    assert "apt-get install graphviz" in message
    assert "graphviz-pure" in message
    assert main(["draw", str(NETS / "digits.net"), "-o", str(tmp_path / "net.dot")]) == 0


def test_the_packages_own_program_is_left_as_it_was(programs: Programs) -> None:
    from graphviz.backend import dot_command

    before = dot_command.DOT_BINARY
    programs()
    with pytest.raises(netdef.NetError):
        laid_out("digraph { }", "svg")
    assert before == dot_command.DOT_BINARY
