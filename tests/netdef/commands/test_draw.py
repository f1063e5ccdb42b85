"""netdef draw: a file of each suffix."""

import re
import shutil
from pathlib import Path
from xml.etree import ElementTree

import pytest

from netdef.cli import main
from netdef.compiler.views.graphviz_program import PORT
from tests.programs import leave_only

NETS = Path(__file__).parents[3] / "nets"
MAGIC = {"svg": b"<?xml", "png": b"\x89PNG", "pdf": b"%PDF", "html": b"<!doctype html>"}

needs_dot = pytest.mark.skipif(shutil.which("dot") is None, reason="graphviz's program dot is not installed")
needs_port = pytest.mark.skipif(shutil.which(PORT) is None, reason="graphviz-pure is not installed")


@pytest.mark.parametrize("suffix", [pytest.param(suffix, marks=needs_dot) for suffix in MAGIC])
def test_graphviz_renders_it(suffix: str, tmp_path: Path) -> None:
    out = tmp_path / f"net.{suffix}"
    assert main(["draw", str(NETS / "digits.net"), "-o", str(out)]) == 0
    assert out.read_bytes().startswith(MAGIC[suffix])


@needs_port
@pytest.mark.parametrize("suffix", ["svg", "png", "html"])
def test_its_port_renders_it(suffix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    leave_only(tmp_path, monkeypatch, PORT, real=True)
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


def test_the_port_draws_no_pdf(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    leave_only(tmp_path, monkeypatch, PORT)
    assert main(["draw", str(NETS / "digits.net"), "-o", str(tmp_path / "net.pdf")]) == 1
    message = capsys.readouterr().err
    assert "graphviz-pure draws no pdf" in message
    assert "apt-get install graphviz" in message


def test_without_a_program_the_message_says_where_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    leave_only(tmp_path, monkeypatch)
    assert main(["draw", str(NETS / "digits.net"), "-o", str(tmp_path / "net.svg")]) == 1
    message = capsys.readouterr().err
    assert "apt-get install graphviz" in message
    assert "graphviz-pure" in message
    assert main(["draw", str(NETS / "digits.net"), "-o", str(tmp_path / "net.dot")]) == 0


def test_a_false_claim_hides_no_drawing(tmp_path: Path) -> None:
    path, out = tmp_path / "a.net", tmp_path / "a.dot"
    path.write_text('input "d" [1, 2] layer "r" ReLU expect { params: 5 }')
    assert main(["draw", str(path), "-o", str(out)]) == 1
    assert "ReLU" in out.read_text()


@needs_dot
@pytest.mark.parametrize("suffix", ["svg", "html", "png", "dot"])
def test_names_may_hold_what_no_drawing_can(suffix: str, tmp_path: Path) -> None:
    """Control characters are none of XML's, and a zero byte ends what graphviz reads."""
    path, out = tmp_path / "a.net", tmp_path / f"a.{suffix}"
    path.write_text('name: "a\\0b\\x01" input "d\\x1b" [1, 2] layer "p\\0\\x02" ReLU { top: "t\\x7f" }')
    assert main(["draw", str(path), "-o", str(out)]) == 0
    if suffix == "svg":
        ElementTree.parse(out)


@needs_dot
def test_a_program_that_fails_is_a_mistake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "dot"
    program.write_text("#!/bin/sh\necho no fonts >&2\nexit 1\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert main(["draw", str(NETS / "digits.net"), "-o", str(tmp_path / "a.svg")]) == 1
    assert not (tmp_path / "a.svg").exists()
