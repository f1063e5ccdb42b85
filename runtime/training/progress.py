"""What somebody who waits for training sees: a bar on a terminal, plain lines elsewhere. All of it on stderr."""

import sys
import time
from collections.abc import Callable
from typing import NamedTuple, Protocol, Self

from rich.console import Console as Terminal
from rich.progress import BarColumn, Progress, TextColumn
from rich.text import Text

from netdef.compiler.override import override
from netdef.runtime.console import Console

SECONDS_BETWEEN_LINES = 15.0


class Status(NamedTuple):
    """How training goes.

    iteration, total   iterations finished, and all
    epoch              passes over the training data finished
    loss               mean since the last evaluation
    lr                 the learning rate
    images_per_s       images a second, while training
    data_wait          the share of time spent waiting for images, 0 to 1
    seconds_left       until the end, at this speed
    evaluation         the errors, where they were just counted
    """

    iteration: int
    total: int
    epoch: float
    loss: float
    lr: float
    images_per_s: float
    data_wait: float
    seconds_left: float
    evaluation: str = ""

    @property
    def text(self) -> str:
        """One line, whose columns stand below each other."""
        width = len(str(self.total))
        evaluation = f"  {self.evaluation}" if self.evaluation else ""
        where = f"iteration {self.iteration:{width}}/{self.total}  epoch {self.epoch:6.2f}"
        return f"{where}  {self.short_text}{evaluation}"

    @property
    def short_text(self) -> str:
        """The same without what a bar shows."""
        return (
            f"loss {self.loss:.4f}  lr {self.lr:<5.3g}  {self.images_per_s:,.0f} images/s"
            f"  data wait {100 * self.data_wait:2.0f} %  {clock(self.seconds_left)} left"
        )


class Display(Protocol):
    """Something that shows how training goes, while it is entered."""

    def show(self, status: Status) -> None:
        """Show where training stands."""

    def print(self, text: str) -> None:
        """A line that is for all processes, and said once."""

    def remark(self, text: str) -> None:
        """A line that only this process can say."""

    def __enter__(self) -> Self: ...

    def __exit__(self, *_: object) -> None: ...


def display(console: Console, rank: int = 0) -> Display:
    """A bar on a terminal, plain lines elsewhere, nothing where nobody wants to know; it outlives the first two.

    ``rank`` is the number of a process that doesn't speak for all, by which its remarks are known.
    """
    if not console.progress:
        return Nothing()
    if not console.speaks:
        return Lasting(Remarks(rank))
    return Lasting(Bar() if sys.stderr.isatty() else Lines())


class Nothing:
    """Shows nothing."""

    def show(self, status: Status) -> None:
        """Nothing."""

    def print(self, text: str) -> None:
        """Nothing."""

    def remark(self, text: str) -> None:
        """Nothing."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass


class Lasting:
    """Shows by another display while it can: training goes on when a terminal is closed or a pipe's reader has left."""

    def __init__(self, shown: Display) -> None:
        self._shown: Display = shown
        self._is_seen = True

    def show(self, status: Status) -> None:
        """Show where training stands, if anybody sees it."""
        self._try(lambda: self._shown.show(status))

    def print(self, text: str) -> None:
        """A line, if anybody sees it."""
        self._try(lambda: self._shown.print(text))

    def remark(self, text: str) -> None:
        """A remark, if anybody sees it."""
        self._try(lambda: self._shown.remark(text))

    def _try(self, do: Callable[[], None]) -> None:
        if self._is_seen:
            try:
                do()
            except OSError:
                self._is_seen = False

    def __enter__(self) -> Self:
        self._shown.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self._try(self._shown.__exit__)


class Remarks(Nothing):
    """What one of several processes shows, where another shows how training goes: only what it has to say itself."""

    def __init__(self, rank: int) -> None:
        self._rank = rank

    @override
    def remark(self, text: str) -> None:
        """A line, and whose."""
        print(f"device {self._rank}: {text}", file=sys.stderr, flush=True)


class Lines:
    """A line for each evaluation, and some in between if they are long in coming."""

    def __init__(self) -> None:
        self._last = time.monotonic()

    def show(self, status: Status) -> None:
        """A line, if one is due."""
        now = time.monotonic()
        if status.evaluation or now - self._last >= SECONDS_BETWEEN_LINES:
            self._last = now
            self.print(status.text)

    def print(self, text: str) -> None:
        """A line."""
        print(text, file=sys.stderr, flush=True)

    remark = print

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass


class Bar:
    """A bar at the foot of the terminal, and a line for each evaluation above it."""

    def __init__(self) -> None:
        columns = (BarColumn(bar_width=9), TextColumn("{task.description}", markup=False))
        self._progress = Progress(*columns, console=Terminal(stderr=True), transient=True)
        self._task = self._progress.add_task("", total=None)

    def show(self, status: Status) -> None:
        """Move the bar."""
        if status.evaluation:
            self.print(status.text)
        self._progress.update(self._task, total=status.total, completed=status.iteration, description=status.short_text)

    def print(self, text: str) -> None:
        """A line above the bar."""
        self._progress.console.print(Text(text), soft_wrap=True)

    remark = print

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()


def clock(seconds: float) -> str:
    """Hours, minutes and seconds."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}"
