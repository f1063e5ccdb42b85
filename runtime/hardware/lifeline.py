"""How a process that netdef's launcher started begins and ends: not longer than its launcher, and at once."""

import atexit
import os
import signal
import sys
import threading
import time
from typing import NoReturn

from netdef.runtime.hardware.launch_environment import lifeline

SAVES_WITHIN = 30.0
"""Seconds to save in, once the launcher is gone."""


def end_with_launcher() -> None:
    """Stop as by SIGTERM when the launcher is gone, whatever ended it: the pipe that it holds then ends."""
    if (pipe := lifeline()) is not None:
        threading.Thread(target=_watch, args=(pipe,), daemon=True).start()


def _watch(pipe: int) -> None:
    os.read(pipe, 1)  # nobody writes: it returns when the other end is closed
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(SAVES_WITHIN)
    os._exit(128 + signal.SIGTERM)


def leave(status: int) -> NoReturn:
    """End this process without taking the interpreter down: threads of a broken group may still wait for its end.

    C++ ends a process whose threads outlive what they belong to with a signal, and the status would be lost.
    """
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            stream.flush()
    os._exit(status)
