"""When colour is shown, as no-color.org, force-color.org and the CLICOLOR convention have it."""

from io import StringIO

import pytest

from netdef.compiler.override import override
from netdef.runtime.terminal import shows_color, width_of


class Terminal(StringIO):
    @override
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("environ", "terminal", "file"),
    [
        ({}, True, False),
        ({"NO_COLOR": "1"}, False, False),
        ({"NO_COLOR": ""}, True, False),
        ({"NO_COLOR": "1", "FORCE_COLOR": "1"}, False, False),
        ({"FORCE_COLOR": "1"}, True, True),
        ({"FORCE_COLOR": "3"}, True, True),
        ({"FORCE_COLOR": "0"}, False, False),
        ({"CLICOLOR_FORCE": "1"}, True, True),
        ({"CLICOLOR_FORCE": "0"}, True, False),
        ({"CLICOLOR": "0"}, False, False),
        ({"CLICOLOR": "0", "CLICOLOR_FORCE": "1"}, True, True),
        ({"TERM": "dumb"}, False, False),
        ({"TERM": "dumb", "FORCE_COLOR": "1"}, True, True),
    ],
)
def test_colour_is_shown_where_it_is_asked_for(environ: dict[str, str], terminal: bool, file: bool) -> None:
    assert (shows_color(Terminal(), environ), shows_color(StringIO(), environ)) == (terminal, file)


def test_a_closed_stream_has_neither() -> None:
    closed = Terminal()
    closed.close()
    assert [shows_color(stream, {}) for stream in (closed, None)] == [False, False]
    assert [width_of(stream, {}) for stream in (closed, None)] == [None, None]


def test_width_is_the_terminals_or_what_is_said() -> None:
    assert width_of(StringIO(), {}) is None
    assert width_of(StringIO(), {"COLUMNS": "60"}) == 60
    assert width_of(StringIO(), {"COLUMNS": "wide"}) is None
    assert width_of(Terminal(), {}) is None  # it has no number to ask by
