"""What several processes do together: the task that each is given, and how they are started.

A task says as JSON what a command's words would: nobody reads words twice. ``netdef.launched`` carries it out.
"""

import json
from contextlib import nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from netdef.compiler.diagnostics import Diagnostic
from netdef.compiler.files import DISK, STDIN, name_of
from netdef.compiler.net_error import NetError
from netdef.compiler.request import Request
from netdef.runtime.console import Console, tell
from netdef.runtime.exit_status import ExitStatus
from netdef.runtime.hardware.launch_environment import was_launched
from netdef.runtime.requests import HardwareRequest

if TYPE_CHECKING:
    from netdef.runtime.hardware.launcher import Launched


@dataclass(frozen=True, kw_only=True)
class Task:
    """What a launched process does.

    verb      the command
    request   what is asked of it, as data
    command   how that was asked for, for people
    progress  whether the console tells how things go; ``results``: whether it prints what was found
    """

    verb: str
    request: dict[str, Any]
    command: str
    progress: bool
    results: bool

    @classmethod
    def of(cls, verb: str, request: Request, command: str, console: Console) -> Self:
        """The task of doing in other processes what is asked for here."""
        own = request.as_data
        return cls(verb=verb, request=own, command=command, progress=console.progress, results=console.results)

    @classmethod
    def from_words(cls, words: str) -> Self:
        """The task that a process was given."""
        return cls(**json.loads(words))

    @property
    def words(self) -> tuple[str, ...]:
        """What Python is started with."""
        return "-m", "netdef.launched", json.dumps(vars(self))

    def console(self, own: Console) -> Console:
        """A process's own console, which speaks of what is wanted."""
        return own.without(progress=self.progress, results=self.results)


def needs_launch(hardware: HardwareRequest, restarts: int = 0) -> bool:
    """Whether processes must be started, and this is none of them."""
    return (hardware.devices or 1) + restarts > 1 and not was_launched()


def run_launched(task: Task, hardware: HardwareRequest, restarts: int = 0) -> "Launched":
    """Do a task in as many processes as are asked for, and wait for them."""
    from netdef.runtime.hardware.launcher import launch

    with DISK.hand_on_stdin() if _names_stdin(task.request) else nullcontext():
        launched = launch(task.words, hardware.devices or 1, restarts=restarts, device=hardware.device)
    for process in launched.lost:
        tell(f"netdef: {process}")
    return launched


def _names_stdin(data: Any) -> bool:
    """Whether a request's data names the standard input as a file."""
    if isinstance(data, dict):
        return any(map(_names_stdin, data.values()))
    return any(map(_names_stdin, data)) if isinstance(data, list) else isinstance(data, str) and name_of(data) == STDIN


def ended(status: int) -> BaseException:
    """What a function raises whose processes didn't come to their end, by their exit status."""
    if status == ExitStatus.INTERRUPTED:
        return KeyboardInterrupt()
    if status > 128:
        return SystemExit(status)
    message = f"the processes that were started ended with status {status}"
    return NetError(Diagnostic("N892", message, help="their own message stands above"))
