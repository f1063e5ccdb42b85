"""What torch's elastic launcher tells a process that it starts. Law: torch is not imported, for consoles ask, too."""

import os

LAUNCH = "TORCHELASTIC_RUN_ID"


def was_launched() -> bool:
    """Whether a launcher started this process, among others perhaps."""
    return LAUNCH in os.environ


def launch_number() -> str | None:
    """What tells the launch from others, if there was one."""
    return os.environ.get(LAUNCH)


def attempt() -> int:
    """How often the launcher has started the processes again, because one broke down."""
    return int(os.environ.get("TORCHELASTIC_RESTART_COUNT", "0"))


def is_first_process() -> bool:
    """Whether this process speaks for all that were launched with it; one that wasn't speaks for itself."""
    return not was_launched() or os.environ.get("RANK", "0") == "0"
