"""The one place where processes agree on mistakes: of several that find one, or find that another has, one says it.

Whoever finds a mistake first tells the launcher's store so, and says it. The others, which find the same or lose the
first in the middle of a talk, look there and end without a word. They wait until it was said: a launcher ends all
processes as soon as one has ended.
"""

import atexit
from contextlib import suppress
from datetime import timedelta

from torch.distributed import Store  # type: ignore[attr-defined]  # torch declares no exports

from netdef.runtime.exit_status import ExitStatus

FOUND, SAID = "mistakes", "said"
PATIENCE = timedelta(seconds=10)


class SaidElsewhere(SystemExit):
    """Another process says what is wrong; this one ends without a word, with the status of that."""


class Mistakes:
    """What processes know of each other's mistakes, through a store that outlives any of them."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def is_mine(self, status: ExitStatus) -> bool:
        """Whether this process is the first to find one, and so is to say it before it ends with a status."""
        is_first = bool(self._store.add(FOUND, 1) == 1)
        if is_first:
            atexit.register(self._said, status)
        return is_first

    @property
    def are_found(self) -> bool:
        """Whether any process has found one."""
        return bool(self._store.add(FOUND, 0))

    def wait(self) -> ExitStatus:
        """The status of what is said, once it was; a user's mistake if whoever was to say it has died."""
        with suppress(RuntimeError):
            self._store.wait([SAID], PATIENCE)
            return ExitStatus(int(self._store.get(SAID)))
        return ExitStatus.USER_MISTAKE

    def _said(self, status: ExitStatus) -> None:
        with suppress(RuntimeError):
            self._store.set(SAID, str(int(status)))
