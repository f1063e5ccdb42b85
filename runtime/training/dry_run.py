"""Before a long run: does it fit into memory, and how long will it take?

Memory is estimated from the shapes first, and what won't fit is refused. Then two iterations are run, of a large batch
only a part, so that trying takes neither hours nor all of the memory. Nothing is written; but the weights of the job
change, so train with another.
"""

import time
from collections.abc import Iterable
from typing import NamedTuple

import torch
from torch import Tensor
from torch.autograd.graph import saved_tensors_hooks

from netdef.compiler.analysis.judged import whole_numbers_fed
from netdef.compiler.counted import counted
from netdef.runtime.data.labels import check_fed
from netdef.runtime.hardware.memory import peak_memory
from netdef.runtime.progress import clock
from netdef.runtime.training.job import Job, solver_of, training_batches
from netdef.runtime.training.memory_estimate import estimate, show_bytes
from netdef.runtime.training.progress import Display, Status
from netdef.runtime.training.setup import TrainingSetup

MOST_BYTES = 2**29
"""What the passes of a dry run may take for their images."""


class Memory(NamedTuple):
    """What training holds, in bytes.

    weights, gradients, history   what is learned, and what the solver needs beside it
    kept    what the forward pass keeps for the backward pass, of one part of a batch
    peak    the most that was in use: of the GPU's memory, or of the whole process
    """

    weights: int
    gradients: int
    history: int
    kept: int
    peak: int

    @property
    def text(self) -> str:
        """A line for people."""
        beside = f"gradients {show_bytes(self.gradients)}, the solver's history {show_bytes(self.history)}"
        parts = f"weights {show_bytes(self.weights)}, {beside}, kept for the backward pass {show_bytes(self.kept)}"
        return f"memory: {show_bytes(self.peak)} at most; {parts}"


class DryRun(NamedTuple):
    """What a dry run found.

    batch     images in an iteration
    seconds   of computing, for an iteration
    reading   seconds of one process to read a batch; None where there are no data
    readers   processes that read; with 0, the one that computes does
    total     the recipe's iterations; None where they depend on data that aren't there
    computed  images that were computed; where they were fewer than the batch, the rest is scaled up
    """

    memory: Memory
    batch: int
    seconds: float
    reading: float | None
    readers: int
    total: int | None
    computed: int | None = None

    @property
    def whole(self) -> float:
        """Seconds from one iteration to the next: readers work beside the one that computes."""
        reading = self.reading or 0.0
        return max(self.seconds, reading / self.readers) if self.readers else self.seconds + reading

    @property
    def text(self) -> str:
        """Lines for people."""
        speed = self.batch / self.seconds
        iteration = (
            f"an iteration: {self.seconds:.3g} s, {speed:,.0f} images/s"
            if speed >= 10
            else (f"an iteration: {self.seconds:,.0f} s, {speed:.2g} images/s")
        )
        if self.computed is not None and self.computed < self.batch:
            iteration += f"; {self.computed:,} images of the {self.batch:,} were computed, and the rest scaled up"
        lines = [self.memory.text, iteration]
        if self.reading is not None:
            lines.append(f"reading a batch: {self.reading:.3g} s of one process, and {max(1, self.readers)} will read")
        if self.total is None:
            lines.append("the whole recipe: it counts epochs, and there are no data to tell how long they are")
        else:
            hours = clock(self.total * self.whole)
            lines.append(f"the whole recipe: {counted(self.total, 'iteration')} in {hours}, without tests")
        return "\n".join(lines)


def dry_run(job: Job, display: Display, *, has_data: bool = True) -> DryRun:
    """Run two iterations on made-up images of the net's own size; the first asks for memory, the second is timed.

    Without ``has_data`` the job's data only stand in for those that are wanted.
    """
    setup = job.setup
    expected = estimate(setup)
    at_once = min(expected.at_once, max(1, MOST_BYTES // max(1, expected.image)))
    factor = expected.at_once / at_once
    num = at_once * setup.division.num_parts
    display.print(f"dry run: 2 iterations of {num:,} made-up images; nothing is written")
    solver = solver_of(job, display)
    weights = [each.tensor for each in job.module.learned()]
    blobs = made_up(job, at_once * setup.division.num_own)
    check_fed(job.module, blobs)
    kept = _Kept([*weights, *blobs.values()])
    began, lr = time.perf_counter(), solver.lr
    with saved_tensors_hooks(kept.note, kept.give):
        loss = float(solver.step(**blobs))
    first = time.perf_counter() - began
    display.show(Status(1, 2, 0.0, loss, lr, num / first, 0.0, first))
    began = time.perf_counter()
    float(solver.step(**blobs))  # a number waits for the device
    seconds = factor * (time.perf_counter() - began)
    memory = Memory(
        weights=_num_bytes(weights),
        gradients=_num_bytes(weight for weight in weights if weight.requires_grad),
        history=_num_bytes(solver.history.values()),
        kept=int(factor * kept.num_bytes),
        peak=peak_memory(setup.device) + (expected.at_once - at_once) * expected.image,
    )
    reading = _seconds_to_read(setup) if has_data else None
    total = setup.num_iterations if has_data or setup.recipe.iterations else None
    return DryRun(memory, setup.recipe.batch, seconds, reading, setup.num_workers, total, num)


def made_up(job: Job, num: int) -> dict[str, Tensor]:
    """So many samples for the net's inputs: noise, and where whole numbers are read, labels say, those in turn."""
    setup = job.setup
    device = setup.device
    numbers = whole_numbers_fed(setup.train_net, setup.train_net.shapes)
    blobs = {}
    for blob in setup.feeding.blobs.values():
        sides = [side for side in setup.train_net.blobs[blob][1:] if isinstance(side, int)]
        if blob in numbers:
            classes = numbers[blob].fed(torch.arange(num, device=device) % numbers[blob].num)
            blobs[blob] = classes.view(num, *[1] * len(sides)).expand(num, *sides)
        else:
            blobs[blob] = torch.randn(num, *sides, device=device)
    return blobs


class _Kept:
    """Counts what the first forward pass keeps, each storage once, beside what is there anyway."""

    def __init__(self, there: list[Tensor]) -> None:
        self._seen = {_place(tensor) for tensor in there}
        self._goes_on = True
        self.num_bytes = 0

    def note(self, tensor: Tensor) -> Tensor:
        if self._goes_on and _place(tensor) not in self._seen:
            self._seen.add(_place(tensor))
            self.num_bytes += tensor.untyped_storage().nbytes()
        return tensor

    def give(self, tensor: Tensor) -> Tensor:
        self._goes_on = False  # the backward pass has begun
        return tensor


def _place(tensor: Tensor) -> int:
    return tensor.untyped_storage().data_ptr()


def _num_bytes(tensors: Iterable[Tensor]) -> int:
    return sum(tensor.numel() * tensor.element_size() for tensor in tensors)


def _seconds_to_read(setup: TrainingSetup) -> float:
    batches = training_batches(setup)
    began = time.perf_counter()
    batches[0]
    return time.perf_counter() - began
