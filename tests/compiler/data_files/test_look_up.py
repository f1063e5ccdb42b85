"""Where the data lie that a net names."""

from pathlib import Path

import pytest

from netdef.compiler.data_files.look_up import first_line, found_file, image_path


def test_the_working_folder_comes_before_the_nets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / "a").touch()
    monkeypatch.chdir(tmp_path)
    assert found_file("a", home) == home / "a"
    Path("a").touch()
    assert found_file("a", home) == Path("a")


@pytest.mark.parametrize("name", ["", "gone", "a\0b", "x" * 10_000])
def test_what_is_not_there(name: str, tmp_path: Path) -> None:
    assert found_file(name, tmp_path) is None


def test_images_of_a_list(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    listing = tmp_path / "lists/a.txt"
    listing.parent.mkdir()
    (listing.parent / "1.png").touch()
    assert image_path("1.png", listing, None) == str(listing.parent / "1.png")
    assert image_path("1.png", listing, "images") == "images1.png", "as Caffe joins them"
    assert image_path("2.png", listing, None) == "2.png"


def test_the_first_line_that_says_something(tmp_path: Path) -> None:
    path = tmp_path / "list"
    path.write_bytes(b"\n \r\n a b.png 1\r\nb.png 2\n")
    assert first_line(path) == "a b.png 1"
    path.write_bytes(b"\xff\n")
    with pytest.raises(UnicodeDecodeError):
        first_line(path)
    path.write_bytes(b"")
    assert first_line(path) == ""
