"""A net, a recipe and data brought together, and everything that doesn't fit refused before the first batch."""

from collections.abc import Iterator, Mapping
from hashlib import sha256
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from netdef.compiler.analysis.judged import Judged, ignored_by_all, label_ranges
from netdef.compiler.diagnostics import Diagnostic
from netdef.compiler.memory import too_large
from netdef.compiler.net.net import Net, Node
from netdef.compiler.net_error import NetError
from netdef.compiler.shape import known, product
from netdef.runtime.data.box_fields import BOX_FIELDS
from netdef.runtime.data.colours import Shifted, colours_of
from netdef.runtime.data.datasets.dataset import Data, Dataset, boxes_of, evenly_spread
from netdef.runtime.data.datasets.table import Table
from netdef.runtime.data.feed import Feed, augmented, bind, check_classes, crop_of
from netdef.runtime.data.labels import judged_in_tests, under_labels_of
from netdef.runtime.data.layer_crop import LayerCrop
from netdef.runtime.data.loading import workers_for
from netdef.runtime.data.normalise import Normalise, measured
from netdef.runtime.data.zipped import Zipped
from netdef.runtime.hardware.process_group import SINGLE, ProcessGroup
from netdef.runtime.localisation.evaluation import box_blob, check_boxes
from netdef.runtime.training.checkpoint import NUM_KEPT
from netdef.runtime.training.division import Division, divide
from netdef.runtime.training.loss_scale import LossScale
from netdef.runtime.training.recipe.recipe import Recipe, as_data
from netdef.runtime.training.sharding import check_shardable

NUM_LOOKED_AT = 32
"""Images by which data are known again."""


class Hardware(NamedTuple):
    """On what a net is trained; only rounding depends on it, and what BatchNorm takes for a batch.

    group           the processes that train together
    passes          in how many passes at least each computes its part of a batch
    shards          whether the weights are divided over the processes, too
    sync_batchnorm  whether BatchNorm's mean and variance are of all devices' parts together
    settings        how it is used, by name, where that isn't what suits the device (``settings_for``)
    num_workers     processes that read images; None is as many as the data need
    """

    device: torch.device
    group: ProcessGroup = SINGLE
    passes: int = 1
    shards: bool = False
    sync_batchnorm: bool = False
    settings: Mapping[str, Any] = MappingProxyType({})
    num_workers: int | None = None


class TrainingSetup(NamedTuple):
    """All that training needs but the weights: whatever can be checked before there are any was, and nothing is large.

    judged      the test net's class scores, and the labels that they are held against; None: boxes or the loss tell
    boxes       the test net's blob with boxes, where it learns from boxes
    known_labels  blobs whose labels the data told beforehand: they are numbers of classes
    feeding     how training batches reach the net; ``testing``: test batches the test net
    skip        whether images that can't be read are skipped
    identity    recipe, net and data as plain values, by which a run is told from others
    division    over which devices batches are divided
    num_kept    checkpoints to keep
    """

    train_net: Net
    test_net: Net
    judged: Judged | None
    boxes: str | None
    known_labels: frozenset[str]
    recipe: Recipe
    data: Data
    feeding: Feed
    testing: Feed
    skip: bool
    identity: dict[str, Any]
    division: Division
    hardware: Hardware
    num_kept: int

    @property
    def group(self) -> ProcessGroup:
        """The processes that train together."""
        return self.division.group

    @property
    def device(self) -> torch.device:
        """Where this process computes."""
        return self.hardware.device

    @property
    def num_workers(self) -> int:
        """Processes that read images for this one."""
        asked = self.hardware.num_workers
        return workers_for(self.data.train) if asked is None else asked

    @property
    def num_iterations(self) -> int:
        """Those of the whole recipe."""
        return self.recipe.num_iterations(len(self.data.train))


def prepare(
    train_net: Net,
    test_net: Net,
    recipe: Recipe,
    data: Data,
    *,
    hardware: Hardware,
    inputs: Mapping[str, str],
    scores: str | None = None,
    feeds: tuple[Feed, Feed] | None = None,
    skip: bool = False,
    num_kept: int = NUM_KEPT,
) -> TrainingSetup:
    """All that training needs, but the first weights.

    Args:
        train_net: the net in phase TRAIN; it must have a loss.
        test_net: the same net in phase TEST.
        recipe: how to train.
        data: on what.
        hardware: with what.
        inputs: input blob -> field of the data, where their names don't say it.
        scores: the blob with the class scores, where the net doesn't tell.
        feeds: how the nets' own data layers feed them, in training and in the test, if they do.
        skip: whether images that can't be read are skipped, and not a mistake.
        num_kept: checkpoints to keep.
    """
    division = divide(recipe, hardware.group, hardware.passes, shards=hardware.shards)
    if hardware.shards:
        check_shardable(train_net, hardware.group)
    check_batch(train_net, recipe.batch // hardware.group.size)
    LossScale(train_net, division)  # refuses what can't be divided
    feeding, testing = feeds or _fed_from_outside(train_net, test_net, recipe, data, inputs)
    boxed = feeds is None and any(field in feeding.blobs for field in BOX_FIELDS)
    boxes = test_net.chosen_scores(scores or box_blob(test_net)) if boxed else None
    judged = None if boxed else judged_in_tests(test_net, data.test, scores, taught=train_net)
    if recipe.iterations != 0:
        check_loss(train_net, judged.scores if judged else boxes)
    known_labels: frozenset[str] = frozenset()
    if boxes is not None:
        for part in (data.train, data.test):
            check_boxes(test_net.shapes[boxes], part, feeding.blobs)
    elif judged is not None:
        data = judged_data(data, judged, (feeding, testing), (train_net, test_net))
        known_labels = checked_labels(data, judged, feeding, (train_net, test_net))
    apart = division.num_own if hardware.sync_batchnorm else division.num_parts
    over = {"BatchNorm": f"over {f'1/{apart}' if apart > 1 else 'all'} of a batch"} if train_net.num_statistics else {}
    return TrainingSetup(
        train_net=train_net,
        test_net=test_net,
        judged=judged,
        boxes=boxes,
        known_labels=known_labels,
        recipe=recipe,
        data=data,
        feeding=feeding,
        testing=testing,
        skip=skip,
        identity=identity_of(train_net, recipe, data, feeding) | over,
        division=division,
        hardware=hardware,
        num_kept=num_kept,
    )


def _fed_from_outside(
    train_net: Net, test_net: Net, recipe: Recipe, data: Data, inputs: Mapping[str, str]
) -> tuple[Feed, Feed]:
    """How data that were chosen beside the net reach it: as its ``preprocess`` says, or else as they are measured."""
    blobs, test_blobs = bind(train_net, inputs), bind(test_net, inputs)
    test_crop = crop_of(test_net, test_blobs["data"])
    test_crop = test_crop._replace(resize=recipe.test.scale or test_crop.resize)
    crop = augmented(crop_of(train_net, blobs["data"]), recipe.augment)
    preprocess = train_net.preprocess or measured(data.train, crop)
    normalise = Normalise(preprocess)
    shift = recipe.augment.rgb_shift
    shifted = Shifted(preprocess, colours_of(data.train), shift) if shift else normalise
    return Feed(crop, blobs, shifted, shuffled=True), Feed(test_crop, test_blobs, normalise, shuffled=False)


def judged_data(data: Data, judged: Judged, feeds: tuple[Feed, Feed], nets: tuple[Net, Net]) -> Data:
    """The data under the labels that the net is judged by."""
    if judged.labels is None:
        return data
    num_classes = known(nets[1].shapes[judged.scores][judged.axis])
    parts = zip((data.train, data.test), feeds, strict=True)
    train, test = (under_labels_of(part, feed, judged.labels, num_classes) for part, feed in parts)
    return data._replace(train=train, test=test)


def checked_labels(data: Data, judged: Judged, feed: Feed, nets: tuple[Net, Net]) -> frozenset[str]:
    """The blobs whose labels the data tell beforehand; refuses those that are no numbers of classes."""
    train_net, test_net = nets
    shape = test_net.shapes[judged.scores]
    for part, in_order in ((data.train, nets), (data.test, nets[::-1])):
        if len(part.labels) == len(part):
            check_classes((1, shape[judged.axis]), part, ignored_by_all(*in_order))
    blob = judged.labels or feed.blobs.get("label")
    is_known = blob in feed.blobs.values() and all(len(part.labels) == len(part) for part in data[:2])
    own = label_ranges(train_net, test_net).get(blob or "")
    alone = own is None or own.num_classes == shape[judged.axis]
    return frozenset([blob] if blob is not None and is_known and alone else ())


def check_batch(net: Net, num_images: int) -> None:
    """Refuse batches whose inputs alone are more than a machine's memory."""
    numbers = sum(known(product(shape[1:])) for shape in net.inputs.values())
    said = too_large(f"a batch of {num_images:,} images", 4 * num_images * numbers)
    if said is not None:
        raise NetError(said)


def check_loss(net: Net, scores: str | None) -> None:
    """Refuse a net that has nothing to make smaller, where a loss could read its scores, or nothing that learns."""
    if not net.has_loss:
        help = f'layer "loss" SoftmaxWithLoss {{ bottom: ["{scores or "fc"}", "label"] include {{ phase: TRAIN }} }}'
        message = f"{net.name or net.definition.path} has no loss in phase TRAIN, so nothing can be learned"
        raise NetError(Diagnostic("N841", message, help=f'add input "label" [1] and {help}'))
    weights = [own for node in net.nodes for own in node.weights if own.weight.learned]
    if not any(own.lr_mult for own in weights):
        found = "all its weights have lr_mult: 0" if weights else "it has no weights"
        message = f"{net.name or net.definition.path} can't learn: {found}"
        raise NetError(Diagnostic("N843", message, help="add param { lr_mult: 1 } to a layer that should learn"))


def identity_of(net: Net, recipe: Recipe, data: Data, feed: Feed) -> dict[str, Any]:
    """What a run is, as plain values that can be compared: a resumed run must have the same."""
    own, told = {}, as_data(recipe)
    if isinstance(feed.crop, LayerCrop):  # of others the recipe tells all
        own = {"crop": str(feed.crop)}
        told = {name: value for name, value in told.items() if name != "augment"}
    return own | {
        "recipe": told,
        "net": {node.name: _described(node) for node in net.nodes},
        "data": {"train": _summed(data.train), "test": _summed(data.test)},
        "preprocess": feed.normalise.text,
    }


def _described(node: Node) -> str:
    """A layer as far as training goes; an input's batch size is a mere default."""
    if node.layer.fed:
        return f"{node.type} {[(top.id, top.shape[1:]) for top in node.tops]}"
    blobs = f"{[bottom.id for bottom in node.bottoms]} -> {[top.id for top in node.tops]}"
    multipliers = [(weight.lr_mult, weight.decay_mult) for weight in node.weights]
    return f"{node.layer} {blobs} {multipliers} {node.loss_weights}"


def _summed(data: Dataset) -> dict[str, Any]:
    """Facts of a data set by which it is known again: its labels, and some of its images as they are decoded."""
    labels = sha256(bytes(str(list(data.labels)), "ascii")).hexdigest()[:16]
    boxes = boxes_of(data)
    drawn = {} if boxes is None else {"boxes": sha256(boxes.tobytes()).hexdigest()[:16]}
    digest = sha256()
    for array in _looked_at(data):
        digest.update(str(array.shape).encode() + array.tobytes())
    looks = digest.hexdigest()[:16]
    return {"num": len(data), "classes": list(data.classes), "labels": labels, "images": looks} | drawn


def _looked_at(data: Dataset) -> Iterator[NDArray[Any]]:
    if isinstance(data, Zipped):
        for each in (data.first, *(each.data for each in data.further)):
            yield from _looked_at(each)
    elif isinstance(data, Table):
        numbers = np.linspace(0, len(data) - 1, min(NUM_LOOKED_AT, len(data)), dtype=np.int64)
        yield from (rows.numpy() for rows in data.rows(numbers).values())
    else:
        yield from evenly_spread(data, NUM_LOOKED_AT)
