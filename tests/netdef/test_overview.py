"""What netdef says of itself."""

import pytest

from netdef.cli import COMMANDS, main
from netdef.overview import GROUPS, overview


def test_each_command_is_in_one_group() -> None:
    grouped = [name for names in GROUPS.values() for name in names]
    assert sorted(grouped) == COMMANDS


def test_a_command_of_no_group_is_named_all_the_same() -> None:
    assert "\nand:\n  zebra  stripes\n" in overview({"zebra": "stripes"})


@pytest.mark.parametrize("words", [["--help"], ["-h"]])
def test_help_is_the_overview(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(words)
    assert caught.value.code == 0
    assert "start here:\n  netdef new" in capsys.readouterr().out


def test_netdef_alone_is_wrong_usage_that_says_what_there_is(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main([])
    assert caught.value.code == 2
    said = capsys.readouterr()
    assert "look at a net:" in said.err
    assert said.out == ""


def test_the_version_names_what_it_uses(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["--version"])
    assert caught.value.code == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("netdef ")
    assert any(line.startswith("lark ") for line in lines)
    assert lines[-1].startswith("Python 3.")
