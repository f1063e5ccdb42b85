"""A .solverstate, wherever one is given, is named for what it is."""

from pathlib import Path

import pytest

import netdef
from netdef.cli import main


@pytest.mark.parametrize(
    "words",
    [
        ["train", "net.net", "--weights", "x_iter_10.solverstate"],
        ["train", "net.net", "--resume", "x_iter_10.solverstate"],
        ["train", "--resume", "x_iter_10.solverstate"],
        ["train", "--resume", "-o", "x_iter_10.solverstate"],
        ["train", "net.net", "--snapshot", "x_iter_10.solverstate"],
        ["train", "net.net", "--recipe", "x_iter_10.solverstate"],
        ["train", "x_iter_10.solverstate"],
        ["summary", "x_iter_10.solverstate"],
        ["evaluate", "net.net", "--weights", "x_iter_10.solverstate.h5"],
        ["export", "net.net", "--onnx", "--weights", "x_iter_10.solverstate.h5"],
    ],
)
@pytest.mark.parametrize("is_there", [True, False])
def test_it_is_named(
    words: list[str],
    is_there: bool,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("net.net").write_text(
        'input "data" [1, 1, 8, 8] input "label" [1] layer "fc" InnerProduct { bottom: "data" num_output: 10 }'
        'layer "loss" SoftmaxWithLoss { bottom: ["fc", "label"] }'
    )
    if is_there:
        Path("x_iter_10.solverstate").write_bytes(b"\x08\x0a\x12\x04x.ca")
        Path("x_iter_10.solverstate.h5").touch()
        Path("x_iter_10.caffemodel").touch()
    assert main(words) == 1
    said = capsys.readouterr().err
    assert "is the state of one of Caffe's solvers: its iteration and momentum, and no weights" in said
    beside = "stands" if is_there else "Caffe writes"
    assert f"which {beside} beside it: --weights x_iter_10.caffemodel" in said


def test_python_says_so_too(tmp_path: Path) -> None:
    with pytest.raises(netdef.NetError, match="the state of one of Caffe's solvers"):
        netdef.read_weights(tmp_path / "x.solverstate")
