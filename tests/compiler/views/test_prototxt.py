"""Pure Caffe V2 prototxt: what `netdef expand` prints."""

from pathlib import Path
from typing import Any

import pytest

import netdef
from netdef.cli import main
from netdef.compiler.diagnostics import Report
from netdef.compiler.load import expand_source, load_expanded
from netdef.compiler.source import Source
from netdef.compiler.syntax.tree import Field, Group, Plain
from netdef.compiler.views.prototxt import write, write_net

NETS = Path(__file__).parents[3] / "nets"


def meaning(body: tuple[Plain, ...]) -> list[Any]:
    """Names and values without places."""
    found: list[Any] = []
    for statement in body:
        if isinstance(statement, Group):
            found.append((statement.name, meaning(statement.fields)))
        else:
            assert isinstance(statement, Field)
            found.append((statement.name, type(statement.value).__name__, statement.value[0]))
    return found


@pytest.mark.parametrize("path", sorted(NETS.glob("*.net")), ids=lambda path: path.stem)
def test_what_is_printed_is_the_same_net(path: Path, tmp_path: Path) -> None:
    plain = tmp_path / path.name
    plain.write_text(write(load_expanded(str(path), {})))
    for phase in ("TRAIN", "TEST"):
        first, second = netdef.load(path, phase=phase), netdef.load(plain, phase=phase)
        assert (first.name, first.blobs, first.params, first.outputs, first.macs) == (
            second.name,
            second.blobs,
            second.params,
            second.outputs,
            second.macs,
        )
        assert [node.layer for node in first.nodes] == [node.layer for node in second.nodes]


def test_plain_prototxt_expands_to_the_same_net_field_for_field(shared: Path) -> None:
    seen = 0
    for path in sorted((shared / "corpus/prototxt").rglob("*.prototxt")):
        try:
            first = load_expanded(str(path), {})
        except netdef.NetError:
            continue
        second = expand_source(Source("<printed>", write(first)), {}, Report())
        ours = [s for s in meaning(first.body) if s[0] not in ("expect", "preprocess")]
        assert meaning(second.body) == ours, path
        seen += 1
    assert seen > 150


def test_what_caffe_does_not_know_is_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["expand", str(NETS / "vgg16.net"), "--set", "classes=7"]) == 0
    text = capsys.readouterr().out
    assert "expect" not in text
    assert "preprocess" not in text
    assert "num_output: 7\n" in text
    assert text.count("layer {") == 42  # both phases: 39 layers in both, prob in TEST, label and loss in TRAIN


def test_strings_are_escaped() -> None:
    source = Source("<text>", 'name: "a\\"b\\\\\\n\\303\\251"')
    assert write(expand_source(source, {}, Report())) == 'name: "a\\"b\\\\\\né"\n'


@pytest.mark.parametrize("path", sorted(NETS.glob("*.net")), ids=lambda path: path.stem)
def test_a_net_in_one_phase_is_the_same_net(path: Path, tmp_path: Path) -> None:
    for phase in ("TRAIN", "TEST"):
        net = netdef.load(path, phase=phase)
        if not net.nodes:
            continue
        plain = tmp_path / path.name
        plain.write_text(write_net(net))
        again = netdef.load(plain, phase="TEST" if phase == "TRAIN" else "TRAIN")  # no rule is left to ask for one
        assert [node.layer for node in again.nodes] == [node.layer for node in net.nodes]
        assert (again.blobs, again.params, again.outputs) == (net.blobs, net.params, net.outputs)


def test_what_an_option_asks_for_is_printed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["expand", str(NETS / "lenet.net"), "--dense", "--size", "data=2x1x40x36"]
    assert main(words) == 0
    plain = tmp_path / "dense.prototxt"
    plain.write_text(capsys.readouterr().out)
    net = netdef.load(plain)
    assert net.blobs["ip2"] == (2, 10, 4, 3)
    assert net.params["ip1"] == [(500, 50, 4, 4), (500,)]
    assert not any(node.type == "InnerProduct" for node in net.nodes)
