"""The search for circles is put off, and not for ever."""

import gc
import weakref

from netdef.compiler.collection import no_collection


def test_what_was_made_without_collection_counts_as_old() -> None:
    gc.collect()
    with no_collection():
        made: list[list[int]] = [[] for _ in range(100_000)]
        assert not gc.isenabled()
    assert gc.isenabled()
    assert gc.get_count()[0] < 1000 < len(made)
    assert gc.get_freeze_count() == 0


class _Circle:
    def __init__(self) -> None:
        self.self = self
        self.size = [[] for _ in range(1000)]  # type: list[list[int]]


def test_circles_do_not_heap_up_in_a_process_that_works_on_and_on() -> None:
    made = []
    for _ in range(2000):
        with no_collection():
            made.append(weakref.ref(_Circle()))
    assert sum(circle() is not None for circle in made) < 1500
