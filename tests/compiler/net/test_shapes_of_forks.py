"""Shapes, weights, counts and outputs of real nets of forks, against what the forks made of them.

Sizes that only a run can tell (detections, boxes of a batch) have a placeholder in the oracle, and a symbol here.
"""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import netdef
from netdef.compiler.shape import differ

OUTCOMES = {"equal": 44}
"""How many lines end in which way: all are equal."""


def outcome(line: dict[str, Any], file: Path) -> str:
    """How our net compares with the fork's; else the codes of what is wrong with it."""
    try:
        net = netdef.load(file, phase=line["phase"])
    except netdef.NetError as error:
        return ", ".join(sorted({diagnostic.code for diagnostic in error.report.errors}))
    assert net.blobs.keys() == line["blobs"].keys(), file
    for name, shape in line["blobs"].items():
        assert not differ(net.blobs[name], tuple(shape)), (file, name)
    assert {name: [list(s) for s in shapes] for name, shapes in net.params.items()} == line["params"], file
    assert net.num_params == line["num_params"], file
    assert sorted(net.outputs) == sorted(line["outputs"]), file
    return "equal"


def test_all_nets_have_the_shapes_that_forks_give_them(shared: Path) -> None:
    lines = [json.loads(line) for line in (shared / "oracle/forks/shapes.jsonl").read_text("utf-8").splitlines()]
    outcomes = Counter(outcome(line, shared / "corpus/prototxt" / line["file"]) for line in lines)
    assert outcomes == OUTCOMES
