"""Named moments at which tests let a process die, to see that nothing is lost.

``NETDEF_FAULT=mid-write:3`` ends the process, as a power cut would, the third time that it comes to ``mid-write``.
"""

import os
import signal

POINTS = ("before-write", "mid-write", "before-rename", "after-rename", "before-checkpoint")
"""Around the write of any whole file; and between a run's metrics and the checkpoint that they belong to."""

_passed = dict.fromkeys(POINTS, 0)


def dies_here(point: str) -> bool:
    """Whether the process is to die at this moment; whoever asks may first leave the mess that a crash leaves."""
    wanted = os.environ.get("NETDEF_FAULT")
    if wanted is None:
        return False
    name, _, times = wanted.partition(":")
    _passed[point] += 1
    return name == point and _passed[point] == int(times or 1)


def come_to(point: str) -> None:
    """Die here, if that is wanted."""
    if dies_here(point):
        die()


def die() -> None:
    """End the process at once; nothing is cleaned up."""
    os.kill(os.getpid(), signal.SIGKILL)
