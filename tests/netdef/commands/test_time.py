"""netdef time: tables and JSON."""

import csv
import json
from pathlib import Path

import pytest

import netdef
from netdef.cli import main
from netdef.compiler.views.summary import as_dict

DIGITS = Path(__file__).parents[3] / "nets/digits.net"

Captured = pytest.CaptureFixture[str]


def computing(net: netdef.Net) -> list[str]:
    return [node.name for node in net.nodes if node.type != "Input"]


def test_json_has_the_summarys_multiply_adds_at_the_batch_that_is_asked_for(capsys: Captured) -> None:
    assert main(["time", str(DIGITS), "--batch", "3", "--repeat", "1", "--device", "cpu", "--format", "json"]) == 0
    found = json.loads(capsys.readouterr().out)
    expected = as_dict(netdef.load(DIGITS, set={"N": 3}))
    macs = {layer["name"]: layer["macs"] for layer in expected["layers"] if layer["type"] != "Input"}
    assert {layer["name"]: layer["macs"] for layer in found["layers"]} == macs
    assert (found["macs"], found["batch"], found["phase"]) == (expected["macs"], 3, "TEST")
    assert found["settings"]["precision"] == "float32"


def test_tables_have_a_row_for_each_layer(capsys: Captured) -> None:
    command = ["time", str(DIGITS), "--repeat", "1", "--device", "cpu", "--precision", "bf16"]
    names = computing(netdef.load(DIGITS))
    main([*command, "--format", "csv"])
    table = capsys.readouterr()
    rows = list(csv.DictReader(table.out.splitlines()))
    assert [row["layer"] for row in rows] == names
    assert sum(float(row["share"].removesuffix(" %")) for row in rows) == pytest.approx(100, abs=0.05 * len(rows))
    assert table.err == "netdef time: the whole net\nnetdef time: layer by layer\n"
    main(command)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "digits, phase TEST, batch 1, cpu, bf16"
    assert [line.split()[0] for line in lines[4 : 4 + len(names)]] == names
    main([*command, "--format", "markdown"])
    assert capsys.readouterr().out.count("\n| ") == len(names) + 1


@pytest.mark.parametrize("conv", ["", 'layer "conv" Convolution { num_output: 2 kernel_size: 3 }'])
def test_a_net_whose_outputs_are_silenced_takes_time_too(conv: str, tmp_path: Path, capsys: Captured) -> None:
    """A layer that nothing needs isn't run: it takes no time, and has no rate."""
    (tmp_path / "silent.net").write_text(f'input "data" [1, 3, 8, 8]\n{conv}\nlayer "s" Silence\n')
    assert main(["time", str(tmp_path / "silent.net"), "--repeat", "1", "--device", "cpu"]) == 0
    assert "the whole net" in capsys.readouterr().out
