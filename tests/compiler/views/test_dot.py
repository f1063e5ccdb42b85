"""Drawings: what DOT says, and what graphviz itself makes of it."""

import re
import shutil
from pathlib import Path

import pytest

import netdef
from netdef.cli import main
from netdef.compiler.views.dot import dot

NETS = Path(__file__).parents[3] / "nets"

needs_dot = pytest.mark.skipif(shutil.which("dot") is None, reason="graphviz's program dot is not installed")


def test_every_layer_and_every_blob_is_drawn() -> None:
    net = netdef.load(NETS / "resnet50.net")
    graph = dot(net)
    assert all(f"<b>{node.name}</b>" in graph for node in net.nodes)
    assert graph.count(" -> ") == sum(len(node.bottoms) for node in net.nodes)
    assert 'label="1x2048x7x7"' in graph


def test_blocks_are_clusters() -> None:
    graph = dot(netdef.load(NETS / "vgg16.net"))
    assert graph.count("subgraph cluster_") == 6
    assert 'label="stage(1, depth: 2, channels: 64)"' in graph


@needs_dot
@pytest.mark.parametrize(
    ("suffix", "magic"), [(".svg", b"<?xml"), (".pdf", b"%PDF"), (".png", b"\x89PNG"), (".html", b"<!doctype html>")]
)
def test_graphviz_renders_it(suffix: str, magic: bytes, tmp_path: Path) -> None:
    out = tmp_path / f"net{suffix}"
    assert main(["draw", str(NETS / "digits.net"), "-o", str(out)]) == 0
    assert out.read_bytes().startswith(magic)


@needs_dot
def test_odd_names_survive(tmp_path: Path) -> None:
    path = tmp_path / "odd.net"
    path.write_text('name: "a \\"b\\" <c>"\ninput "x/<&>" [1, 2]\nlayer "y\\\\n" ReLU { top: "z\\"" }\n')
    out = tmp_path / "odd.svg"
    assert main(["draw", str(path), "-o", str(out)]) == 0
    assert re.search(r"x/&lt;&amp;&gt;", out.read_text())


def test_without_dot_the_message_says_where_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert main(["draw", str(NETS / "digits.net"), "-o", str(tmp_path / "net.svg")]) == 1
    message = capsys.readouterr().err
    assert "apt-get install graphviz" in message
    assert "graphviz-pure" in message
    assert main(["draw", str(NETS / "digits.net"), "-o", str(tmp_path / "net.dot")]) == 0
