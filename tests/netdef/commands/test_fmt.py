"""netdef fmt: files, folders and the standard input in one style, and the statuses by which CI knows."""

import io
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from netdef.cli import main

UGLY = "name : 'x'\nlayer\n{ name:'a' # a comment\n}\n"
NICE = 'name: "x"\nlayer {\n  name: "a"  # a comment\n}\n'
BROKEN = 'layer { name: "a" }}\n'

Captured = pytest.CaptureFixture[str]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "ugly.net").write_text(UGLY)
    (tmp_path / "nice.prototxt").write_text(NICE)
    return tmp_path


def test_files_are_written(folder: Path, capsys: Captured) -> None:
    assert main(["fmt", "ugly.net", "nice.prototxt"]) == 0
    assert capsys.readouterr() == ("", "formatted ugly.net\n1 of 2 files changed\n")
    assert (folder / "ugly.net").read_text() == NICE
    assert main(["fmt", "ugly.net"]) == 0
    assert capsys.readouterr() == ("", "")


def test_check_names_files_and_writes_none(folder: Path, capsys: Captured) -> None:
    assert main(["fmt", "--check", "ugly.net", "nice.prototxt"]) == 1
    assert capsys.readouterr() == ("ugly.net: not formatted\n", "1 of 2 files would change\n")
    assert (folder / "ugly.net").read_text() == UGLY
    assert main(["fmt", "--check", "nice.prototxt"]) == 0


def test_diff_shows_changes_and_writes_none(folder: Path, capsys: Captured) -> None:
    assert main(["fmt", "--diff", "ugly.net"]) == 0
    shown = capsys.readouterr().out
    assert shown.startswith("--- ugly.net\n+++ ugly.net\n@@ ")
    assert "-name : 'x'\n" in shown
    assert '+  name: "a"  # a comment\n' in shown
    assert (folder / "ugly.net").read_text() == UGLY
    assert main(["fmt", "--diff", "--check", "ugly.net"]) == 1


def test_a_file_with_mistakes_is_left_alone_and_the_others_are_not(folder: Path, capsys: Captured) -> None:
    (folder / "broken.net").write_text(BROKEN)
    assert main(["fmt", "broken.net", "ugly.net"]) == 1
    said = capsys.readouterr().err
    assert "error[N103]" in said
    assert "broken.net:1:20" in said
    assert (folder / "broken.net").read_text() == BROKEN
    assert (folder / "ugly.net").read_text() == NICE


def test_a_folder_stands_for_its_nets_and_solvers(folder: Path, capsys: Captured) -> None:
    for name in ("a/b/inner.prototxt", "a/readme.txt", ".hidden/net.net"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(UGLY)
    assert main(["fmt", "--check", "."]) == 1
    assert capsys.readouterr().out.splitlines() == ["a/b/inner.prototxt: not formatted", "ugly.net: not formatted"]
    (folder / "empty").mkdir()
    assert main(["fmt", "empty"]) == 1
    assert "error[N001]: there are no .net or .prototxt files in empty" in capsys.readouterr().err


def test_of_the_standard_input_the_text_is_the_result(monkeypatch: pytest.MonkeyPatch, capsys: Captured) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(UGLY.encode())))
    assert main(["fmt", "-"]) == 0
    assert capsys.readouterr() == (NICE, "")


def test_of_a_standard_input_with_mistakes_there_is_no_result(
    monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(BROKEN.encode())))
    assert main(["fmt", "-"]) == 1
    assert capsys.readouterr().out == ""


def test_a_file_that_is_no_utf8_is_left_alone(folder: Path, capsys: Captured) -> None:
    (folder / "latin.net").write_bytes(b"name:'x' # caf\xe9\n")
    assert main(["fmt", "latin.net"]) == 0
    said = capsys.readouterr().err
    assert "latin.net was left as it is" in said
    assert "warning[N003]" in said
    assert (folder / "latin.net").read_bytes() == b"name:'x' # caf\xe9\n"


def test_a_file_that_is_not_there(capsys: Captured) -> None:
    assert main(["fmt", "absent.net"]) == 1
    assert "error[N001]: there is no file absent.net" in capsys.readouterr().err


def test_a_file_that_cannot_be_written_keeps_no_other_from_it(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    (folder / "last.net").write_text(UGLY)

    def full(path: Path, write: Callable[[Path], object]) -> None:
        if path.name == "ugly.net":
            raise OSError(28, "No space left on device")
        write(path)

    monkeypatch.setattr("netdef.compiler.rewrite.write_whole", full)
    assert main(["fmt", "ugly.net", "last.net"]) == 1
    said = capsys.readouterr().err
    assert "error[N006]: ugly.net can't be written: No space left on device" in said
    assert (folder / "ugly.net").read_text() == UGLY
    assert (folder / "last.net").read_text() == NICE
