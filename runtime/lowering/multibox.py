"""SSD's loss: which boxes are for which objects, which of the others count, and how wrong all these are."""

from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from netdef.compiler.layers.detection import (
    ConfidenceLoss,
    LocalisationLoss,
    MatchType,
    MiningType,
    MultiBoxLoss,
)
from netdef.compiler.layers.softmax import Normalization
from netdef.compiler.net.net import Node
from netdef.compiler.override import override
from netdef.runtime.lowering.base import Op, need, wide
from netdef.runtime.lowering.boxes import are_outside, decode, encode, overlaps, suppress

LEAST = 1e-6
"""An overlap of less is none."""
NOBODYS, OUTSIDE = -1, -2
"""In the place of an object's number: a box is for none; or it leaves the image and doesn't count."""


class Objects(NamedTuple):
    """The true boxes of one image: classes (G) and corners (G, 4)."""

    labels: Tensor
    boxes: Tensor


class Matches(NamedTuple):
    """For each box the number of its object, and its greatest overlap with any: (P) each."""

    objects: Tensor
    overlaps: Tensor


def match(boxes: Tensor, true: Tensor, layer: MultiBoxLoss) -> Matches:
    """Which boxes are for which objects.

    1. The box and the object of greatest overlap belong together, then those of the greatest among the others.
    2. PER_PREDICTION: each box that is left belongs to the object that it overlaps most, if that is enough.
    """
    found = overlaps(boxes, true)
    outside = are_outside(boxes) if layer.ignore_cross_boundary_bbox else torch.zeros(len(boxes), dtype=torch.bool)
    found = torch.where((found > LEAST) & ~outside[:, None].to(found.device), found, 0)
    objects = torch.full((len(boxes),), NOBODYS, device=boxes.device)
    objects[outside.to(objects.device)] = OUTSIDE
    best = found.max(1).values if len(true) else found.new_zeros(len(boxes))
    left = found.clone()
    for _ in range(len(true)):
        box, number = divmod(int(left.argmax()), len(true))
        if not left[box, number] > 0:
            break
        objects[box] = number
        best[box] = found[box, number]
        left[box], left[:, number] = 0, 0
    if layer.match_type is MatchType.PER_PREDICTION and len(true):
        greatest, numbers = found.max(1)
        taken = (objects == NOBODYS) & (greatest > 0) & (greatest >= layer.overlap_threshold)
        objects = torch.where(taken, numbers, objects)
    return Matches(objects, best)


class MultiBox(Op):
    """The loss of a batch."""

    def __init__(self, layer: MultiBoxLoss, node: Node) -> None:
        super().__init__(node)
        self.multibox = layer
        propagated = (*node.definition.frame.propagate_down, True, True)
        self.has_localisation, self.has_confidence = (
            propagated[:2] if node.definition.frame.propagate_down else (True,) * 2
        )

    @override
    def forward(self, codes: Tensor, scores: Tensor, blob: Tensor, truth: Tensor) -> tuple[Tensor, ...]:
        """The one top."""
        layer, num = self.multibox, len(codes)
        priors, variances = (wide(plane).view(-1, 4) for plane in blob[0])
        codes = wide(codes).view(num, len(priors), -1, 4)
        scores = wide(scores).view(num, len(priors), layer.num_classes)
        rows = wide(truth).view(-1, truth.shape[-1])
        self._check(rows, num)
        batch = _Batch(layer, codes, scores, priors, variances)
        images = [batch.image(index, self._objects(rows, index)) for index in range(num)]
        matches = sum(image.num_matches for image in images)
        localisation = sum((image.localisation() for image in images), start=codes.new_zeros(()))
        confidence = batch.confidence(images)
        divisor = max({
            Normalization.VALID: matches,
            Normalization.FULL: num * len(priors),
            Normalization.BATCH_SIZE: num,
            Normalization.NONE: 1,
        }[layer.normalization], 1)  # fmt: skip
        loss = codes.new_zeros(())
        if self.has_localisation:
            loss = loss + layer.loc_weight * localisation / divisor
        if self.has_confidence:
            loss = loss + confidence / divisor
        return (loss,)

    def _check(self, rows: Tensor, num: int) -> None:
        layer = self.multibox
        is_object = (rows[:, 1] >= 0) & (rows[:, 1] != layer.background_label_id)
        if not layer.map_object_to_agnostic:
            is_object &= rows[:, 1] < layer.num_classes
        message = f"a true box is of a class that is no object's: of {layer.num_classes}, without the background"
        need(is_object | (rows[:, 0] < 0), self.node, message, at="bottom 3")
        need(rows[:, 0] < num, self.node, f"a true box is of an image beyond the batch's {num}", at="bottom 3")

    def _objects(self, rows: Tensor, index: int) -> Objects:
        own = rows[rows[:, 0] == index]
        if not self.multibox.use_difficult_gt:
            own = own[own[:, 7] == 0]
        return Objects(own[:, 1].long(), own[:, 3:7])


class _Batch:
    """What all images share."""

    def __init__(self, layer: MultiBoxLoss, codes: Tensor, scores: Tensor, priors: Tensor, variances: Tensor) -> None:
        self.layer = layer
        self.codes = codes
        self.scores = scores
        self.priors = priors
        self.variances = variances
        self.is_mined = layer.mining_type is not MiningType.NONE

    def image(self, index: int, objects: Objects) -> "_Image":
        """One image, matched and mined."""
        image = _Image(self, index, objects)
        image.mine()
        return image

    def decoded(self, codes: Tensor) -> Tensor:
        """The boxes that are predicted."""
        variances = torch.ones_like(self.variances) if self.layer.encode_variance_in_target else self.variances
        return decode(self.layer.code_type, codes.detach(), self.priors, variances)

    def confidence(self, images: "list[_Image]") -> Tensor:
        """The sum of all boxes' losses on their classes; of those that count, where some don't."""
        background = self.layer.background_label_id
        if self.layer.conf_loss_type is ConfidenceLoss.SOFTMAX:
            logs = self.scores.log_softmax(-1)
            return sum((-image.log_of_label(logs).sum() for image in images), start=logs.new_zeros(()))
        targets = torch.full_like(self.scores, float(background))  # the number, as Caffe fills them
        counts = torch.zeros(targets.shape[:2], dtype=torch.bool, device=targets.device)
        for image in images:
            boxes, labels = image.boxes_of_objects()
            if self.is_mined:
                targets[image.index, boxes, labels] = 1
                if 0 <= background < self.layer.num_classes:
                    targets[image.index, image.negatives, background] = 1
                counts[image.index, boxes] = True
                counts[image.index, image.negatives] = True
            else:  # Caffe steps from image to image by a number for each box, not by one for each class
                flat = image.index * len(self.priors) + boxes * self.layer.num_classes + labels
                targets.view(-1)[flat] = 1
                counts[image.index] = True
        losses = functional.binary_cross_entropy_with_logits(self.scores, targets, reduction="none")
        return losses[counts].sum()


class _Image:
    """One image's matches, and the boxes without an object that count."""

    def __init__(self, batch: _Batch, index: int, objects: Objects) -> None:
        self.batch = batch
        self.index = index
        self.objects = objects
        layer = batch.layer
        labels = (
            [None] if layer.share_location else [c for c in range(layer.num_classes) if c != layer.background_label_id]
        )
        self.matches = {label: self._matched(label) for label in labels} if len(objects.labels) else {}
        self.negatives = torch.zeros(0, dtype=torch.long, device=batch.codes.device)

    def _codes(self, label: int | None) -> Tensor:
        return self.batch.codes[self.index, :, label or 0]

    def _matched(self, label: int | None) -> Matches:
        """Boxes matched with all objects, or with those of a class that has boxes of its own."""
        layer = self.batch.layer
        boxes = self.batch.priors if layer.use_prior_for_matching else self.batch.decoded(self._codes(label))
        if label is None:
            return match(boxes, self.objects.boxes, layer)
        numbers = (self.objects.labels == label).nonzero().flatten()
        found = match(boxes, self.objects.boxes[numbers], layer)
        if not len(numbers):
            return found
        return found._replace(
            objects=torch.where(found.objects >= 0, numbers[found.objects.clamp(min=0)], found.objects)
        )

    @property
    def num_matches(self) -> int:
        """Boxes that have an object."""
        return sum(int((found.objects >= 0).sum()) for found in self.matches.values())

    def boxes_of_objects(self) -> tuple[Tensor, Tensor]:
        """The boxes that have an object, and its class."""
        boxes = [(found.objects >= 0).nonzero().flatten() for found in self.matches.values()]
        labels = [self._label(found.objects[own]) for found, own in zip(self.matches.values(), boxes, strict=True)]
        nothing = self.negatives[:0]
        return torch.cat([nothing, *boxes]), torch.cat([nothing, *labels])

    def _label(self, objects: Tensor) -> Tensor:
        labels = self.objects.labels[objects]
        layer = self.batch.layer
        return torch.full_like(labels, layer.background_label_id + 1) if layer.map_object_to_agnostic else labels

    # ---- which of the others count
    def mine(self) -> None:
        """Choose the boxes whose class is most wrong."""
        layer = self.batch.layer
        if not self.batch.is_mined or not self.matches:
            return
        (found,) = self.matches.values()
        losses = self._losses(found)
        if layer.mining_type is MiningType.MAX_NEGATIVE:
            may = (found.objects == NOBODYS) & (found.overlaps < layer.neg_overlap)
            most = int(int((found.objects >= 0).sum()) * layer.neg_pos_ratio)
        else:
            may, most = torch.ones_like(found.objects, dtype=torch.bool), layer.sample_size
        chosen = self._worst(losses, may.nonzero().flatten())[:most]
        is_chosen = torch.zeros_like(may)
        is_chosen[chosen] = True
        if layer.mining_type is MiningType.HARD_EXAMPLE:
            objects = torch.where((found.objects >= 0) & ~is_chosen, NOBODYS, found.objects)
            self.negatives = (is_chosen & (found.objects == NOBODYS)).nonzero().flatten()
            self.matches = {None: found._replace(objects=objects)}
        else:
            self.negatives = chosen

    def _worst(self, losses: Tensor, places: Tensor) -> Tensor:
        """Some boxes, those of the greatest loss first; without those that overlap a worse one, if asked."""
        layer = self.batch.layer
        if layer.nms is None or layer.nms.nms_threshold <= 0:
            return places[losses[places].argsort(descending=True, stable=True)]
        boxes = self.batch.priors if layer.use_prior_for_nms else self.batch.decoded(self._codes(None))
        return places[suppress(boxes[places], losses[places], layer.nms.replace(eta=1.0))]

    def _losses(self, found: Matches) -> Tensor:
        """How wrong each box is: its class; and where it is, if all boxes may be chosen."""
        layer, scores = self.batch.layer, self.batch.scores[self.index].detach()
        labels = torch.full_like(found.objects, layer.background_label_id)
        matched = found.objects >= 0
        labels[matched] = self._label(found.objects[matched])
        if layer.conf_loss_type is ConfidenceLoss.SOFTMAX:
            losses = -scores.log_softmax(-1).gather(1, labels[:, None]).squeeze(1)
        else:
            targets = (torch.arange(layer.num_classes, device=scores.device) == labels[:, None]).to(scores.dtype)
            losses = functional.binary_cross_entropy_with_logits(scores, targets, reduction="none").sum(1)
        if layer.mining_type is MiningType.HARD_EXAMPLE:
            losses = losses.clone()
            losses[matched] += self._distances(None, found).detach().sum(1)
        return losses

    # ---- the losses
    def localisation(self) -> Tensor:
        """How far boxes are from their objects."""
        parts = [self._distances(label, found).sum() for label, found in self.matches.items()]
        return sum(parts, start=self.batch.codes.new_zeros(()))

    def _distances(self, label: int | None, found: Matches) -> Tensor:
        """The loss of each coordinate of the boxes that have an object."""
        batch, layer = self.batch, self.batch.layer
        own = (found.objects >= 0).nonzero().flatten()
        variances = batch.variances[own]
        codes = self._codes(label)
        true, priors = self.objects.boxes[found.objects[own]], batch.priors[own]
        encoded = encode(
            layer.code_type, true, priors, torch.ones_like(variances) if layer.encode_variance_in_target else variances
        )
        predicted = codes[own]
        if layer.bp_inside:
            boxes = priors if layer.use_prior_for_matching else batch.decoded(codes)[own]
            predicted = torch.where((boxes < 0) | (boxes > 1), encoded, predicted)
        if layer.encode_variance_in_target:
            # Caffe hands the gradient of the divided prediction back as it is
            predicted = predicted + (predicted / variances - predicted).detach()
            encoded = encoded / variances
        if layer.loc_loss_type is LocalisationLoss.L2:
            return (predicted - encoded).square() / 2
        return functional.smooth_l1_loss(predicted, encoded, reduction="none")

    def log_of_label(self, logs: Tensor) -> Tensor:
        """The logarithm of the probability of each counting box's class."""
        own, background = logs[self.index], self.batch.layer.background_label_id
        boxes, labels = self.boxes_of_objects()
        if self.batch.is_mined:
            return torch.cat([own[boxes, labels], own[self.negatives, background]])
        wanted = torch.full((len(own),), background, device=own.device)
        wanted[boxes] = labels
        return own.gather(1, wanted[:, None]).squeeze(1)
