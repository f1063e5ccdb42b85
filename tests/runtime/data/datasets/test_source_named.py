"""Data that nobody named: the digits stand in for nets that are made for images about as small."""

from pathlib import Path

import pytest

from netdef.cli import main

NET = """
input "data" [2, 3, SIDE, SIDE]
input "label" [2]
layer "pool" Pooling { bottom: "data" pool: AVE global_pooling: true }
layer "fc" InnerProduct { num_output: 10 weight_filler { type: "xavier" } }
layer "loss" SoftmaxWithLoss { bottom: ["fc", "label"] }
"""


@pytest.mark.parametrize(("side", "words", "status"), [(224, [], 1), (224, ["--dry-run"], 0), (32, ["--dry-run"], 0)])
def test_a_net_for_photographs_asks_for_data(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    side: int,
    words: list[str],
    status: int,
) -> None:
    """A dry run needs none: made-up images stand in."""
    monkeypatch.chdir(tmp_path)
    Path("a.net").write_text(NET.replace("SIDE", str(side)))
    Path("a.yaml").write_text("{batch: 2, iterations: 2}")
    assert main(["train", "a.net", *words]) == status
    said = capsys.readouterr().err
    assert ("no data are named, and a.net takes images of 224x224 (data): digits are 8x8" in said) == (side == 224)
    assert ("error[N717]" in said) == (status == 1)
    assert not Path("runs").exists()
