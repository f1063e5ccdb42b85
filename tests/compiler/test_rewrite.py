"""A changed text goes back into its file, unless that is another one by now."""

from pathlib import Path

import pytest

from netdef.compiler.net_error import NetError
from netdef.compiler.rewrite import rewrite


def test_what_was_read_is_written_anew_with_its_mark_and_line_ends(tmp_path: Path) -> None:
    path = tmp_path / "net.net"
    path.write_bytes(b'\xef\xbb\xbfname: "a"\r\n')
    assert rewrite(path, 'name: "a"\r\n', 'name: "b"\r\n')
    assert path.read_bytes() == b'\xef\xbb\xbfname: "b"\r\n'


def test_a_file_that_is_another_by_now_is_left(tmp_path: Path) -> None:
    path = tmp_path / "net.net"
    path.write_bytes(b"name: 'a' # \xff\n")
    assert not rewrite(path, "name: 'a' # \N{REPLACEMENT CHARACTER}\n", "")
    assert path.read_bytes() == b"name: 'a' # \xff\n"


def test_a_link_stays_one(tmp_path: Path) -> None:
    (tmp_path / "net.net").write_text("a: 1\n")
    link = tmp_path / "link.net"
    link.symlink_to("net.net")
    assert rewrite(link, "a: 1\n", "a: 2\n")
    assert link.is_symlink()
    assert (tmp_path / "net.net").read_text() == "a: 2\n"


def test_what_is_gone_or_may_not_be_written_is_a_mistake(tmp_path: Path) -> None:
    with pytest.raises(NetError, match="N006"):
        rewrite(tmp_path / "net.net", "", "a: 1\n")
