"""Before a long run: does it fit into memory, and how long will it take?

Nothing is written; but the weights of the job change, so train with another.
"""

import time
from collections.abc import Iterable
from typing import NamedTuple

import torch
from torch import Tensor
from torch.autograd.graph import saved_tensors_hooks

from netdef.compiler.analysis.judged import label_ranges, made_from
from netdef.compiler.net.net import Net
from netdef.compiler.shape import known
from netdef.runtime.hardware.memory import peak_memory
from netdef.runtime.progress import clock
from netdef.runtime.training.job import Job, solver_of, training_batches
from netdef.runtime.training.progress import Display
from netdef.runtime.training.setup import TrainingSetup


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
        beside = f"gradients {_size(self.gradients)}, the solver's history {_size(self.history)}"
        parts = f"weights {_size(self.weights)}, {beside}, kept for the backward pass {_size(self.kept)}"
        return f"memory: {_size(self.peak)} at most; {parts}"


class DryRun(NamedTuple):
    """What a dry run found.

    batch     images in an iteration
    seconds   of computing, for an iteration
    reading   seconds of one process to read a batch; None where there are no data
    readers   processes that read; with 0, the one that computes does
    total     the recipe's iterations; None where they depend on data that aren't there
    """

    memory: Memory
    batch: int
    seconds: float
    reading: float | None
    readers: int
    total: int | None

    @property
    def whole(self) -> float:
        """Seconds from one iteration to the next: readers work beside the one that computes."""
        reading = self.reading or 0.0
        return max(self.seconds, reading / self.readers) if self.readers else self.seconds + reading

    @property
    def text(self) -> str:
        """Lines for people."""
        lines = [self.memory.text, f"an iteration: {self.seconds:.3g} s, {self.batch / self.seconds:,.0f} images/s"]
        if self.reading is not None:
            lines.append(f"reading a batch: {self.reading:.3g} s of one process, and {max(1, self.readers)} will read")
        if self.total is None:
            lines.append("the whole recipe: it counts epochs, and there are no data to tell how long they are")
        else:
            hours = clock(self.total * self.whole)
            lines.append(f"the whole recipe: {self.total:,} iterations in {hours}, without tests")
        return "\n".join(lines)


def dry_run(job: Job, display: Display, *, has_data: bool = True) -> DryRun:
    """Run two iterations on made-up images of the net's own size; the first asks for memory, the second is timed.

    Without ``has_data`` the job's data only stand in for those that are wanted.
    """
    setup = job.setup
    display.print(f"dry run: 2 iterations of {setup.recipe.batch:,} made-up images; nothing is written")
    solver = solver_of(job, display)
    weights = [each.tensor for each in job.module.learned()]
    blobs = made_up(job)
    kept = _Kept([*weights, *blobs.values()])
    with saved_tensors_hooks(kept.note, kept.give):
        float(solver.step(**blobs))
    began = time.perf_counter()
    float(solver.step(**blobs))  # a number waits for the device
    seconds = time.perf_counter() - began
    memory = Memory(
        weights=_num_bytes(weights),
        gradients=_num_bytes(weight for weight in weights if weight.requires_grad),
        history=_num_bytes(solver.history.values()),
        kept=kept.num_bytes,
        peak=peak_memory(setup.device),
    )
    reading = _seconds_to_read(setup) if has_data else None
    total = setup.num_iterations if has_data or setup.recipe.iterations else None
    return DryRun(memory, setup.recipe.batch, seconds, reading, setup.num_workers, total)


def made_up(job: Job) -> dict[str, Tensor]:
    """A device's part of a batch for the net's inputs: noise, and where labels are made from them, classes in turn."""
    setup = job.setup
    num, device = setup.recipe.batch // setup.group.size, setup.device
    num_classes = _classes_fed(setup.train_net)
    blobs = {}
    for blob in setup.feeding.blobs.values():
        sides = [side for side in setup.train_net.blobs[blob][1:] if isinstance(side, int)]
        if blob in num_classes:
            classes = torch.arange(num, device=device) % num_classes[blob]
            blobs[blob] = classes.view(num, *[1] * len(sides)).expand(num, *sides)
        else:
            blobs[blob] = torch.randn(num, *sides, device=device)
    return blobs


def _classes_fed(net: Net) -> dict[str, int]:
    """How many classes there are for the labels that are made from each input."""
    found: dict[str, int] = {}
    for blob, allowed in label_ranges(net).items():
        for fed in made_from(net, blob).fed:
            found[fed] = min(found.get(fed, known(allowed.num_classes)), known(allowed.num_classes))
    return {fed: max(1, num) for fed, num in found.items()}


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


def _size(num_bytes: int) -> str:
    return f"{num_bytes / 1e9:.2f} GB" if num_bytes >= 1e9 else f"{num_bytes / 1e6:.1f} MB"
