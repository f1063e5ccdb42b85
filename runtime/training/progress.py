"""What somebody who waits for training sees: a bar on a terminal, plain lines elsewhere. All of it on stderr."""

import sys
import time
from collections.abc import Callable
from typing import NamedTuple, Protocol, Self

from netdef.compiler.override import override
from netdef.runtime.console import Console
from netdef.runtime.progress import SECONDS_BETWEEN_LINES, clock, is_terminal
from netdef.runtime.progress_bar import Bar, Fact, Standing


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
        return (
            f"iteration {self.iteration:{width}}/{self.total}  epoch {self.epoch:6.2f}"
            f"  loss {self.loss:.4f}  lr {self.lr:<5.3g}  {self.images_per_s:,.0f} images/s"
            f"  data wait {100 * self.data_wait:2.0f} %  {clock(self.seconds_left)} left{evaluation}"
        )

    @property
    def standing(self) -> Standing:
        """The same beside a bar, as far as it fits."""
        facts = (
            Fact(f"iteration {self.iteration}/{self.total}", 1),
            Fact(f"epoch {self.epoch:.2f}", 2),
            Fact(f"loss {self.loss:.4f}", 3),
            Fact(f"lr {self.lr:.3g}", 5),
            Fact(f"{self.images_per_s:,.0f} images/s", 4),
            Fact(f"data wait {100 * self.data_wait:.0f} %", 6),
            Fact(f"{clock(self.seconds_left)} left", 0),
        )
        return Standing(self.iteration, self.total, facts)


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
    return Lasting(Foot() if is_terminal() else Lines())


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


class Foot:
    """A bar at the foot of the terminal, and a line for each evaluation above it."""

    def __init__(self) -> None:
        self._bar = Bar(Standing(0, 1, (Fact("waiting for the first iterations", 0),)))

    def show(self, status: Status) -> None:
        """Move the bar."""
        if status.evaluation:
            self.print(status.text)
        self._bar.move(status.standing)

    def print(self, text: str) -> None:
        """A line above the bar."""
        self._bar.print(text)

    remark = print

    def __enter__(self) -> Self:
        self._bar.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.__exit__()
