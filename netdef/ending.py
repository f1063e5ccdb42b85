"""Signals that ask a command to end: it leaves nothing half behind, no temporary folder, and no traceback."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn

_ENDING = (signal.SIGTERM, signal.SIGHUP)


class Ended(BaseException):
    """A signal asked the command to end; ``status`` is the shell's for it."""

    def __init__(self, number: int = signal.SIGINT) -> None:
        super().__init__()
        self.status = 128 + number


def interrupted_at_once() -> None:
    """Let an interrupt end the process without a traceback, while its modules are still imported."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # there is nothing to clean up before a command runs


@contextmanager
def ended_by_signals() -> Iterator[None]:
    """While it is entered, signals that end a process let what runs clean up behind it; else they end it at once.

    What has handlers of its own, as training has, and what is ignored, as under nohup, stays so.

    Raises:
        Ended: where one came, and nobody within met it.
    """
    mine = _taken()
    try:
        yield
    except KeyboardInterrupt:
        raise Ended from None
    finally:
        for number in mine:
            signal.signal(number, signal.SIG_DFL)


def _taken() -> list[signal.Signals]:
    """The signals that are met here from now on: those that would end the process."""
    mine = [each for each in (signal.SIGINT, *_ENDING) if signal.getsignal(each) is signal.SIG_DFL]
    try:
        for number in mine:
            signal.signal(number, signal.default_int_handler if number == signal.SIGINT else _end)
    except ValueError:  # only the main thread may
        return []
    return mine


def _end(number: int, _: FrameType | None) -> NoReturn:
    for each in _ENDING:
        if signal.getsignal(each) is _end:
            signal.signal(each, signal.SIG_IGN)  # a closed terminal sends several, and one is enough
    raise Ended(number)
