"""Starts the processes of a group on this machine, through torch's elastic launcher, and waits for them."""

import logging
import os
import signal
import sys
import uuid
from collections.abc import Sequence
from contextlib import suppress
from typing import NamedTuple

from netdef.compiler.diagnostics import Diagnostic
from netdef.compiler.net_error import NetError
from netdef.runtime.exit_status import ExitStatus
from netdef.runtime.hardware.devices import num_gpus


class Launched(NamedTuple):
    """Processes that have ended.

    number   what tells their launch from others: they found it by ``launch_number``
    status   the exit status of all of them together
    """

    number: str
    status: int


def launch(words: Sequence[str], num: int, *, restarts: int = 0, device: str | None = None) -> Launched:
    """Run Python with some words in ``num`` processes, on a device by name; all start again ``restarts`` times.

    SIGTERM and SIGINT go on to the processes, which have half a minute to save; SIGHUP too, and training goes on.
    """
    from torch.distributed.elastic.multiprocessing.api import SignalException
    from torch.distributed.elastic.multiprocessing.errors import ChildFailedError
    from torch.distributed.launcher.api import LaunchConfig, elastic_launch

    there = num_gpus(device)
    if 0 < there < num:
        help = f"say --devices {there}, or --device cpu, or use several machines with torchrun"
        message = f"this machine has {there} GPU{'s' if there > 1 else ''}, not {num}"
        raise NetError(Diagnostic("N011", message, help=help))
    os.environ.setdefault("OMP_NUM_THREADS", str(max(1, len(os.sched_getaffinity(0)) // num)))
    for name in logging.root.manager.loggerDict:  # the processes speak for themselves
        if name.startswith("torch.distributed"):
            logging.getLogger(name).setLevel(logging.CRITICAL)
    number = uuid.uuid4().hex
    config = LaunchConfig(
        min_nodes=1,
        max_nodes=1,
        nproc_per_node=num,
        run_id=number,
        rdzv_backend="c10d",
        rdzv_endpoint="localhost:0",
        max_restarts=restarts,
        signals_to_handle="SIGTERM,SIGINT,SIGQUIT",
    )
    before = signal.signal(signal.SIGHUP, lambda *_: _pass_on(signal.SIGHUP))
    try:
        elastic_launch(config, sys.executable)(*words)
    except SignalException as stopped:
        return Launched(number, 128 + int(stopped.sigval))
    except ChildFailedError as failed:
        return Launched(number, status_of([failure.exitcode for failure in failed.failures.values()]))
    finally:
        signal.signal(signal.SIGHUP, before)
    return Launched(number, 0)


def status_of(codes: Sequence[int]) -> int:
    """The exit status of all processes together, by those of the processes that failed.

    What a process said by its own status goes before what a signal did to another: the launcher sends one to all that
    are left.
    """
    own = [code for code in codes if 0 < code < 128]
    if own:
        return max(own)
    return max(codes) if max(codes) > 0 else ExitStatus.OUR_FAULT  # below 0: ended by a signal that nobody caught


def _pass_on(number: int) -> None:
    """Send a signal to the processes that this one started."""
    with open(f"/proc/self/task/{os.getpid()}/children", encoding="ascii") as file:
        for child in file.read().split():
            with suppress(ProcessLookupError):
                os.kill(int(child), number)
