"""A net's posteriors for the images of a data set."""

import time
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

import numpy as np
import torch

from netdef.compiler.diagnostics import Diagnostic
from netdef.compiler.net_error import NetError
from netdef.compiler.shape import Pair, known
from netdef.runtime.data.batches import TestBatches
from netdef.runtime.data.datasets.dataset import Dataset, paths_of
from netdef.runtime.data.loading import stream
from netdef.runtime.data.normalise import Normalise
from netdef.runtime.data.scaled import ScaledImages
from netdef.runtime.data.skipping import Skipped
from netdef.runtime.evaluation.measure import TEST_BATCH
from netdef.runtime.evaluation.posteriors import Posteriors, are_posteriors, averaged
from netdef.runtime.evaluation.protocol import Pool, Protocol
from netdef.runtime.evaluation.views import ViewValues, large_enough, values_of_views
from netdef.runtime.hardware.process_group import SINGLE, ProcessGroup
from netdef.runtime.trained import TrainedNet

Tell = Callable[[Diagnostic], None]
"""What is given each image that is left out."""
Done = Callable[[float], None]
"""What is given how many images more are done; of one that is shown several times, parts."""


class ScoringTask(NamedTuple):
    """Which images are scored, and how.

    trained    the net; its blob has the class scores
    skip       whether images that can't be read, or are too small, are left out
    ignored    labels of images that don't count
    """

    trained: TrainedNet
    data: Dataset
    protocol: Protocol = Protocol()
    skip: bool = False
    num_workers: int = 0
    ignored: frozenset[int] = frozenset()


@torch.inference_mode()
def score_images(task: ScoringTask, tell: Tell, done: Done, group: ProcessGroup = SINGLE) -> Posteriors:
    """The posteriors of this process's share of the images."""
    check_task(task)
    trained = task.trained
    began = time.monotonic()
    pieces, num_pieces = (_as_in_training if task.protocol.is_simple else over_views)(task, tell, group)
    shape = len(task.data), trained.num_channels
    softmaxed = are_posteriors(trained.net, trained.blob)
    coming = counted(pieces, num_pieces, done)
    values, numbers = averaged(coming, num_pieces, shape, task.protocol.pool, softmaxed=softmaxed)
    all_labels = np.asarray(task.data.labels, np.int64)
    count = ~np.isin(all_labels[numbers], sorted(task.ignored))
    values, numbers = values[count], numbers[count]
    # After a soft-max of the net's own nothing is left to average before
    protocol = task.protocol._replace(pool=Pool.PROB) if softmaxed else task.protocol
    made = {
        "name": trained.net.name,
        "scores": trained.blob,
        "normalise": trained.feed.normalise.of_numbers,
        "precision": str(trained.precision or torch.float32).removeprefix("torch."),
        "protocol": protocol.as_data,
        "images_per_s": len(numbers) / (time.monotonic() - began),
    }
    paths = paths_of(task.data)
    shown = tuple(paths[number] for number in numbers.tolist()) if paths else ()
    classes = task.data.classes[: shape[1]]  # data known by their labels alone count an ignored one, too
    return Posteriors(values, all_labels[numbers], numbers, classes, made, shown)


def check_task(task: ScoringTask) -> None:
    """Refuse data without labels, and whole images where a mean image, or stored numbers, belong to one size."""
    if len(task.data.labels) != len(task.data):
        raise NetError(Diagnostic("N1102", "the data have no labels that are numbers of classes"))
    if not (task.protocol.is_simple or isinstance(task.trained.feed.normalise, Normalise)):
        message = f"how the net's numbers are made is only for images of one size: {task.trained.feed.normalise.text}"
        help = "give the net preprocess { mean: [...] }, and name the images with --data"
        raise NetError(Diagnostic("N1102", message, help=help))


def _as_in_training(task: ScoringTask, tell: Tell, group: ProcessGroup) -> tuple[Iterator[ViewValues], int]:
    """The scores for what the net is shown in the tests of training: one piece for each sample."""
    trained, feed = task.trained, task.trained.feed.of_images
    batches = TestBatches(task.data, feed.crop, TEST_BATCH, skip=task.skip)
    coming = Skipped(task.data, tell).readable(stream(batches, group.slice_of(len(batches)), task.num_workers))
    fed = ((batch["number"].tolist(), feed.inputs(batch, trained.device)) for batch in coming)
    return (ViewValues(numbers, 0, 0, trained.compute(inputs)[:, None]) for numbers, inputs in fed), 1


def over_views(task: ScoringTask, tell: Tell, group: ProcessGroup = SINGLE) -> tuple[Iterator[ViewValues], int]:
    """The scores, or another blob, for whole images or windows, and how many pieces there are for each sample."""
    trained = task.trained
    _, channels, height, width = map(known, trained.net.inputs[trained.input])
    window = Pair(height, width)
    views, scalings = task.protocol.views(window), task.protocol.scalings(window, channels)
    samples = ScaledImages(task.data, scalings, skip=task.skip)
    coming = Skipped(task.data, tell).readable(stream(samples, group.slice_of(len(task.data)), task.num_workers))
    if task.protocol.dense:
        coming = large_enough(trained, coming, task.data, tell if task.skip else None)
    return values_of_views(trained, coming, views), len(views) * len(scalings)


def counted(pieces: Iterable[ViewValues], num_pieces: int, done: Done) -> Iterator[ViewValues]:
    """The same pieces, each told once it was taken; there are ``num_pieces`` of each image."""
    for piece in pieces:
        yield piece
        done(len(piece.numbers) / num_pieces)
