"""MS-CNN's boxes: decoded, cut down, learned and measured."""

from math import log

import torch
from torch import Tensor
from torch.nn import functional

from netdef.compiler.layers.mscnn import (
    BboxAccuracy,
    BBoxRegression,
    BoxOutput,
    DecodeBBox,
    DetectionAccuracy,
    DetectionLoss,
    GridDetectionLoss,
    ProposalTarget,
)
from netdef.compiler.net.net import Node
from netdef.compiler.override import override
from netdef.compiler.rules import SHAPES_ALONE
from netdef.compiler.schema.caffe import Phase
from netdef.compiler.schema.message import Refusal
from netdef.runtime.lowering.base import Op, Setting, Tops, lower, places, refuse
from netdef.runtime.lowering.box_losses import bent
from netdef.runtime.lowering.suppression import kept

for _kind in (GridDetectionLoss, ProposalTarget):  # one has no reference, the other draws by chance
    refuse(_kind, SHAPES_ALONE)

LEAST = 2.0
"""A true box's least side, in pixels, where its logarithm is learned."""
FEWEST = 4
"""Negatives of an image for each class, at least."""
MOST_OVERLAP = 0.975
"""A region with a greater overlap is a true box itself, and isn't measured."""


def scale_of(regression: BBoxRegression, like: Tensor) -> tuple[Tensor, Tensor]:
    """What the four numbers are multiplied by, and what is added then."""
    return like.new_tensor(regression.bbox_std or (1.0,) * 4), like.new_tensor(regression.bbox_mean or (0.0,) * 4)


def most_of(field_xyr: float, field_whr: float, like: Tensor) -> Tensor:
    """How far the four numbers of a box may be from 0."""
    return like.new_tensor((1 / field_xyr, 1 / field_xyr, log(field_whr), log(field_whr)))


def centres_of(maps: Tensor, rate: int) -> Tensor:
    """The centres x, y (H W, 2) of a map's positions, in pixels."""
    y, x = ((torch.arange(num, device=maps.device, dtype=maps.dtype) + 0.5) * rate for num in maps.shape[2:])
    rows, columns = torch.meshgrid(y, x, indexing="ij")
    return torch.stack((columns, rows), -1).reshape(-1, 2)


def by_position(maps: Tensor) -> Tensor:
    """A map's values (N, C, H, W) as (N, H W, C)."""
    return maps.flatten(2).transpose(1, 2)


def overlaps(one: Tensor, other: Tensor, kind: str = "IOU") -> Tensor:
    """Overlaps of boxes x, y, width, height."""
    corner = torch.maximum(one[..., :2], other[..., :2])
    end = torch.minimum(one[..., :2] + one[..., 2:], other[..., :2] + other[..., 2:])
    common = (end - corner).clamp(min=0).prod(-1)
    areas = one[..., 2:].prod(-1), other[..., 2:].prod(-1)
    whole = {"IOMU": torch.minimum(*areas), "IOFU": areas[0], "IOU": areas[0] + areas[1] - common}[kind]
    return common / whole


class _BoxOutput(Op):
    """The boxes of several maps."""

    def __init__(self, layer: BoxOutput, node: Node) -> None:
        super().__init__(node)
        self.output = layer
        self.num_tops = len(node.tops)

    @override
    def forward(self, *maps: Tensor) -> tuple[Tensor, ...]:
        each = [self.of_map(x.detach(), index) for index, x in enumerate(maps)]
        boxes, scores = (torch.cat(parts, 1) for parts in zip(*each, strict=True))
        rows = [self.of_image(number, *image) for number, image in enumerate(zip(boxes, scores, strict=True))]
        found = torch.cat(rows)
        if not len(found):
            found = boxes.new_tensor([[0, 1, 1, 10, 10, 0]])
            return (found[:, :5, None, None], torch.zeros_like(found)[..., None, None])[: self.num_tops]
        return (found[:, :5, None, None], found[..., None, None])[: self.num_tops]

    def of_map(self, maps: Tensor, index: int) -> tuple[Tensor, Tensor]:
        """Boxes x, y, width, height (N, H W, 4) and their scores (N, H W)."""
        layer = self.output
        values = by_position(maps)
        scores = values[..., 1:-4].amax(-1) - values[..., 0]
        std, mean = scale_of(layer.regression, maps)
        most = most_of(layer.field_xyr, layer.field_whr, maps)
        t = (values[..., -4:] * std + mean).clamp(-most, most)
        rate = layer.downsample_rate[index]
        field = maps.new_tensor((layer.field_w[index], layer.field_h[index]))
        size = field * t[..., 2:].exp()
        corner = (t[..., :2] * field + centres_of(maps, rate) - size / 2).clamp(min=0)
        limit = maps.new_tensor((maps.shape[3], maps.shape[2])) * rate
        return torch.cat((corner, size.minimum(limit - corner)), -1), scores

    def of_image(self, number: int, boxes: Tensor, scores: Tensor) -> Tensor:
        """Rows (R, 6): the image, corners, the score."""
        layer = self.output
        stays = (scores >= layer.fg_thr) & (boxes[:, 2:] >= layer.min_size).all(1)
        scores, order = scores[stays].sort(descending=True, stable=True)
        order = order[: layer.max_nms_num or None]
        boxes = boxes[stays][order]
        best = kept(
            boxes,
            lambda one, other: overlaps(one[:, None], other[None], layer.nms_type) > layer.iou_thr,
            layer.max_post_nms_num or None,
        )
        boxes, scores = boxes[best], scores[best]
        image = torch.full_like(scores, number)
        return torch.cat((image[:, None], boxes[:, :2], boxes[:, :2] + boxes[:, 2:], scores[:, None]), 1)


@lower(BoxOutput)
def box_output(layer: BoxOutput, node: Node, setting: Setting) -> Op:
    """Decoded, sorted, and without those that overlap better ones."""
    return _BoxOutput(layer, node)


def sizes_of(regions: Tensor) -> Tensor:
    """Widths and heights of corners that are pixels of their boxes."""
    return regions[:, 2:] - regions[:, :2] + 1


@lower(DecodeBBox)
def decode_bbox(layer: DecodeBBox, node: Node, setting: Setting) -> Op:
    """In training without boxes that are turned about, or that are nearly a true one."""

    def decoded(boxes: Tensor, regions: Tensor, *truth: Tensor) -> tuple[Tensor, ...]:
        std, mean = scale_of(layer.regression, boxes)
        regions = regions.detach().flatten(1)[:, :5]
        t = boxes.detach().flatten(1)[:, 4:8] * std + mean
        size = sizes_of(regions[:, 1:])
        centre = t[:, :2] * size + (regions[:, 1:3] + regions[:, 3:]) / 2
        size = size * t[:, 2:].exp()
        corner = centre - (size - 1) / 2
        found = torch.cat((regions[:, :1], corner, corner + size - 1), 1)
        if setting.phase is Phase.TRAIN:
            stays = (found[:, 3:] >= found[:, 1:3]).all(1)
            if truth:
                stays &= truth[0].detach().flatten(1)[:, -1] < layer.decoding.gt_iou_thr
            found = found[stays]
        return (found[..., None, None],)

    return Tops(node, decoded)


def _refuse_chance(layer: DetectionLoss) -> None:
    if layer.sample_mode in ("random", "mixture"):
        message = f'sample_mode "{layer.sample_mode}" draws negatives by chance'
        raise Refusal("N1001", message, at="sample_mode", help='"bootstrap" takes those with the greatest scores')
    if layer.objectness or layer.iou_weighted:
        what = "objectness" if layer.objectness else "iou_weighted"
        raise Refusal("N1001", f"{what} is known by its name alone", at=what)


class _DetectionLoss(Op):
    """Class loss + lambda box loss, and lambda box loss."""

    def __init__(self, layer: DetectionLoss, node: Node) -> None:
        super().__init__(node)
        self.loss = layer

    @override
    def forward(self, maps: Tensor, labels: Tensor) -> tuple[Tensor]:
        layer = self.loss
        truth = by_position(labels.detach()).flatten(0, 1)
        values = by_position(maps).flatten(0, 1)
        number = truth[:, 0].long()
        positive, negative = number > 0, (number == 0) & (truth[:, 5] < layer.bg_threshold)
        negative = self.chosen(values.detach(), number, negative, len(maps))
        number = places(number.where(positive | negative, 0), layer.cls_num, self.node, 1)
        each = functional.cross_entropy(values[:, : layer.cls_num], number, reduction="none")
        num = positive.sum()
        if layer.pos_neg_weighted:
            share = 1 / (1 + layer.bg_multiple)
            scores = share * each[positive].sum() / num.clamp(min=1)
            scores = scores + (1 - share) * each[negative].sum() / negative.sum().clamp(min=1)
        else:
            scores = each[positive | negative].sum() / (positive | negative).sum().clamp(min=1)
        centres = centres_of(maps, layer.downsample_rate).repeat(len(maps), 1)
        boxes = self.boxes(values[positive][:, layer.cls_num :], truth[positive][:, 1:5], centres[positive])
        boxes = layer.lambda_ * boxes / (4 * num).clamp(min=1)
        return (torch.stack((scores + boxes, boxes.detach())).reshape(1, 1, 1, 2),)

    def chosen(self, values: Tensor, number: Tensor, negative: Tensor, num_images: int) -> Tensor:
        """The negatives that count: of each image and class those with the greatest scores of it."""
        layer = self.loss
        if layer.sample_mode != "bootstrap":
            return negative
        chosen = torch.zeros_like(negative)
        for kind in range(1, layer.cls_num):
            for image in range(num_images):
                of_image = slice(image * len(negative) // num_images, (image + 1) * len(negative) // num_images)
                rows = negative[of_image].nonzero()[:, 0] + of_image.start
                wanted = max(FEWEST, int((number[of_image] == kind).sum()) * layer.bg_multiple)
                best = values[rows, kind].argsort(descending=True, stable=True)[:wanted]
                chosen[rows[best]] = True
        return chosen

    def boxes(self, found: Tensor, truth: Tensor, centres: Tensor) -> Tensor:
        """The loss of positives' boxes; the cut of what was found is no part of the gradient."""
        layer = self.loss
        std, mean = scale_of(layer.regression, found)
        most = most_of(layer.field_xyr, layer.field_whr, found)
        field = found.new_tensor((layer.field_w, layer.field_h))
        wanted = torch.cat(((truth[:, :2] - centres) / field, (truth[:, 2:].clamp(min=LEAST) / field).log()), 1)
        cut = found.detach().maximum((-most - mean) / std).minimum((most - mean) / std)
        difference = cut + (found - found.detach()) - (wanted - mean) / std
        return (bent(difference) if layer.bb_smooth else difference**2 / 2).sum()


@lower(DetectionLoss)
def detection_loss(layer: DetectionLoss, node: Node, setting: Setting) -> Op:
    """Of positives and the hardest negatives."""
    _refuse_chance(layer)
    return _DetectionLoss(layer, node)


@lower(DetectionAccuracy)
def detection_accuracy(layer: DetectionAccuracy, node: Node, setting: Setting) -> Op:
    """The share of right classes, and of positives the mean overlap."""
    if layer.objectness:
        raise Refusal("N1001", "objectness is known by its name alone", at="objectness")

    def measured(maps: Tensor, labels: Tensor) -> tuple[Tensor, ...]:
        truth = by_position(labels.detach()).flatten(0, 1)
        values = by_position(maps.detach()).flatten(0, 1)
        number = truth[:, 0].long()
        positive = number > 0
        counts = positive | (truth[:, 5] < layer.bg_threshold)
        scores = values[:, : layer.cls_num]
        own = scores.gather(1, places(number.where(counts, 0), layer.cls_num, node, 1)[:, None])
        right = (scores > own).sum(1) < layer.top_k
        accuracy = [(right & which).sum() / which.sum().clamp(min=1) for which in (counts, positive)]
        std, mean = scale_of(layer.regression, maps)
        most = most_of(layer.field_xyr, layer.field_whr, maps)
        t = (values[:, -4:] * std + mean).clamp(-most, most)
        field = maps.new_tensor((layer.field_w, layer.field_h))
        size = t[:, 2:].exp() * field
        centre = t[:, :2] * field + centres_of(maps, layer.downsample_rate).repeat(len(maps), 1)
        found = torch.cat((centre - size / 2, size), 1)[positive]
        wanted = torch.cat((truth[:, 1:3] - truth[:, 3:5] / 2, truth[:, 3:5]), 1)[positive]
        overlap = overlaps(found, wanted).sum() / positive.sum().clamp(min=1)
        tops = torch.stack(accuracy).to(maps).reshape(1, 1, 1, 2), overlap.reshape(1, 1, 1, 1)
        return tops[: len(node.tops)]

    return Tops(node, measured)


@lower(BboxAccuracy)
def bbox_accuracy(layer: BboxAccuracy, node: Node, setting: Setting) -> Op:
    """The mean overlap of decoded boxes, and of regions."""

    def measured(boxes: Tensor, regions: Tensor, truth: Tensor) -> tuple[Tensor, ...]:
        boxes, regions, truth = (each.detach().flatten(1) for each in (boxes, regions, truth))
        counts = (truth[:, 0] > 0) & (truth[:, 5] <= MOST_OVERLAP)
        boxes, regions, truth = boxes[counts], regions[counts][:, 1:5], truth[counts]
        std, mean = scale_of(layer.regression, boxes)
        number = places(truth[:, 0], boxes.shape[1] // 4, node, 2)
        columns = number[:, None] * 4 + torch.arange(4, device=boxes.device)
        t = boxes.gather(1, columns) * std + mean
        size = sizes_of(regions)
        before = torch.cat((regions[:, :2], size), 1)
        wanted = torch.cat((truth[:, 1:3], sizes_of(truth[:, 1:5])), 1)
        centre = regions[:, :2] + size / 2 + t[:, :2] * size
        after = size * t[:, 2:].exp()
        found = torch.cat((centre - after / 2, after), 1)
        means = [overlaps(each, wanted).mean() if len(truth) else boxes.new_tensor(-1.0) for each in (found, before)]
        return tuple(each.reshape(1, 1, 1, 1) for each in means)[: len(node.tops)]

    return Tops(node, measured)
