"""Work that makes millions of values and no circles among them, without looking for circles all the time."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def no_collection() -> Iterator[None]:
    """Python's search for unreachable circles, put off; decorates functions, too.

    Trees, definitions and nets have none, and in large ones the search takes longer than all the work. At the end what
    was made counts as old: else the next search, which comes at once, would go through all of it.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            if not gc.get_freeze_count():  # what others have set aside stays so
                gc.freeze()
                gc.unfreeze()
            gc.enable()
