"""Things that a process opens for itself: files and databases that don't survive a fork or a trip to a worker."""

import os
from collections.abc import Callable
from typing import Any, Generic, TypeVar

from netdef.compiler.override import override

T = TypeVar("T")


class PerProcess(Generic[T]):
    """One open thing in each process, opened when it is first wanted there.

    ``open`` must be picklable: a function of a module, or a ``partial`` of one. ``survives_fork`` says that a child
    may go on with what its parent opened.
    """

    def __init__(self, open: Callable[[], T], *, survives_fork: bool = False) -> None:
        self._open = open
        self._survives_fork = survives_fork
        self._opened: tuple[int, T] | None = None

    def __call__(self) -> T:
        """The thing of this process."""
        if self._opened is None or (self._opened[0] != os.getpid() and not self._survives_fork):
            self._opened = os.getpid(), self._open()
        return self._opened[1]

    @override
    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_opened": None}
