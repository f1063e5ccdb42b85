"""A net's posteriors for the images of a data set."""

import time
from collections.abc import Callable, Iterable, Iterator
from functools import reduce
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from netdef.compiler.analysis.judged import Judged, made_from
from netdef.compiler.diagnostics import Diagnostic
from netdef.compiler.net_error import NetError
from netdef.compiler.shape import Pair, known
from netdef.runtime.data.batches import Batch, TestBatches
from netdef.runtime.data.box_fields import BOX_FIELDS
from netdef.runtime.data.datasets.dataset import Dataset, boxes_of, paths_of
from netdef.runtime.data.labels import LabelCheck
from netdef.runtime.data.loading import stream
from netdef.runtime.data.normalise import Normalise
from netdef.runtime.data.scaled import ScaledImages
from netdef.runtime.data.skipping import Skipped
from netdef.runtime.evaluation.measure import TEST_BATCH
from netdef.runtime.evaluation.outputs import Loss, Told
from netdef.runtime.evaluation.posteriors import Posteriors, are_posteriors, averaged
from netdef.runtime.evaluation.protocol import Pool, Protocol
from netdef.runtime.evaluation.views import ViewValues, large_enough, values_of_views
from netdef.runtime.hardware.process_group import SINGLE, ProcessGroup
from netdef.runtime.trained import TrainedNet
from netdef.runtime.trained_run import Seen

Tell = Callable[[Diagnostic], None]
"""What is given each image that is left out."""
Done = Callable[[float], None]
"""What is given how many images more are done; of one that is shown several times, parts."""


class ScoringTask(NamedTuple):
    """Which images are scored, and how.

    trained    the net; its blob has the class scores
    judged     the labels that they are held against, and which of these don't count; None: the data's own, all of them
    skip       whether images that can't be read, or are too small, are left out
    batch      how many samples are measured at once, where there are no scores of whole images
    seen       the part of the data that is shown, where a run's test saw but a part; None is all
    """

    trained: TrainedNet
    data: Dataset
    protocol: Protocol = Protocol()
    skip: bool = False
    num_workers: int = 0
    judged: Judged | None = None
    batch: int = TEST_BATCH
    seen: Seen | None = None

    @property
    def num_shown(self) -> int:
        """The samples that are shown."""
        return len(self.data) if self.seen is None else self.seen.num_samples


class Beside(NamedTuple):
    """What is known of the samples beside their scores.

    labels   of each sample of the data; those that the net makes of what is fed are filled in as it sees them
    losses   of each batch, with the net's scalar outputs
    """

    labels: NDArray[np.int64]
    losses: list[Loss]


@torch.inference_mode()
def score_images(task: ScoringTask, tell: Tell, done: Done, group: ProcessGroup = SINGLE) -> Posteriors:
    """The posteriors of this process's share of the images."""
    check_task(task)
    trained = task.trained
    began = time.monotonic()
    known = np.array(task.data.labels, np.int64)
    beside = Beside(known if len(known) else np.zeros(len(task.data), np.int64), [])
    simple = task.protocol.is_simple
    pieces, num_pieces = _as_in_training(task, tell, group, beside) if simple else over_views(task, tell, group)
    shape = len(task.data), trained.num_channels
    softmaxed = are_posteriors(trained.net, trained.blob)
    coming = counted(pieces, num_pieces, done)
    values, numbers = averaged(coming, num_pieces, shape, task.protocol.pool, softmaxed=softmaxed)
    count = ~np.isin(beside.labels[numbers], sorted(task.judged.ignored if task.judged else ()))
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
    loss = reduce(Loss.plus, beside.losses, Loss())
    return Posteriors(values, beside.labels[numbers], numbers, classes, made, shown, loss)


def check_task(task: ScoringTask) -> None:
    """Refuse data without labels, and whole images where a mean image, or stored numbers, belong to one size."""
    if len(task.data.labels) != len(task.data) and not (task.protocol.is_simple and task.judged and task.judged.labels):
        raise NetError(Diagnostic("N1102", "the data have no labels that are numbers of classes"))
    if not (task.protocol.is_simple or isinstance(task.trained.feed.normalise, Normalise)):
        message = f"how the net's numbers are made is only for images of one size: {task.trained.feed.normalise.text}"
        help = "give the net preprocess { mean: [...] }, and name the images with --data"
        raise NetError(Diagnostic("N1102", message, help=help))


def _as_in_training(
    task: ScoringTask, tell: Tell, group: ProcessGroup, beside: Beside
) -> tuple[Iterator[ViewValues], int]:
    """The scores for what the net is shown in the tests of training: one piece for each sample."""
    coming = batches_in_tests(task, TEST_BATCH, group)
    return _scored(task, Skipped(task.data, tell).readable(coming), beside), 1


def batches_in_tests(task: ScoringTask, size: int, group: ProcessGroup) -> Iterator[Batch]:
    """This process's share of the batches that training's tests saw: each sample once, or those that one test saw."""
    seen = task.seen
    size = size if seen is None else seen.size
    batches = TestBatches(task.data, task.trained.feed.crop, size, skip=task.skip, endless=seen is not None)
    first, num = (0, len(batches)) if seen is None else (seen.first, seen.num)
    return stream(batches, [first + batch for batch in group.slice_of(num)], task.num_workers)


def _scored(task: ScoringTask, batches: Iterable[Batch], beside: Beside) -> Iterator[ViewValues]:
    """The scores of batches, whose labels and losses are added to what is known."""
    trained = task.trained
    fields = [field for field in trained.feed.blobs if field not in BOX_FIELDS or boxes_of(task.data) is not None]
    told = Told.by(trained.module).where_fed(trained.net, [trained.feed.blobs[field] for field in fields])
    labels = task.judged.labels if task.judged else None
    wanted = list(dict.fromkeys([trained.blob, *([labels] if labels else []), *told.blobs]))
    feed = trained.feed.of_blobs(frozenset[str]().union(*(made_from(trained.net, blob).fed for blob in wanted)))
    check = LabelCheck(trained.module, feed, known=[labels] if labels and len(task.data.labels) else ())
    for batch in batches:
        check.check(batch)
        found = trained.blobs(wanted, feed.inputs(batch, trained.device))
        numbers = batch["number"].tolist()
        if labels is not None:
            beside.labels[numbers] = found[labels].long().flatten().cpu().numpy()
        beside.losses.append(told.of(found, len(numbers)))
        yield ViewValues(numbers, 0, 0, found[trained.blob][:, None])


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
