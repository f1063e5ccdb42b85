"""Of several processes that find a mistake, one says it, and the others wait until it has."""

import atexit
import threading
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
import torch.distributed as dist

from netdef.runtime.exit_status import ExitStatus
from netdef.runtime.hardware.launcher import status_of
from netdef.runtime.hardware.mistakes import Mistakes


def test_the_first_says_it_and_the_others_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    at_exit: list[Callable[[], Any]] = []
    monkeypatch.setattr(atexit, "register", lambda *call: at_exit.append(partial(*call)))
    store = dist.HashStore()  # type: ignore[attr-defined]  # torch declares no exports
    one, other = Mistakes(store), Mistakes(store)
    assert not one.are_found
    assert other.is_mine(ExitStatus.WRONG_USAGE)
    assert one.are_found
    assert not one.is_mine(ExitStatus.USER_MISTAKE)
    waiting = threading.Thread(target=one.wait)
    waiting.start()
    waiting.join(0.2)
    assert waiting.is_alive(), "nobody has said it"
    (said,) = at_exit
    said()
    waiting.join(5)
    assert not waiting.is_alive()
    assert one.wait() == ExitStatus.WRONG_USAGE, "that of what was said"


def test_nobody_waits_for_the_dead_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    from datetime import timedelta

    monkeypatch.setattr("netdef.runtime.hardware.mistakes.PATIENCE", timedelta(milliseconds=50))
    store = dist.HashStore()  # type: ignore[attr-defined]
    assert Mistakes(store).wait() == ExitStatus.USER_MISTAKE


@pytest.mark.parametrize(
    ("codes", "status"),
    [([1], 1), ([143, 1], 1), ([2, 1], 2), ([143], 143), ([-9, -15], 137), ([-15, 1], 1), ([0, 0], 0)],
)
def test_a_mistakes_status_is_that_of_all(codes: list[int], status: int) -> None:
    """Not that of a process which the launcher then ended."""
    assert status_of(codes) == status
