"""Signals while training: SIGINT and SIGTERM save and stop, SIGHUP saves and goes on.

While a loop awaits it, a signal only leaves a request, which is met between two iterations, where everything can be
saved; whoever is in a hurry sends SIGINT twice. Before and after, there is nothing to save, and a stop is met at once.
"""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from enum import IntEnum
from types import FrameType
from typing import Self


class StopRequest(IntEnum):
    """What is to be done at the next chance; of several requests the strongest counts."""

    NOTHING = 0
    SAVE = 1
    STOP = 2


class Stopped(Exception):
    """Training was stopped on purpose, after everything was saved; ``status`` is the shell's for that signal."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.status = 128 + number


REQUESTS = {signal.SIGINT: StopRequest.STOP, signal.SIGTERM: StopRequest.STOP, signal.SIGHUP: StopRequest.SAVE}


class SignalHandler:
    """The signals of a process, caught while it is entered; a thread beside the main one is sent none."""

    def __init__(self) -> None:
        self._request = StopRequest.NOTHING
        self.number = int(signal.SIGTERM)
        """The signal that asked to stop; SIGTERM where another process was asked."""
        self._is_awaited = False
        self._before: dict[signal.Signals, object] = {}

    @contextmanager
    def awaited(self) -> Iterator[None]:
        """While it is entered, somebody takes the requests, and often."""
        self._is_awaited = True
        try:
            yield
        finally:
            self._is_awaited = False

    def taken(self) -> StopRequest:
        """What was asked for; saving is granted once."""
        request = self._request
        if request is StopRequest.SAVE:
            self._request = StopRequest.NOTHING
        return request

    def _note(self, number: int, _: FrameType | None) -> None:
        if self._request is StopRequest.STOP and number == signal.SIGINT == self.number:
            raise KeyboardInterrupt
        request = REQUESTS[signal.Signals(number)]
        if request is StopRequest.STOP:
            if not self._is_awaited:
                if number == signal.SIGINT:
                    raise KeyboardInterrupt
                raise Stopped(number)
            self.number = number
        self._request = max(self._request, request)

    def __enter__(self) -> Self:
        for number in REQUESTS if threading.current_thread() is threading.main_thread() else ():
            if signal.getsignal(number) is not signal.SIG_IGN:  # as under nohup
                self._before[number] = signal.signal(number, self._note)
        return self

    def __exit__(self, *_: object) -> None:
        for number, before in self._before.items():
            signal.signal(number, before)  # type: ignore[arg-type]  # what getsignal gave
