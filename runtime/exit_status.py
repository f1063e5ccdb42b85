"""How a command ends, and a process that works for one."""

from enum import IntEnum


class ExitStatus(IntEnum):
    """The statuses of the contract; 128 and a signal's number is added by whoever a signal stops."""

    FINE = 0
    USER_MISTAKE = 1
    WRONG_USAGE = 2
    OUR_FAULT = 3
    INTERRUPTED = 130
