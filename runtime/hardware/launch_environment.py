"""What a launcher tells a process that it starts: netdef's own, or torchrun. Law: torch is not imported; consoles ask.

Both use the names of torch's elastic launcher. netdef's own, which starts processes on one machine only, gives them two
things more: a file in which they meet, where torchrun's processes meet at a port, and a pipe that ends with it.
"""

import os
from pathlib import Path
from typing import NamedTuple

LAUNCH = "TORCHELASTIC_RUN_ID"
_ATTEMPT = "TORCHELASTIC_RESTART_COUNT"
_STORE = "NETDEF_STORE"
_LIFELINE = "NETDEF_LIFELINE"


class Launch(NamedTuple):
    """What all processes are told that netdef's own launcher starts together.

    number         what tells them from others
    attempt        how often they were started before
    meeting_file   where they leave word for each other; it isn't there yet
    lifeline       the descriptor of a pipe's end for reading, which they get, too
    """

    number: str
    attempt: int
    meeting_file: Path
    lifeline: int


def was_launched() -> bool:
    """Whether a launcher started this process, among others perhaps."""
    return LAUNCH in os.environ


def launch_number() -> str | None:
    """What tells the launch from others, if there was one."""
    return os.environ.get(LAUNCH)


def attempt() -> int:
    """How often the launcher has started the processes again, because one broke down."""
    return int(os.environ.get(_ATTEMPT, "0"))


def is_first_process() -> bool:
    """Whether this process speaks for all that were launched with it; one that wasn't speaks for itself."""
    return not was_launched() or os.environ.get("RANK", "0") == "0"


def rank_and_size() -> tuple[int, int]:
    """This process's number among those that were launched, from 0, and how many they are."""
    return int(os.environ.get("RANK", "0")), int(os.environ.get("WORLD_SIZE", "1"))


def is_on_one_machine() -> bool:
    """Whether all processes of the launch run here."""
    return os.environ.get("LOCAL_WORLD_SIZE") == os.environ.get("WORLD_SIZE")


def meeting_file() -> Path | None:
    """The file in which the processes of netdef's own launcher meet."""
    return Path(os.environ[_STORE]) if _STORE in os.environ else None


def lifeline() -> int | None:
    """The descriptor of a pipe that ends when netdef's own launcher does."""
    return int(os.environ[_LIFELINE]) if _LIFELINE in os.environ else None


def environment_of(rank: int, size: int, launch: Launch) -> dict[str, str]:
    """What netdef's own launcher tells one of its processes."""
    return {
        LAUNCH: launch.number,
        _ATTEMPT: str(launch.attempt),
        _STORE: str(launch.meeting_file),
        _LIFELINE: str(launch.lifeline),
        **dict.fromkeys(("RANK", "LOCAL_RANK"), str(rank)),
        **dict.fromkeys(("WORLD_SIZE", "LOCAL_WORLD_SIZE"), str(size)),
    }
