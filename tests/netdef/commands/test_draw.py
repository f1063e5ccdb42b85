"""netdef draw: a file of each suffix."""

import re
import shutil
from pathlib import Path

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
