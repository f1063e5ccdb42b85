"""Images that are left out of an evaluation, as people are told of them."""

from itertools import chain

from netdef.compiler.diagnostics import Diagnostic
from netdef.runtime.console import Console
from netdef.runtime.hardware.process_group import SINGLE, ProcessGroup


class LeftOut:
    """What was wrong with images that are left out: shown as it is met, and at the end what other processes met."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._own: list[Diagnostic] = []

    def tell(self, mistake: Diagnostic) -> None:
        """One image more."""
        self._own.append(mistake)
        self._console.show([mistake])

    def close(self, group: ProcessGroup = SINGLE) -> int:
        """How many there are over all processes, all of which come here."""
        found = group.all_gather(self._own)
        others = found[: group.rank] + found[group.rank + 1 :]
        self._console.show(chain.from_iterable(others))
        return sum(map(len, found))
