"""Files that are there whole or not at all, whatever ends the writing, and whoever writes beside."""

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from netdef.compiler.atomic import (
    UMASK,
    UNFINISHED,
    Write,
    write_folder_whole,
    write_new,
    write_together,
    write_whole,
    write_whole_text,
)
from netdef.compiler.net_error import NetError
from netdef.compiler.save import save_text

ROOT = Path(__file__).parents[2]


def text(written: str) -> Write:
    return lambda unfinished: unfinished.write_text(written)


def full(unfinished: Path) -> None:
    """A disk that takes the half."""
    unfinished.write_text("half of the n")
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_full_disk_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No space"):
        write_whole(tmp_path / "new.txt", full)
    assert list(tmp_path.iterdir()) == []


def test_files_that_belong_together_are_there_together(tmp_path: Path) -> None:
    model, data = tmp_path / "a.onnx", tmp_path / "a.onnx.data"
    write_together({model: text("old"), data: text("old")})
    with pytest.raises(OSError, match="No space"):
        write_together({data: text("new"), model: full})
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {"a.onnx": "old", "a.onnx.data": "old"}


def test_nobody_elses_file_is_written_to(tmp_path: Path) -> None:
    """Who guesses the name under which a file is written could lay a link there."""
    victim = tmp_path / "victim"
    victim.write_text("mine")
    (tmp_path / f"{UNFINISHED}out.txt").symlink_to(victim)
    (tmp_path / f"{UNFINISHED}.txt").symlink_to(victim)
    write_whole_text(tmp_path / "out.txt", "theirs")
    assert (victim.read_text(), (tmp_path / "out.txt").read_text()) == ("mine", "theirs")


def test_two_that_write_at_once_use_different_names(tmp_path: Path) -> None:
    """The second begins and ends while the first is at it; whoever ends last has the name."""

    def first(unfinished: Path) -> None:
        unfinished.write_text("fir")
        write_whole_text(tmp_path / "out.txt", "second")
        with unfinished.open("a") as file:
            file.write("st")

    write_whole(tmp_path / "out.txt", first)
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("out.txt", "first")]


WRITER = """
import sys
from pathlib import Path
from netdef.compiler.atomic import write_together
own = sys.argv[1]
for _ in range(60):
    write_together({Path(name): lambda path: path.write_text(own * 100_000) for name in ("model", "model.data")})
"""


def test_two_processes_leave_the_files_of_one(tmp_path: Path) -> None:
    command = [sys.executable, "-c", WRITER]
    own = {**os.environ, "PYTHONPATH": str(ROOT)}
    writers = [subprocess.Popen([*command, sign], cwd=tmp_path, env=own) for sign in "ab"]
    assert [writer.wait() for writer in writers] == [0, 0]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["model", "model.data"]
    assert (tmp_path / "model").read_text() == (tmp_path / "model.data").read_text()
    assert (tmp_path / "model").read_text() in ("a" * 100_000, "b" * 100_000)


def test_of_two_that_write_a_new_file_one_is_refused(tmp_path: Path) -> None:
    """The second begins and ends while the first is at it, which looked before whether there is one."""

    def first(unfinished: Path) -> None:
        write_new(tmp_path / "out.txt", text("second"))
        unfinished.write_text("first")

    with pytest.raises(FileExistsError):
        write_new(tmp_path / "out.txt", first)
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("out.txt", "second")]


def test_a_new_file_is_written_on_disks_without_links(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_links(path: Path, target: Path) -> None:
        raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))

    monkeypatch.setattr(Path, "hardlink_to", no_links)
    write_new(tmp_path / "out.txt", text("new"))
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("out.txt", "new")]


def test_a_link_stays_and_what_it_leads_to_is_written(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    link = tmp_path / "link.txt"
    link.symlink_to("folder/real.txt")
    write_whole_text(link, "new")
    assert link.is_symlink()
    assert (tmp_path / "folder/real.txt").read_text() == "new"


def test_a_long_name_is_no_hindrance(tmp_path: Path) -> None:
    write_whole_text(tmp_path / ("x" * 251 + ".txt"), "text")
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize("name", ["no/such/folder/a.txt", "a\0b", "x" * 300, "."])
def test_what_cannot_be_written_is_a_mistake(name: str, tmp_path: Path) -> None:
    with pytest.raises(NetError, match="N006"):
        save_text(tmp_path / name, "text")
    assert list(tmp_path.iterdir()) == []


def filled(content: str) -> Write:
    return lambda unfinished: (unfinished / "a.txt").write_text(content)


def test_a_folder_is_there_whole_or_not_at_all(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No space"):
        write_folder_whole(tmp_path / "new", lambda unfinished: full(unfinished / "a.txt"))
    assert list(tmp_path.iterdir()) == []
    write_folder_whole(tmp_path / "new", filled("whole"))
    assert [path.name for path in tmp_path.iterdir()] == ["new"]
    assert (tmp_path / "new").stat().st_mode & 0o777 == 0o777 & ~UMASK
    assert (tmp_path / "new/a.txt").read_text() == "whole"


@pytest.mark.parametrize("others", ["folder", "empty folder", "file"])
def test_a_folder_that_another_made_meanwhile_stays(others: str, tmp_path: Path) -> None:
    folder = tmp_path / "new"

    def write(unfinished: Path) -> None:
        filled("mine")(unfinished)
        if others == "file":
            folder.write_text("theirs")
        else:
            write_folder_whole(folder, filled("theirs") if others == "folder" else lambda unfinished: None)

    with pytest.raises(FileExistsError):
        write_folder_whole(folder, write)
    assert [path.name for path in tmp_path.iterdir()] == ["new"]
    assert not (folder / "a.txt").exists() or (folder / "a.txt").read_text() == "theirs"


def test_what_killed_processes_left_is_cleared_and_what_others_write_is_not(tmp_path: Path) -> None:
    """A killed writer's file, or folder, is gone with the next write there; that of one who still writes stays."""

    def while_it_is_written(unfinished: Path) -> None:
        unfinished.write_text("mine")
        os.utime(unfinished, (0, 0))  # for an hour
        write_whole_text(tmp_path / "other.txt", "theirs")

    (tmp_path / f"{UNFINISHED}dead.txt").write_text("half")
    (tmp_path / f"{UNFINISHED}dead").mkdir()
    (tmp_path / f"{UNFINISHED}dead/0.tar").write_text("half")
    (tmp_path / f"{UNFINISHED}new.txt").write_text("half")
    for name in ("dead.txt", "dead"):
        os.utime(tmp_path / f"{UNFINISHED}{name}", (0, 0))
    write_whole(tmp_path / "mine.txt", while_it_is_written)
    assert sorted(path.name for path in tmp_path.iterdir()) == [f"{UNFINISHED}new.txt", "mine.txt", "other.txt"]
    assert (tmp_path / "mine.txt").read_text() == "mine"


def test_a_folder_that_is_filled_for_hours_is_not_cleared(tmp_path: Path) -> None:
    def fill(unfinished: Path) -> None:
        filled("mine")(unfinished)
        os.utime(unfinished, (0, 0))
        write_whole_text(tmp_path / "other.txt", "theirs")

    write_folder_whole(tmp_path / "new", fill)
    assert (tmp_path / "new/a.txt").read_text() == "mine"
