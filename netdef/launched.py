"""One of several processes that a launcher started: ``python -m netdef.launched TASK``, see ``netdef.launch``."""

import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any, NoReturn

from netdef.ending import interrupted_at_once

if TYPE_CHECKING:
    from netdef.runtime.console import Console


def main() -> NoReturn:
    """Do the task as its command does in one process, and leave with its exit status."""
    interrupted_at_once()
    from netdef import streams
    from netdef.cli import status_of
    from netdef.launch import Task
    from netdef.runtime.hardware.lifeline import end_with_launcher, leave

    end_with_launcher()
    streams.prepare()
    task = Task.from_words(sys.argv[1])
    command: Any = import_module(f"netdef.commands.{task.verb}")

    def work(console: "Console") -> int:
        request = command.REQUEST.from_data(task.request)
        status: int = command.carry_out(request, task.console(console), task.command)
        return status

    leave(status_of(work))


if __name__ == "__main__":
    main()
