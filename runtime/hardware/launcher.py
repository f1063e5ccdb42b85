"""Starts the processes of a group on this machine, and waits for them.

They meet in a file that their user alone can open: no port is opened here, as torch's own launcher would, where whoever
reaches it could leave what the processes then unpickle. ``torchrun`` starts them across machines.

1. Signals that ask to stop or save go on to all processes, which have half a minute then.
2. Where one ends badly the others, which see it, have some seconds to say so and end.
3. A process outlives this one by half a minute at most, whatever ends it: see ``lifeline``.
"""

import os
import signal
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any, NamedTuple

from netdef.compiler.diagnostics import Diagnostic
from netdef.compiler.net_error import NetError
from netdef.compiler.temporary import temporary_folder
from netdef.runtime.exit_status import ExitStatus
from netdef.runtime.hardware.devices import num_gpus
from netdef.runtime.hardware.launch_environment import Launch, environment_of

STOPPING = (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT)
PASSED_ON = (*STOPPING, signal.SIGHUP)
SAVES_WITHIN = 30.0
"""Seconds that processes have to save once they are asked to stop."""
ENDS_WITHIN = 12.0
"""Seconds in which processes notice that one has failed: more than they wait for its words (``mistakes.PATIENCE``)."""
DIES_WITHIN = 5.0
"""Seconds between SIGTERM and SIGKILL then, for there is nothing to save."""
MEETING_BYTES = 2**16
"""More than processes leave for each other where they meet."""
LOOKS_EVERY = 0.02
"""Seconds between two looks at the processes."""


class Launched(NamedTuple):
    """Processes that have ended.

    number   what tells their launch from others: they found it by ``launch_number``
    status   the exit status of all of them together
    lost     what became of those that a signal ended, which say nothing themselves
    """

    number: str
    status: int
    lost: tuple[str, ...] = ()


def launch(words: Sequence[str], num: int, *, restarts: int = 0, device: str | None = None) -> Launched:
    """Run Python with some words in ``num`` processes, on a device by name.

    If one breaks down all start again, ``restarts`` times; not if it is the user's mistake, which would be the same.
    """
    refuse_missing_gpus(num, device)
    number = uuid.uuid4().hex
    lost: tuple[str, ...] = ()
    with _signals() as asked, _lifeline() as lifeline:
        for attempt in range(restarts + 1):
            with temporary_folder(MEETING_BYTES) as folder:
                codes = _run(words, num, Launch(number, attempt, folder / "store", lifeline), asked)
            if asked.stop is not None:
                return Launched(number, 128 + asked.stop)
            lost = tuple(f"process {rank} of {num} {_end_of(code)}" for rank, code in enumerate(codes) if code < 0)
            if not _broke_down(codes):
                break
    return Launched(number, status_of(codes), lost)


def refuse_missing_gpus(num: int, device: str | None) -> None:
    """Refuse more processes than there are GPUs, where these are what computes."""
    there = num_gpus(device)
    if 0 < there < num:
        help = f"say --devices {there}, or --device cpu, or use several machines with torchrun"
        message = f"this machine has {there} GPU{'s' if there > 1 else ''}, not {num}"
        raise NetError(Diagnostic("N011", message, help=help))


def status_of(codes: Sequence[int]) -> int:
    """The exit status of all processes together, by those of each.

    What a process said by its own status goes before what a signal did to another: one that was killed takes the others
    with it.
    """
    own = [code for code in codes if 0 < code < 128]
    if own:
        return max(own)
    signals = [abs(code) % 128 for code in codes if code]
    return 128 + (signal.SIGKILL if signal.SIGKILL in signals else max(signals)) if signals else ExitStatus.FINE


def _broke_down(codes: Sequence[int]) -> bool:
    """Whether what ended the processes may not come again."""
    return any(code < 0 or code == ExitStatus.OUR_FAULT for code in codes)


def _end_of(code: int) -> str:
    name = signal.Signals(-code).name
    return f"was ended by {name}" + (", which the system sends where memory runs out" if name == "SIGKILL" else "")


# ---- the processes
def _run(words: Sequence[str], num: int, launch: Launch, asked: "_Asked") -> list[int]:
    """Start all processes and wait for them: their exit statuses, below 0 where a signal ended one."""
    usual = {"OMP_NUM_THREADS": str(max(1, len(os.sched_getaffinity(0)) // num)), **os.environ}
    options: dict[str, Any] = {"pass_fds": [launch.lifeline], "start_new_session": True}
    processes: list[subprocess.Popen[bytes]] = []
    try:
        for rank in range(num):
            environment = usual | environment_of(rank, num, launch)
            processes.append(subprocess.Popen([sys.executable, *words], env=environment, **options))
        return _waited(processes, asked)
    finally:
        for process in processes:
            if process.poll() is None:
                process.kill()
                process.wait()


@contextmanager
def _lifeline() -> Iterator[int]:
    """A pipe's end for reading; the other is closed when this process leaves, or ends in any way."""
    theirs, ours = os.pipe()
    try:
        yield theirs
    finally:
        os.close(theirs)
        os.close(ours)


def _waited(processes: Sequence[subprocess.Popen[bytes]], asked: "_Asked") -> list[int]:
    """Pass signals on until all processes have ended, by themselves or because one failed and time is up."""
    ends_at = float("inf")
    is_ending = False
    while None in [process.poll() for process in processes]:
        for each in asked.taken():
            _send(processes, each)
            if each in STOPPING:
                ends_at, is_ending = time.monotonic() + SAVES_WITHIN, True
        if ends_at == float("inf") and any(process.returncode for process in processes):
            ends_at = time.monotonic() + ENDS_WITHIN
        if time.monotonic() > ends_at:
            _send(processes, signal.SIGKILL if is_ending else signal.SIGTERM)
            ends_at, is_ending = time.monotonic() + DIES_WITHIN, True
        time.sleep(LOOKS_EVERY)
    return [process.returncode for process in processes]


def _send(processes: Sequence[subprocess.Popen[bytes]], number: int) -> None:
    for process in processes:
        if process.poll() is None:
            with suppress(ProcessLookupError):
                process.send_signal(number)


# ---- signals
class _Asked:
    """The signals that came, to be passed on.

    stop   the first that asked to stop
    """

    def __init__(self) -> None:
        self.stop: int | None = None
        self._waiting: list[int] = []

    def note(self, number: int, _: FrameType | None) -> None:
        """A handler."""
        self._waiting.append(number)
        if number in STOPPING and self.stop is None:
            self.stop = number

    def taken(self) -> list[int]:
        """Those that weren't passed on yet."""
        taken, self._waiting = self._waiting, []
        return taken


@contextmanager
def _signals() -> Iterator[_Asked]:
    """While it is entered, signals are noted; those that are ignored, as under nohup, still are."""
    asked = _Asked()
    before = {}
    for number in PASSED_ON if threading.current_thread() is threading.main_thread() else ():
        if signal.getsignal(number) is not signal.SIG_IGN:
            before[number] = signal.signal(number, asked.note)
    try:
        yield asked
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
