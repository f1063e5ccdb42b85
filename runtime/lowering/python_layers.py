"""Python layers that many nets name. Numbers that stand in no file are those of py-faster-rcnn's configuration."""

from typing import NamedTuple

import torch
from torch import Tensor

from netdef.compiler.layers.python_layers import (
    KEPT,
    LEAST_SIDE,
    NMS_THRESHOLD,
    AnchorTargetLayer,
    DetectNetBoxes,
    DetectNetMeasures,
    MaskLayer,
    ProposalLayer,
    ProposalTargetLayer,
    RoIDataLayer,
    SegmentationDataLayer,
    SelectedRoIDataLayer,
    StageBridgeLayer,
    TextProposalLayer,
)
from netdef.compiler.net.net import Node
from netdef.compiler.override import override
from netdef.compiler.rules import SHAPES_ALONE
from netdef.compiler.schema.message import Refusal
from netdef.runtime.lowering import anchors
from netdef.runtime.lowering.base import Op, Setting, lower, refuse
from netdef.runtime.lowering.inputs import FED
from netdef.runtime.lowering.suppression import kept, overlaps

for _kind in (DetectNetBoxes, DetectNetMeasures, MaskLayer, StageBridgeLayer, TextProposalLayer):
    refuse(_kind, SHAPES_ALONE)
for _data in (RoIDataLayer, SegmentationDataLayer, SelectedRoIDataLayer):
    refuse(_data, FED)


class _Anchored(Op):
    """What reads a map's anchors."""

    base: Tensor

    def __init__(self, layer: ProposalLayer | AnchorTargetLayer, node: Node) -> None:
        super().__init__(node)
        self.stride = layer.feat_stride
        self.register_buffer("base", torch.tensor(layer.anchors), persistent=False)


class _Propose(_Anchored):
    """Boxes from scores and deltas of anchors."""

    def __init__(self, layer: ProposalLayer, node: Node, setting: Setting) -> None:
        super().__init__(layer, node)
        self.numbers = KEPT[setting.phase]
        self.num_tops = len(node.tops)

    @override
    def forward(self, scores: Tensor, deltas: Tensor, info: Tensor) -> tuple[Tensor, ...]:
        scores, deltas, (height, width, scale) = scores.detach()[0], deltas.detach()[0], info.detach().flatten()[:3]
        every = anchors.at_every_position(self.base.to(deltas), scores.shape[1:], self.stride)
        boxes = anchors.cut_to(anchors.decoded(every, anchors.by_position(deltas, 4)), height, width)
        found = anchors.by_position(scores[len(self.base) :], 1)[:, 0]
        large = (boxes[:, 2:] - boxes[:, :2] + 1 >= LEAST_SIDE * scale).all(1)
        found, order = found[large].sort(descending=True, stable=True)
        boxes, found = boxes[large][order[: self.numbers.before]], found[: self.numbers.before]
        stay = kept(boxes, lambda one, other: overlaps(one, other, 1) > NMS_THRESHOLD, self.numbers.behind)
        rois = torch.cat((boxes.new_zeros(len(stay), 1), boxes[stay]), 1)
        return (rois, found[stay, None])[: self.num_tops]


@lower(ProposalLayer)
def proposal_layer(layer: ProposalLayer, node: Node, setting: Setting) -> Op:
    """py-faster-rcnn's; MNC's second top holds numbers of anchors."""
    if layer.module.startswith("pylayer."):
        raise Refusal("N1001", "MNC's ProposalLayer clips its gradients, and numbers its boxes", at="module")
    return _Propose(layer, node, setting)


class AnchorNumbers(NamedTuple):
    """Which anchors count, and how many of them."""

    negative_below: float = 0.3
    positive_from: float = 0.7
    num: int = 256
    num_positive: int = 128


class _Targets(_Anchored):
    """Labels and targets of anchors; those beyond the numbers are dropped by chance."""

    def __init__(self, layer: AnchorTargetLayer, node: Node, setting: Setting) -> None:
        super().__init__(layer, node)
        self.numbers = AnchorNumbers()
        self.index = setting.number
        self.generator = setting.generator

    @override
    def forward(self, scores: Tensor, truth: Tensor, info: Tensor, *others: Tensor) -> tuple[Tensor, ...]:
        height, width = scores.shape[2:]
        truth = truth.detach().flatten(1)[:, :4]
        base = self.base.to(truth)
        every = anchors.at_every_position(base, scores.shape[2:], self.stride)
        rows, columns = info.detach().flatten()[:2]
        inside = (every[:, 0] >= 0) & (every[:, 1] >= 0) & (every[:, 2] < columns) & (every[:, 3] < rows)
        boxes = every[inside]
        labels = torch.full((len(every),), -1.0, dtype=truth.dtype, device=truth.device)
        targets = truth.new_zeros(len(every), 4)
        if len(boxes) and len(truth):
            common = overlaps(boxes, truth, 1)
            labels[inside] = self.labelled(common)
            targets[inside] = anchors.encoded(boxes, truth[common.argmax(1)])
        counts = (labels >= 0).sum().clamp(min=1)
        within = (labels == 1).to(truth.dtype)[:, None].expand(-1, 4)
        without = ((labels >= 0) / counts).to(truth.dtype)[:, None].expand(-1, 4)

        def as_map(values: Tensor) -> Tensor:
            return values.reshape(1, height, width, -1).movedim(3, 1)

        marks = as_map(labels).reshape(1, 1, -1, width)
        return marks, as_map(targets), as_map(within), as_map(without)

    def labelled(self, common: Tensor) -> Tensor:
        """Labels of anchors by their overlaps (K, G) with the true boxes."""
        greatest = common.max(1).values
        labels = torch.full_like(greatest, -1)
        labels[greatest < self.numbers.negative_below] = 0
        labels[(common == common.max(0).values).any(1)] = 1
        labels[greatest >= self.numbers.positive_from] = 1
        self._drop(labels, 1, self.numbers.num_positive)
        self._drop(labels, 0, self.numbers.num - int((labels == 1).sum()))
        return labels

    def _drop(self, labels: Tensor, label: int, most: int) -> None:
        """Let no more than ``most`` labels stand."""
        places = (labels == label).nonzero()[:, 0]
        if len(places) > most:
            order = self.generator.bits(self.index, 2, len(labels))[label].to(labels.device)[places].argsort()
            labels[places[order[most:]]] = -1


@lower(AnchorTargetLayer)
def anchor_target_layer(layer: AnchorTargetLayer, node: Node, setting: Setting) -> Op:
    """py-faster-rcnn's; MNC's mixes in what its later stages found."""
    if len(node.bottoms) > 4:
        raise Refusal("N1001", "MNC's AnchorTargetLayer reads what its later stages found", at="bottom 4")
    return _Targets(layer, node, setting)


class SampleNumbers(NamedTuple):
    """Which regions are learnt from, and how many of them (cfgs/faster_rcnn_end2end.yml)."""

    num: int = 128
    num_positive: int = 32
    positive_from: float = 0.5
    negative_below: float = 0.5
    means: tuple[float, ...] = (0.0, 0.0, 0.0, 0.0)
    deviations: tuple[float, ...] = (0.1, 0.1, 0.2, 0.2)


class _Sample(Op):
    """Regions to learn from, by chance, with their labels and targets."""

    def __init__(self, layer: ProposalTargetLayer, node: Node, setting: Setting) -> None:
        super().__init__(node)
        self.num_classes = layer.number_of("num_classes")
        self.numbers = SampleNumbers()
        self.index = setting.number
        self.generator = setting.generator

    @override
    def forward(self, rois: Tensor, truth: Tensor) -> tuple[Tensor, ...]:
        rois, truth = rois.detach().flatten(1)[:, :5], truth.detach().flatten(1)
        true_boxes = torch.cat((truth.new_zeros(len(truth), 1), truth[:, :4]), 1)
        rois = torch.cat((rois, true_boxes))
        greatest, nearest = overlaps(rois[:, 1:], truth[:, :4], 1).max(1)
        chance = self.generator.bits(self.index, 1, len(rois))[0].to(rois.device)
        positive = self._some(greatest >= self.numbers.positive_from, chance, self.numbers.num_positive)
        negative = self._some(greatest < self.numbers.negative_below, chance, self.numbers.num - len(positive))
        chosen = torch.cat((positive, negative))
        labels = truth[nearest[chosen], 4]
        labels[len(positive) :] = 0
        rois = rois[chosen]
        deltas = anchors.encoded(rois[:, 1:], truth[nearest[chosen], :4])
        deltas = (deltas - deltas.new_tensor(self.numbers.means)) / deltas.new_tensor(self.numbers.deviations)
        of_class = (torch.arange(self.num_classes, device=rois.device) == labels[:, None]) & (labels[:, None] > 0)
        weights = of_class[:, :, None].expand(-1, -1, 4).to(deltas.dtype)
        targets = (weights * deltas[:, None, :]).flatten(1)
        weights = weights.flatten(1)
        return rois, labels[:, None], targets, weights, (weights > 0).to(weights.dtype)

    @staticmethod
    def _some(which: Tensor, chance: Tensor, most: int) -> Tensor:
        """At most so many of the regions that are meant, in their order."""
        places = which.nonzero()[:, 0]
        return places[chance[places].argsort()[: max(most, 0)]].sort().values


@lower(ProposalTargetLayer)
def proposal_target_layer(layer: ProposalTargetLayer, node: Node, setting: Setting) -> Op:
    """py-faster-rcnn's; MNC's brings masks, too."""
    if len(node.bottoms) > 2 or len(node.tops) > 5:
        raise Refusal("N1001", "MNC's ProposalTargetLayer brings masks, which aren't computed", at="top 5")
    return _Sample(layer, node, setting)
