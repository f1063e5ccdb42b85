"""netdef upgrade: a file of Caffe's older formats in its newest."""

from pathlib import Path

import pytest

from netdef.cli import main

OLD = 'layers { name: "r" type: RELU bottom: "x" top: "r" }  # rectified\n'
NEW = 'layer { name: "r" type: "ReLU" bottom: "x" top: "r" }  # rectified\n'


@pytest.fixture
def old(tmp_path: Path) -> Path:
    path = tmp_path / "old.prototxt"
    path.write_text(OLD)
    return path


def test_it_is_printed_or_written(old: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["upgrade", str(old)]) == 0
    assert capsys.readouterr().out == NEW
    assert main(["upgrade", str(old), "-o", str(old)]) == 0
    assert old.read_text() == NEW


def test_check_writes_nothing(old: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["upgrade", str(old), "--check"]) == 1
    assert capsys.readouterr().out == f"{old}: not in V2\n"
    assert old.read_text() == OLD
    old.write_text(NEW)
    assert main(["upgrade", str(old), "--check"]) == 0
    assert capsys.readouterr().out == ""


def test_the_short_form(old: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["upgrade", str(old), "--short"]) == 0
    assert capsys.readouterr().out == 'layer "r" ReLU { bottom: "x" }  # rectified\n'
    assert main(["upgrade", str(old), "--short", "--check"]) == 1
    assert capsys.readouterr().out == f"{old}: not in the short form\n"


def test_what_it_cannot_read_it_does_not_write(old: Path, capsys: pytest.CaptureFixture[str]) -> None:
    old.write_text(OLD + NEW)
    assert main(["upgrade", str(old), "-o", str(old)]) == 1
    assert "N411" in capsys.readouterr().err
    assert old.read_text() == OLD + NEW
    assert main(["upgrade", str(old.with_name("none"))]) == 1
