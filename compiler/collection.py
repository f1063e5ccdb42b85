"""Work that makes millions of values and few circles among them, without looking for circles all the time."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


class _Old:
    """How many values were made old since circles were last searched for among the old ones."""

    _LEAST = 200_000
    """Fewer are not searched."""

    def __init__(self) -> None:
        self._made = 0
        self._most = self._LEAST

    def add(self, num_made: int) -> None:
        """Count what was made and is still there."""
        self._made += num_made

    def search(self) -> None:
        """Search where as much was made since the last time as there was then: so it takes little beside the work."""
        if self._made > self._most:
            gc.collect()
            self._made, self._most = 0, max(self._LEAST, len(gc.get_objects()))


_OLD = _Old()


@contextmanager
def no_collection() -> Iterator[None]:
    """Python's search for unreachable circles, put off; decorates functions, too.

    Trees, definitions and nets have few, and in large ones the search takes longer than all the work. At the end what
    was made counts as old: else the next search, which comes at once, would go through all of it. Python hardly ever
    searches the old ones then, and whoever reads net after net would keep the circles of all: so that is done here,
    before the work.
    """
    was_enabled = gc.isenabled()
    if was_enabled:
        _OLD.search()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            if not gc.get_freeze_count():  # what others have set aside stays so
                _OLD.add(gc.get_count()[0])
                gc.freeze()
                gc.unfreeze()
            gc.enable()
