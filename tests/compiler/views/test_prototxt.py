"""Pure Caffe V2 prototxt: what `netdef expand` prints."""

from pathlib import Path
from typing import Any

import pytest

import netdef
from netdef import example_nets
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


@pytest.mark.parametrize("name", example_nets.names())
def test_what_is_printed_is_the_same_net(name: str, tmp_path: Path) -> None:
    path = NETS / f"{name}.net"
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
