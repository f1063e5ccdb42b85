"""Shapes, weights, counts and outputs of real nets, against what BVLC Caffe made of them.

Of the lines of ``oracle/shapes.jsonl`` these are out of scope:

- Layer types that are not declared yet (N209).
- Files that Caffe refuses. Most are refused here too; the rest have a fork's fields or types, of which BVLC Caffe knows
  nothing, and which here are a warning.
"""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import netdef
from netdef.compiler.net.net import Net

OUTCOMES = {
    "equal": 123,
    "N209": 17,
    "both refuse": 109,
    "fork's fields": 29,
}
"""How many lines end in which way; a change in either direction must be looked at."""


def load(file: Path, phase: str) -> Net | set[str]:
    """The net, or the codes of what is wrong with it."""
    try:
        return netdef.load(file, phase=phase)
    except netdef.NetError as error:
        return {diagnostic.code for diagnostic in error.report.errors}


def outcome(line: dict[str, Any], file: Path) -> str:
    """How our net compares with Caffe's."""
    net = load(file, line["phase"])
    if not isinstance(net, Net):
        if "refused" in line:
            return "both refuse"
        assert net == {"N209"}, file
        return net.pop()
    if "refused" in line:
        assert "has no field named" in line["refused"], file
        return "fork's fields"
    assert {name: list(shape) for name, shape in net.blobs.items()} == line["blobs"], file
    assert {name: [list(s) for s in shapes] for name, shapes in net.params.items()} == line["params"], file
    assert net.num_params == line["num_params"], file
    assert net.outputs == line["outputs"], file
    return "equal"


def test_all_nets_have_the_shapes_that_caffe_gives_them(shared: Path) -> None:
    lines = [json.loads(line) for line in (shared / "oracle/shapes.jsonl").read_text("utf-8").splitlines()]
    outcomes = Counter(outcome(line, shared / "corpus/prototxt" / line["file"]) for line in lines)
    assert outcomes == OUTCOMES
