"""netdef draw: a file of each suffix."""

import re
import shutil
from base64 import b64encode
from hashlib import sha256
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
    shown = out.read_text("utf-8")
    assert shown.count("<script>") == 1
    script = shown[shown.index("<script>") + 8 : shown.rindex("</script>")]
    assert "alert" not in script
    digest = b64encode(sha256(script.encode()).digest()).decode()
    assert f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{digest}'" in shown  # runs no other
    assert "&lt;/title&gt;&lt;script&gt;alert(1)&lt;/script&gt;" in shown


@needs_dot
def test_a_page_needs_nothing_else(tmp_path: Path) -> None:
    out = tmp_path / "net.html"
    assert main(["draw", str(NETS / "resnet50.net"), "-o", str(out)]) == 0
    shown = out.read_text("utf-8")
    loads = r"\b(?:src|href)\s*=|url\(|@import|\bfetch\b|\bimport\b|XMLHttpRequest"
    assert not re.search(loads, shown)
    assert "://" not in re.sub(r'"http://www\.w3\.org/[^"]+"', "", shown)
    assert shown.count("<svg") == 1
    assert "receptive field" in shown  # told under the pointer


def test_an_unknown_type_is_drawn(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, out = tmp_path / "a.net", tmp_path / "a.dot"
    path.write_text('input "d" [1, 2] layer "mine" Mine layer "fc" InnerProduct { num_output: 3 }')
    assert main(["draw", str(path), "-o", str(out)]) == 1
    said = capsys.readouterr()
    assert "error[N209]" in said.err
    assert said.out == f"{out}: 3 layers\n"
    assert all(f"<b>{name}</b>" in out.read_text() for name in ("d", "mine", "fc"))


@pytest.mark.parametrize("text", ["this is no net", 'layer { name: "a" type: "ReLU" bottom: ]'])
def test_what_is_no_net_is_not_drawn(text: str, tmp_path: Path) -> None:
    (tmp_path / "a.net").write_text(text)
    assert main(["draw", str(tmp_path / "a.net"), "-o", str(tmp_path / "a.dot")]) == 1
    assert not (tmp_path / "a.dot").exists()


# ---- where it goes, and in what form
def test_the_standard_output_takes_every_form(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    assert main(["draw", str(NETS / "lenet.net"), "-o", "-", "--format", "dot"]) == 0
    assert capfdbinary.readouterr().out.startswith(b'digraph "LeNet" {')


@needs_dot
@pytest.mark.parametrize(("words", "magic"), [([], b"<?xml"), (["--format", "png"], MAGIC["png"])])
def test_the_standard_output_takes_svg_unless_told(
    words: list[str], magic: bytes, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    assert main(["draw", str(NETS / "lenet.net"), "-o", "-", *words]) == 0
    assert capfdbinary.readouterr().out.startswith(magic)


def test_a_format_is_stronger_than_a_suffix(tmp_path: Path) -> None:
    out = tmp_path / "net.txt"
    assert main(["draw", str(NETS / "lenet.net"), "-o", str(out)]) == 1
    assert main(["draw", str(NETS / "lenet.net"), "-o", str(out), "--format", "dot"]) == 0
    assert out.read_text().startswith("digraph")


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
