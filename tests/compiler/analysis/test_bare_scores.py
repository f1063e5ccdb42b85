"""Scores without a soft-max are announced where a model is exported."""

from pathlib import Path

import pytest

from netdef import load
from netdef.cli import main
from netdef.compiler.analysis.bare_scores import bare_scores

SQUEEZED = """
input "data" [1, 3, 9, 9]
layer "conv10" Convolution { num_output: 5 kernel_size: 1 weight_filler { type: "xavier" } }
layer "relu_conv10" ReLU
layer "pool10" Pooling { pool: AVE global_pooling: true }
"""


@pytest.mark.parametrize(
    ("behind", "bare"),
    [
        ("", ["pool10"]),
        ('layer "prob" Softmax', []),
        ('layer "fc" InnerProduct { num_output: 5 }', ["fc"]),
        ('layer "fc" InnerProduct { num_output: 5 }\nlayer "p" Sigmoid { bottom: "fc" top: "p" }', []),
        ('layer "fc" InnerProduct { num_output: 1 }', []),
    ],
)
def test_an_export_says_that_its_model_gives_no_probabilities(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], behind: str, bare: list[str]
) -> None:
    path = tmp_path / "squeezed.net"
    path.write_text(SQUEEZED + behind)
    assert bare_scores(load(path)) == bare
    assert main(["export", str(path), "--onnx", "-o", str(tmp_path / "x.onnx")]) == 0
    out, err = capsys.readouterr()
    assert "soft-max" not in out
    assert [line.split()[0] for line in err.splitlines() if "has no soft-max behind it" in line] == bare
