"""netdef new: a net of netdef's own, whole, in the user's folder."""

from pathlib import Path

import pytest

import netdef
from netdef.cli import main

NETS = Path(__file__).parents[3] / "nets"

Captured = pytest.CaptureFixture[str]


def names(capsys: Captured) -> list[str]:
    assert main(["new"]) == 0
    return [line.split()[0] for line in capsys.readouterr().out.splitlines()]


def test_nets_are_listed_and_what_they_include_is_not(capsys: Captured) -> None:
    listed = names(capsys)
    assert {"vgg16", "resnet50", "digits"} < set(listed)
    assert not {"vgg", "vgg_boxes"} & set(listed)


def test_each_is_listed_with_what_it_is(capsys: Captured) -> None:
    assert main(["new"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "vgg16      VGG configuration D: 16 weight layers (Simonyan and Zisserman 2014, table 1)." in lines
    assert all(len(line.split()) > 4 for line in lines)


def test_each_copy_is_the_net_wherever_it_lies(tmp_path: Path, capsys: Captured) -> None:
    for name in names(capsys):
        folder = tmp_path / name
        assert main(["new", name, "-o", str(folder)]) == 0
        copied = capsys.readouterr().out.splitlines()
        assert {Path(line).name for line in copied[:-1]} == {path.name for path in folder.iterdir()}
        assert copied[-1] == f"try: netdef summary {folder / name}.net"
        assert netdef.load(folder / f"{name}.net").blobs == netdef.load(NETS / f"{name}.net").blobs


def test_a_recipe_comes_with_what_it_names(tmp_path: Path) -> None:
    assert main(["new", "vgg16", "-o", str(tmp_path)]) == 0
    assert {"vgg16.yaml", "vgg.yaml", "vgg11.net"} < {path.name for path in tmp_path.iterdir()}


def test_nothing_is_written_over_unless_asked(tmp_path: Path, capsys: Captured) -> None:
    mine = tmp_path / "lenet.net"
    mine.write_text("# mine")
    assert main(["new", "lenet", "-o", str(tmp_path)]) == 1
    assert "error[N009]: lenet.net stands in" in capsys.readouterr().err
    assert mine.read_text() == "# mine"
    assert main(["new", "lenet", "-o", str(tmp_path), "--force"]) == 0
    assert mine.read_bytes() == (NETS / "lenet.net").read_bytes()


def test_what_nets_share_is_no_obstacle_until_it_is_edited(tmp_path: Path, capsys: Captured) -> None:
    """Two nets of one folder have their blocks in one file: the second comes, too, and where it is edited it stays."""
    assert main(["new", "vgg16", "-o", str(tmp_path)]) == 0
    assert main(["new", "digits", "-o", str(tmp_path)]) == 0
    (tmp_path / "vgg.net").write_text("# mine")
    capsys.readouterr()
    assert main(["new", "vgg11", "-o", str(tmp_path)]) == 1
    assert "error[N009]: vgg.net stands in" in capsys.readouterr().err
    assert (tmp_path / "vgg.net").read_text() == "# mine"


def test_a_name_that_is_no_nets_is_answered_with_the_nearest(capsys: Captured) -> None:
    assert main(["new", "lennet"]) == 1
    message = capsys.readouterr().err
    assert "error[N008]: netdef has no net lennet" in message
    assert 'did you mean "lenet"?' in message
