"""Verification of layers at shapes and numbers that few nets have: one answer on both sides, or a mistake."""

from pathlib import Path

import pytest

import netdef
from netdef.cli import main


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ('input "d" [2] layer "a" ArgMax', 0),
        ('input "d" [] layer "a" ArgMax', 1),
        ('input "d" [4] input "l" [] layer "a" Accuracy { axis: 0 bottom: ["d", "l"] }', 0),
        ('input "d" [4] input "l" [1] layer "a" SoftmaxWithLoss { axis: -1 bottom: ["d", "l"] top: ["x", "y"] }', 0),
        ('input "d" [1] layer "a" Reshape { shape { } }', 0),
        ('input "d" [2, 3, 4, 4] layer "a" BatchNorm { eps: -1 }', 0),
        ('input "d" [2, 3, 4, 4] layer "a" ReLU { negative_slope: 1e308 }', 1),
        ('input "d" [2, 3, 4, 4] layer "a" ELU { alpha: 1e308 }', 1),
        ('input "d" [2, 3, 4, 4] layer "a" LRN { beta: 0 }', 0),
        ('input "d" [2, 3, 4, 4] layer "a" LRN { beta: -1 }', 0),
        ('input "d" [2, 3, 4, 4] layer "a" LRN { alpha: -1 }', 0),
        ('input "d" [2, 3, 4, 4] layer "a" LRN { alpha: inf beta: inf }', 0),
        ('input "d" [2, 3, 4, 4] layer "a" LRN { local_size: 2147483647 }', 0),
        ('input "d" [2, 3, 4, 4] layer "a" BatchNorm { eps: 0 }', 0),
        ('input "d" [2, 3, 4, 4] layer "a" PReLU { channel_shared: true filler { type: "positive_unitball" } }', 1),
        ('input "d" [2, 3, 4, 4] layer "a" PReLU { channel_shared: true filler { type: "gaussian" sparse: 1 } }', 1),
        ('input "d" [2, 3, 4, 4] layer "a" LRN { local_size: 9223372036854775807 }', 1),
        ('input "d" [2, 3, 0, 4] layer "a" Pooling { global_pooling: true }', 1),
        ('input "d" [2, 3, 0, 4] layer "a" Pooling { pool: AVE global_pooling: true }', 1),
        ('input "d" [2, 3, 0, 4] layer "a" ReLU', 1),
        ('layer "a" DummyData { shape { dim: [2, 0] } data_filler { type: "xavier" } }', 1),
        ('input "d" [2, 0, 4, 4] layer "a" Convolution { num_output: 2 kernel_size: 3 }', 1),
        ('input "d" [2, 4] layer "a" InnerProduct { num_output: 2000000000000 }', 1),
        ('input "d" [9223372036854775807] layer "a" ReLU', 1),
        ('input "d" [9223372036854775808] layer "a" ReLU', 1),
        ('input "d" [9223372036854775807, 3, 224, 224] layer "a" ReLU', 1),
        ('input "d" [2, 3, 4, 4] layer "a" Deconvolution { num_output: 64 kernel_size: 2 stride: 2000000 }', 1),
        ('layer "a" DummyData { shape { dim: [1000000, 1000000] } }', 1),
    ],
)
def test_odd_layers(text: str, status: int, tmp_path: Path) -> None:
    path = tmp_path / "a.net"
    path.write_text(text)
    assert main(["verify", str(path)]) == status
    if status == 1:
        with pytest.raises(netdef.NetError):
            netdef.verify(path)
