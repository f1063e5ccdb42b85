"""The command line: statuses, streams, and the commands check, explain and layers."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from netdef.cli import COMMANDS, main
from netdef.compiler import explain
from netdef.compiler.layers import catalogue

TYPES = [kind.type_name for kind in catalogue.every_type()]
ROOT = Path(__file__).parents[2]
GOOD = ROOT / "nets/lenet.net"
BAD = explain.FOLDER / "N204.net"
ONLY_TRAIN = """
input "data" [2, 3, 7, 5]
layer "fc" InnerProduct { num_output: 4 }
layer "loss" SoftmaxWithLoss { bottom: ["fc", "lable"] include { phase: TRAIN } }
layer "prob" Softmax { bottom: "fc" include { phase: TEST } }
"""

Captured = pytest.CaptureFixture[str]


def ran(*arguments: str) -> subprocess.CompletedProcess[str]:
    """The command as a process of its own."""
    command = [sys.executable, "-m", "netdef", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


# ---- the frame
def test_python_m_netdef_is_the_command() -> None:
    done = ran("check", str(GOOD))
    assert (done.returncode, done.stdout, done.stderr) == (0, f"{GOOD}: fine: 9 layers, 431,080 parameters\n", "")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "COMMAND"),
        (("nonsense",), "nonsense"),
        (("check",), "FILE"),
        (("summary", "x", "--size", "y"), "BLOB=1x3x384x500"),
    ],
)
def test_wrong_usage_is_status_2(arguments: tuple[str, ...], said: str, capsys: Captured) -> None:
    with pytest.raises(SystemExit) as caught:
        main([*arguments])
    assert caught.value.code == 2
    assert said in capsys.readouterr().err


def test_every_command_has_help(capsys: Captured) -> None:
    for command in COMMANDS:
        with pytest.raises(SystemExit) as caught:
            main([command, "--help"])
        assert caught.value.code == 0
        out = capsys.readouterr().out
        assert command in out
        assert "(default: ())" not in out


def test_our_fault_is_status_3_without_a_traceback(monkeypatch: pytest.MonkeyPatch, capsys: Captured) -> None:
    monkeypatch.setattr("netdef.commands.check.load_net", lambda *_: 1 / 0)
    monkeypatch.delenv("NETDEF_TRACEBACK", raising=False)
    assert main(["check", str(GOOD)]) == 3
    assert capsys.readouterr().err.startswith("netdef: our fault, not yours: ZeroDivisionError: division by zero\n")


def test_a_pipe_that_is_closed_early_is_no_mistake() -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "netdef", "explain", "--json"], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout is not None
    process.stdout.close()
    assert process.stderr is not None
    assert process.stderr.read() == b""
    process.stderr.close()
    assert process.wait() == 0


@pytest.mark.skipif(os.environ.get("NETDEF_TRACEBACK") is not None, reason="tracebacks are asked for")
def test_colour_is_for_terminals_only(capsys: Captured) -> None:
    main(["check", str(BAD)])
    assert "\033" not in capsys.readouterr().err


# ---- check
def test_check_says_what_is_wrong_on_stderr_and_what_is_fine_on_stdout(capsys: Captured) -> None:
    assert main(["check", str(GOOD), str(BAD)]) == 1
    captured = capsys.readouterr()
    assert captured.out == f"{GOOD}: fine: 9 layers, 431,080 parameters\n"
    assert captured.err.startswith("error[N204]: a 7x7 window does not fit a 6x6 image\n")


def test_check_looks_at_both_phases_and_says_what_only_one_has(tmp_path: Path, capsys: Captured) -> None:
    path = tmp_path / "net.net"
    path.write_text(ONLY_TRAIN)
    assert main(["check", str(path)]) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.count("error[") == 1
    assert 'there is no blob "lable"' in captured.err
    assert "note: in phase TRAIN only" in captured.err
    path.write_text(ONLY_TRAIN.replace("lable", "fc").replace("num_output", "num_outputs"))
    assert main(["check", str(path)]) == 1
    assert "only" not in capsys.readouterr().err


@pytest.mark.parametrize("form", ["concise", "json", "sarif"])
def test_check_in_formats_for_machines_is_a_result(form: str, capsys: Captured) -> None:
    assert main(["check", str(BAD), "--format", form]) == 1
    captured = capsys.readouterr()
    assert captured.err == ""
    if form == "concise":
        assert captured.out == f"{BAD}:9:57: error[N204]: a 7x7 window does not fit a 6x6 image\n"
    elif form == "json":
        (found,) = json.loads(captured.out)
        assert (found["code"], found["location"]["line"]) == ("N204", 9)
    else:
        assert json.loads(captured.out)["runs"][0]["results"][0]["ruleId"] == "N204"


def test_check_warns_without_failing(capsys: Captured) -> None:
    assert main(["check", str(explain.FOLDER / "N508.net")]) == 0
    captured = capsys.readouterr()
    assert "warning[N508]" in captured.err
    assert ": fine: " in captured.out


def test_check_takes_what_every_command_takes_that_reads_a_net(capsys: Captured) -> None:
    assert main(["check", str(GOOD), "--set", "classes=3", "--size", "data=1x1x32x32"]) == 0
    captured = capsys.readouterr()
    assert "fine: 9 layers, 652,573 parameters" in captured.out  # 520 + 25,050 + 625,500 + 1,503
    assert captured.err.count("warning[N603]") == 2


# ---- explain
def test_explain_prints_the_page(capsys: Captured) -> None:
    assert main(["explain", "n204"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("N204: A window that does not fit the image\n\nA window must lie within")
    assert (explain.FOLDER / "N204.txt").read_text().rstrip() in out
    assert '\n   9  layer "conv2" Convolution { num_output: 50 kernel_size: 7 }\n' in out


def test_explain_lists_all_codes_by_their_law(capsys: Captured) -> None:
    assert main(["explain"]) == 0
    out = capsys.readouterr().out
    assert all(f"  {code}  {explain.title(code)}\n" in out + "\n" for code in explain.codes())
    assert out.index("N2  a layer: its parameters and its shapes") < out.index("  N204  ") < out.index("N3  blocks")


def test_explain_does_not_know_every_code(capsys: Captured) -> None:
    assert main(["explain", "N2044"]) == 2
    assert (
        capsys.readouterr().err == "netdef: there is no code N2044; did you mean N204? netdef explain lists them all\n"
    )


def test_explain_in_json(capsys: Captured) -> None:
    assert main(["explain", "N311", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert list(found["files"]) == ["N311.net", "N311_blocks.net"]
    assert main(["explain", "--json"]) == 0
    assert list(json.loads(capsys.readouterr().out)) == explain.codes()


# ---- layers
def test_layers_lists_all_types(capsys: Captured) -> None:
    assert main(["layers"]) == 0
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == TYPES


def test_layers_loads_no_back_end_unless_asked() -> None:
    code = (
        "import sys; from netdef.cli import main; main(['layers']); "
        "print(sorted({'torch', 'onnx', 'numpy'} & set(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stderr == "[]\n"


def described(kind: str, capsys: Captured) -> dict[str, Any]:
    assert main(["layers", kind, "--json"]) == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def test_a_types_page_has_what_caffe_proto_says(capsys: Captured) -> None:
    """The fields, their order, words and defaults are those of caffe.proto's PoolingParameter."""
    found = described("Pooling", capsys)
    fields = {field["name"]: field for field in found["fields"]}
    assert found["message"] == "pooling_param"
    assert fields["pool"]["words"] == ["MAX", "AVE", "STOCHASTIC"]
    assert {name: field["default"] for name, field in fields.items()} == {
        "pool": "MAX",
        "kernel_size": None,
        "stride": 1,
        "pad": 0,
        "global_pooling": False,
        "round_mode": "CEIL",
        "engine": "DEFAULT",
    }
    assert fields["pad"]["or"] == ["pad_h", "pad_w"]
    assert fields["stride"]["least"] == 1


@pytest.mark.parametrize("kind", TYPES)
def test_every_type_has_a_page_and_every_field_a_word_about_it(kind: str, capsys: Captured) -> None:
    found = described(kind, capsys)
    fields = found["fields"] + [field for beside in found["messages_beside"] for field in beside["fields"]]
    assert [field["name"] for field in fields if not field["doc"]] == []
    assert main(["layers", kind]) == 0
    out = capsys.readouterr().out
    assert out.startswith(f"{kind}: ")
    assert [field["name"] for field in fields if f"  {field['name']}" not in out] == []


def test_layers_suggests_the_type_that_was_meant(capsys: Captured) -> None:
    assert main(["layers", "Convolutoin"]) == 2
    assert "did you mean Convolution?" in capsys.readouterr().err
