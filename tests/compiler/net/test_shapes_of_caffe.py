"""Shapes, weights, counts and outputs of real nets, against what BVLC Caffe made of them.

All that Caffe accepts is equal. Of what it refuses most is refused here too; the rest has types, fields or Python
layers of forks, of which BVLC Caffe knows nothing, and which here are a warning.
"""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import netdef
from netdef.compiler.net.net import Net

OUTCOMES = {
    "equal": 140,
    "both refuse": 58,
    "fork's fields": 64,
    "fork's types": 8,
    "Python layers": 8,
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
        assert "refused" in line, (file, net)
        return "both refuse"
    if "refused" in line:
        if "Unknown layer type" in line["refused"] or "V1LayerParameter.LayerType" in line["refused"]:
            return "fork's types"
        if "ModuleNotFoundError" in line["refused"]:
            return "Python layers"
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
