"""Regions that a net proposes, and those that count in its loss."""

from collections.abc import Iterator

import torch
from torch import Tensor

from netdef.compiler.layers.proposals import BoxAnnotatorOHEM, PixelProposal, Proposal
from netdef.compiler.net.net import Node
from netdef.compiler.override import override
from netdef.compiler.schema.message import Refusal
from netdef.runtime.lowering import anchors
from netdef.runtime.lowering.base import Op, Setting, Tops, lower
from netdef.runtime.lowering.suppression import kept, overlaps


class _Propose(Op):
    """Boxes from scores and deltas of anchors."""

    base: Tensor

    def __init__(self, layer: Proposal | PixelProposal, node: Node) -> None:
        super().__init__(node)
        self.proposal = layer
        self.num_tops = len(node.tops)
        self.register_buffer("base", torch.tensor(layer.anchors), persistent=False)

    @override
    def forward(self, scores: Tensor, deltas: Tensor, info: Tensor) -> tuple[Tensor, ...]:
        rows = [*self.of_images(scores.detach(), deltas.detach(), info.detach().flatten())]
        return tuple(torch.cat(each) for each in zip(*rows, strict=True))[: self.num_tops]

    def of_images(self, scores: Tensor, deltas: Tensor, info: Tensor) -> Iterator[tuple[Tensor, Tensor]]:
        """Of each image its regions (R, 5) and their scores (R)."""
        layer, num = self.proposal, len(self.base)
        every = anchors.at_every_position(self.base.to(deltas), scores.shape[2:], layer.feat_stride)
        scaled = info[2] if len(info) < 4 else info[[3, 2]]  # of the width, then of the height
        for image in range(len(scores)):
            boxes = anchors.decoded(every, anchors.by_position(deltas[image], 4))
            boxes = anchors.cut_to(boxes, info[0], info[1])
            found = anchors.by_position(scores[image, num:], 1)[:, 0]
            small = (boxes[:, 2:] - boxes[:, :2] + 1 < layer.min_size * scaled).any(1)
            found = torch.where(small, 0, found)
            found, order = found.sort(descending=True, stable=True)
            boxes, found = boxes[order[: layer.pre_nms_topn]], found[: layer.pre_nms_topn]
            stay = kept(boxes, lambda one, other: overlaps(one, other, 1) > layer.nms_thresh, layer.post_nms_topn)
            numbers = torch.full((len(stay), 1), float(image), dtype=boxes.dtype, device=boxes.device)
            yield torch.cat((numbers, boxes[stay]), 1), found[stay]


def _proposing(layer: Proposal | PixelProposal, node: Node) -> Op:
    if not layer.anchors:
        raise Refusal("N1001", "it says no ratio or no scale of its anchors", help="add ratio: 1 scale: 8")
    return _Propose(layer, node)


@lower(Proposal)
def proposal(layer: Proposal, node: Node, setting: Setting) -> Op:
    """mini-caffe's."""
    return _proposing(layer, node)


@lower(PixelProposal)
def pixel_proposal(layer: PixelProposal, node: Node, setting: Setting) -> Op:
    """happynear's: half sides are whole, and scales are in pixels."""
    return _proposing(layer, node)


@lower(BoxAnnotatorOHEM)
def box_annotator(layer: BoxAnnotatorOHEM, node: Node, setting: Setting) -> Op:
    """The labels and weights of each image's regions with the greatest losses."""

    def annotated(rois: Tensor, losses: Tensor, labels: Tensor, weights: Tensor) -> tuple[Tensor, ...]:
        images = rois.detach().flatten(1)[:, 0]
        order = losses.detach().flatten().argsort(descending=True, stable=True)
        order = order[images[order].argsort(stable=True)]  # image by image, by descending loss
        of_image = images[order]
        places = torch.arange(len(order), device=order.device)
        first = torch.searchsorted(of_image, of_image)  # where each one's image begins
        keeps = torch.zeros(len(order), dtype=torch.bool, device=order.device)
        keeps[order] = places - first < layer.roi_per_img
        rows = keeps[:, None, None, None]
        labels = torch.where(rows, labels.detach().reshape(-1, 1, 1, 1), float(layer.ignore_label))
        weights = weights.detach()
        weights = weights.reshape(*weights.shape, *(1,) * (4 - weights.dim()))
        return labels, torch.where(rows, weights, 0)

    return Tops(node, annotated)
