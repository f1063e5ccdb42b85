"""netdef verify: a certificate."""

import hashlib
import json
from pathlib import Path

import pytest

import netdef
from netdef.cli import main
from netdef.runtime import lower
from tests.runtime.verification.test_verify import TEXT


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "small.net"
    path.write_text(TEXT, encoding="utf-8")
    return path


def test_the_certificate_names_versions_and_hashes(file: Path, tmp_path: Path) -> None:
    net = netdef.load(file)
    weights = tmp_path / "w.npz"
    netdef.write_weights(weights, lower(net).weights())
    out = tmp_path / "certificate.json"
    assert main(["verify", str(file), "--weights", str(weights), "--batches", "2", "-o", str(out)]) == 0
    data = json.loads(out.read_text("utf-8"))
    assert data["verdict"] == "equal"
    assert data["net"]["sha256"] == hashlib.sha256(file.read_bytes()).hexdigest()
    assert data["weights"] == {"from": str(weights), "sha256": hashlib.sha256(weights.read_bytes()).hexdigest()}
    assert data["versions"].keys() == {"netdef", "torch", "onnx", "onnxruntime"}
    assert data["model"]["dynamic"] == ["N", "H", "W"]
    assert len(data["cases"]) == 3
    assert data["cases"][0]["blobs"][0].keys() == {"layer", "blob", "shape", "max_abs", "max_rel", "least", "most"}
