"""Can the net learn at all? A net that can't learn one batch by heart won't learn a thousand of them."""

import math
import time
from typing import NamedTuple

from netdef.compiler.diagnostics import Diagnostic
from netdef.compiler.net_error import NetError
from netdef.runtime.training.job import Job, solver_of, training_batches
from netdef.runtime.training.progress import Display, Status

LEARNED = 0.05
"""The part of the first loss that is left when a batch is known by heart."""
MOST_STEPS = 500
BARELY = 0.9
"""The part of the first loss above which nothing was learned."""


class Overfitted(NamedTuple):
    """A batch that was learned by heart; ``first`` and ``last`` are losses."""

    num_steps: int
    first: float
    last: float

    @property
    def text(self) -> str:
        """A line for people."""
        losses = f"from {self.first:.4g} to {self.last:.4g}"
        return f"the net can learn: on one batch the loss fell {losses} in {self.num_steps} steps"


def overfit(job: Job, display: Display) -> Overfitted:
    """Train on the first batch alone, always the same images and without Dropout; nothing is written.

    The weights of the job change, so train with another.

    Raises:
        NetError: if the loss doesn't come down to ``LEARNED`` of the first in ``MOST_STEPS``.
    """
    solver = solver_of(job, display)
    job.module.eval()  # a net in phase TRAIN goes on as such, only Dropout rests
    blobs = job.inputs(training_batches(job.setup)[0])
    began = time.monotonic()
    first = loss = math.nan
    while solver.iteration < MOST_STEPS:
        lr = solver.lr
        loss = float(solver.step(**blobs))
        first = loss if solver.iteration == 1 else first
        if loss <= LEARNED * first:
            return Overfitted(solver.iteration, first, loss)
        if not math.isfinite(loss):
            break
        each = (time.monotonic() - began) / solver.iteration
        rest = (MOST_STEPS - solver.iteration) * each
        display.show(Status(solver.iteration, MOST_STEPS, 0.0, loss, lr, job.setup.recipe.batch / each, 0.0, rest))
    message = f"the net can't learn one batch by heart: the loss went from {first:.4g} to {loss:.4g}"
    raise NetError(Diagnostic("N842", f"{message} in {solver.iteration} steps", notes=hints(job, first, loss)))


def hints(job: Job, first: float, last: float) -> tuple[str, ...]:
    """What may be the cause, the likeliest first."""
    rate = job.setup.recipe.lr.base
    still = [each.layer for each in job.module.learned() if each.index == 0 and not each.tensor.any()]
    fell = last <= first  # not so where it is no number
    causes = {
        "the learning rate is 0": rate == 0,
        f"the learning rate may be too high: try --lr {rate / 10:g}": not fell,
        "the input's numbers may be too large: see preprocess": not fell,
        f'the weights of {", ".join(still)} are all 0: add weight_filler {{ type: "msra" }}': bool(still),
        f"the learning rate may be too low: try --lr {rate * 10:g}": fell and rate > 0 and not still,
        "the labels may not tell what is in the images": last > BARELY * first,
    }
    return tuple(text for text, holds in causes.items() if holds)
