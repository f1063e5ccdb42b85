"""What is needed only while a command runs has a folder, or it is said that none can be made or filled."""

import errno
import os
import tempfile
from pathlib import Path

import pytest

from netdef.compiler.net_error import NetError
from netdef.compiler.temporary import temporary_folder


def test_the_folder_is_its_users_alone_and_gone_at_the_end() -> None:
    with temporary_folder() as folder:
        assert folder.stat().st_mode & 0o777 == 0o700
        (folder / "file").write_text("text")
    assert not folder.exists()


def test_no_place_at_all_is_a_mistake(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", "/proc/no/such/folder")
    with pytest.raises(NetError, match="a temporary folder can't be written") as raised, temporary_folder():
        pytest.fail("there is no folder")
    assert "TMPDIR=" in str(raised.value.report.errors[0].help)


def test_a_full_disk_below_it_is_a_mistake_and_leaves_nothing() -> None:
    kept: list[Path] = []

    def fill(folder: Path) -> None:
        kept.append(folder)
        (folder / "half").write_text("half of i")
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with pytest.raises(NetError, match="can't be written: No space left"), temporary_folder() as folder:
        fill(folder)
    assert not kept[0].exists()


def test_room_for_others_is_tried_out_first(monkeypatch: pytest.MonkeyPatch) -> None:
    with temporary_folder(2**16) as folder:
        assert list(folder.iterdir()) == []

    def full(path: Path, data: bytes) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(NetError, match="can't be written: No space left"), temporary_folder(2**16):
        pytest.fail("there is no room")


def test_what_goes_wrong_elsewhere_is_not_laid_to_its_charge() -> None:
    with pytest.raises(FileNotFoundError), temporary_folder():
        Path("/no/such/file").read_bytes()
