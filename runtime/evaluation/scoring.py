"""A net's posteriors for the images of a data set."""

import time
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch

from netdef.compiler.diagnostics import Diagnostic
from netdef.compiler.net_error import NetError
from netdef.compiler.shape import Pair, known
from netdef.runtime.data.batches import TestBatches, stream
from netdef.runtime.data.datasets.dataset import Dataset, paths_of
from netdef.runtime.data.feed import Feed
from netdef.runtime.data.normalise import Normalise
from netdef.runtime.data.scaled import ScaledImages
from netdef.runtime.data.skipping import Skipped
from netdef.runtime.evaluation.errors import PAGE
from netdef.runtime.evaluation.posteriors import Posteriors, are_posteriors, averaged
from netdef.runtime.evaluation.protocol import Pool, Protocol
from netdef.runtime.evaluation.views import NUM_PIXELS, Eye, Seen, large_enough, seen
from netdef.runtime.hardware.process_group import SINGLE, ProcessGroup

if TYPE_CHECKING:
    from netdef.runtime.module import NetModule

SECONDS_BETWEEN_LINES = 15.0
Tell = Callable[[Diagnostic], None]
"""What is given each image that is left out."""


class Task(NamedTuple):
    """What is judged, and how.

    scores       the blob with the class scores
    feed         how images reach the net
    precision    of convolutions and products, where it isn't float32
    skip         whether images that can't be read, or are too small, are left out
    ignored      labels of images that don't count
    """

    module: "NetModule"
    scores: str
    data: Dataset
    feed: Feed
    protocol: Protocol
    precision: torch.dtype | None = None
    skip: bool = False
    num_workers: int = 0
    ignored: frozenset[int] = frozenset()

    @property
    def eye(self) -> Eye:
        """The net as it looks at images."""
        pixels = NUM_PIXELS[next(iter(self.module.parameters())).device.type]
        return Eye(self.module, self.scores, self.feed.blobs["data"], self.feed.normalise, pixels, self.precision)


@torch.inference_mode()
def judge(task: Task, tell: Tell, say: Callable[[str], None], group: ProcessGroup = SINGLE) -> Posteriors:
    """The posteriors of this process's share of the images.

    ``say`` is given a line now and then where it takes long.
    """
    check_task(task)
    began = time.monotonic()
    pieces, num_looks = (_simply if task.protocol.is_simple else by_looks)(task, tell, group)
    shape = len(task.data), known(task.module.net.shapes[task.scores][1])
    softmaxed = are_posteriors(task.module.net, task.scores)
    coming = watched(pieces, num_looks, len(group.slice_of(len(task.data))), say)
    values, numbers = averaged(coming, num_looks, shape, task.protocol.pool, softmaxed=softmaxed)
    all_labels = np.asarray(task.data.labels, np.int64)
    count = ~np.isin(all_labels[numbers], sorted(task.ignored))
    values, numbers = values[count], numbers[count]
    # After a soft-max of the net's own nothing is left to average before
    protocol = task.protocol._replace(pool=Pool.PROB) if softmaxed else task.protocol
    made = {
        "name": task.module.net.name,
        "scores": task.scores,
        "normalise": task.feed.normalise.as_data,
        "precision": str(task.precision or torch.float32).removeprefix("torch."),
        "protocol": protocol.as_data,
        "images_per_s": len(numbers) / (time.monotonic() - began),
    }
    paths = paths_of(task.data)
    shown = tuple(paths[number] for number in numbers.tolist()) if paths else ()
    classes = task.data.classes[: shape[1]]  # data known by their labels alone count an ignored one, too
    return Posteriors(values, all_labels[numbers], numbers, classes, made, shown)


def check_task(task: Task) -> None:
    """Refuse data without labels, and whole images where a mean image, or stored numbers, belong to one size."""
    if len(task.data.labels) != len(task.data):
        raise NetError(Diagnostic("N811", "the data have no labels that are numbers of classes"))
    if not (task.protocol.is_simple or isinstance(task.feed.normalise, Normalise)):
        message = f"how the net's numbers are made is only for images of one size: {task.feed.normalise.text}"
        cure = "give the net preprocess { mean: [...] }, and name the images with --data"
        raise NetError(Diagnostic("N811", message, help=cure))


def _simply(task: Task, tell: Tell, group: ProcessGroup) -> tuple[Iterator[Seen], int]:
    """The scores for what the net is shown in the tests of training: one piece for each sample."""
    batches = TestBatches(task.data, task.feed.view, PAGE, skip=task.skip)
    eye, feed = task.eye, task.feed.of_images
    coming = Skipped(task.data, tell).told(stream(batches, group.slice_of(len(batches)), task.num_workers))
    fed = ((batch["number"].tolist(), feed.inputs(batch, eye.device)) for batch in coming)
    return (Seen(numbers, 0, 0, eye.compute(inputs)[:, None]) for numbers, inputs in fed), 1


def by_looks(task: Task, tell: Tell, group: ProcessGroup = SINGLE) -> tuple[Iterator[Seen], int]:
    """The scores, or another blob, for whole images or windows, and how many pieces there are for each sample."""
    _, channels, height, width = map(known, task.module.net.inputs[task.feed.blobs["data"]])
    window, eye = Pair(height, width), task.eye
    looks, views = task.protocol.looks(window), task.protocol.views(window, channels)
    samples = ScaledImages(task.data, views, skip=task.skip)
    coming = Skipped(task.data, tell).told(stream(samples, group.slice_of(len(task.data)), task.num_workers))
    if task.protocol.dense:
        coming = large_enough(eye, coming, task.data, tell if task.skip else None)
    return seen(eye, coming, looks), len(looks) * len(views)


def watched(pieces: Iterable[Seen], num_looks: int, num: int, say: Callable[[str], None]) -> Iterator[Seen]:
    """The same pieces, with a line now and then."""
    done = 0.0
    began = last = time.monotonic()
    for piece in pieces:
        yield piece
        done += len(piece.numbers) / num_looks
        now = time.monotonic()
        if now - last >= SECONDS_BETWEEN_LINES:
            last = now
            say(f"{done:,.0f} of {num:,} images, {done / (now - began):,.1f} images/s")
