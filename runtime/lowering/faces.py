"""Layers of face recognition. Several gradients are not those of the formula: they are Caffe's (see the layers)."""

from math import cos
from typing import Any

import torch
from torch import Tensor

from netdef.compiler.layers.checks import find_axis
from netdef.compiler.layers.faces import (
    CenterLoss,
    GeneralContrastiveLoss,
    GeneralTripletLoss,
    InnerDistance,
    LabelMargin,
    LabelSpecificAdd,
    LabelSpecificRescale,
    Margin,
    MarginInnerProduct,
    Normalize,
)
from netdef.compiler.net.net import Node
from netdef.compiler.override import override
from netdef.compiler.rules import SHAPES_ALONE
from netdef.compiler.schema.caffe import Phase
from netdef.compiler.schema.message import Refusal
from netdef.runtime.lowering.base import Function, Op, Setting, Tops, lower, need, rank, refuse, wide

refuse(LabelSpecificRescale, SHAPES_ALONE)


def class_numbers(labels: Tensor, num: int, node: Node) -> Tensor:
    """Labels as places among ``num`` classes (N)."""
    found = labels.detach().long().flatten()
    message, help = f"a label is none of the {num} classes", f"labels are 0 to {num - 1}"
    need((found >= 0) & (found < num), node, message, at="bottom 1", help=help)
    return found


def own_class(labels: Tensor, num: int) -> Tensor:
    """Where each row's own class is (N, num)."""
    return torch.arange(num, device=labels.device) == labels[:, None]


# ---- centres
class _ToCentres(torch.autograd.Function):
    """Half the squared distance to the classes' centres; their gradient knows neither loss weight nor batch size."""

    @staticmethod
    @override
    def forward(ctx: Any, x: Tensor, centres: Tensor, labels: Tensor) -> Tensor:
        distance = x - centres[labels]
        ctx.save_for_backward(distance, labels)
        ctx.num = len(centres)
        return distance.square().sum() / (2 * len(x))

    @staticmethod
    @override
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, Tensor, None]:
        distance, labels = ctx.saved_tensors
        counts = distance.new_ones(ctx.num).index_add(0, labels, distance.new_ones(len(labels)))
        sums = distance.new_zeros(ctx.num, distance.shape[1]).index_add(0, labels, -distance)
        return gradients[0] * distance / len(distance), sums / counts[:, None], None


class _CenterLoss(Op):
    def __init__(self, layer: CenterLoss, node: Node) -> None:
        super().__init__(node)
        self.axis = find_axis(layer.axis, rank(node))

    @override
    def forward(self, x: Tensor, labels: Tensor) -> tuple[Tensor, ...]:
        centres = self.stored("weight")
        rows = wide(x).flatten(self.axis).reshape(-1, centres.shape[1])
        loss: Tensor = _ToCentres.apply(rows, centres, class_numbers(labels, len(centres), self.node))  # type: ignore[no-untyped-call]
        return (loss,)


@lower(CenterLoss)
def center_loss(layer: CenterLoss, node: Node, setting: Setting) -> Op:
    """Half the squared distance to the classes' centres."""
    return _CenterLoss(layer, node)


# ---- margins
def psi(margin: Margin, c: Tensor) -> tuple[Tensor, Tensor]:
    """(-1)^k cos(m t) - 2 k of the angle whose cosine is ``c``, and its slope by ``c``."""
    sign = c.sign()
    if margin is Margin.DOUBLE:
        return 2 * sign * c**2 - 1, 4 * sign * c
    if margin is Margin.TRIPLE:
        inner = (c.abs() - 0.5).sign()
        return inner * (4 * c**3 - 3 * c) + sign * (1 + inner) - 2, inner * (12 * c**2 - 3)
    inner = sign * (2 * c**2 - 1).sign()
    return inner * (8 * c**4 - 8 * c**2 + 1) + 2 * sign + inner - 3, inner * (32 * c**3 - 16 * c)


class _Angular(torch.autograd.Function):
    """Inner products with rows of length 1, the own class's by a multiple of its angle."""

    @staticmethod
    @override
    def forward(ctx: Any, x: Tensor, weight: Tensor, labels: Tensor, blend: tuple[float, Margin]) -> Tensor:
        share, margin = blend
        products = x @ weight.T
        length = x.norm(dim=1)
        own = products.gather(1, labels[:, None])[:, 0]
        value, slope = psi(margin, own / length)
        ctx.save_for_backward(x, weight, labels, length, own / length, value, slope)
        ctx.share = share
        return products.scatter(1, labels[:, None], (length * value * (1 - share) + own * share)[:, None])

    @staticmethod
    @override
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, Tensor, None, None]:
        x, weight, labels, length, cosine, value, slope = ctx.saved_tensors
        gradient = gradients[0]
        along_x = (value - cosine * slope) / length
        total = (slope**2 + along_x**2).sqrt()
        own = gradient.gather(1, labels[:, None]) * (1 - ctx.share)
        plain = gradient.scatter(1, labels[:, None], gradient.gather(1, labels[:, None]) * ctx.share) @ weight
        bent = own * ((slope / total)[:, None] * weight[labels] + (along_x / total)[:, None] * x)
        return plain + bent, gradient.T @ x, None, None


class _MarginProduct(Op):
    def __init__(self, layer: MarginInnerProduct, node: Node) -> None:
        super().__init__(node)
        self.product = layer
        self.axis = find_axis(layer.axis, rank(node))
        self.passes = layer.iteration
        self.num_tops = len(node.tops)

    @override
    def forward(self, x: Tensor, labels: Tensor) -> tuple[Tensor, ...]:
        layer, weight = self.product, self.stored("weight")
        self.passes += 1
        blend = max(layer.base * (1 + layer.gamma * self.passes) ** -layer.power, layer.lambda_min)
        with torch.no_grad():
            weight.div_(weight.norm(dim=1, keepdim=True))
        before = x.shape[: self.axis]
        rows = x.flatten(self.axis).reshape(-1, weight.shape[1])
        if layer.type is Margin.SINGLE:
            found = rows @ weight.T
        else:
            places = class_numbers(labels, len(weight), self.node)
            found = _Angular.apply(rows, weight, places, (blend / (1 + blend), layer.type))  # type: ignore[no-untyped-call]
        return (found.reshape(*before, -1), x.new_tensor([blend]))[: self.num_tops]


@lower(MarginInnerProduct)
def margin_inner_product(layer: MarginInnerProduct, node: Node, setting: Setting) -> Op:
    """Inner products with a margin of the angle."""
    return _MarginProduct(layer, node)


# ---- lengths and distances
@lower(Normalize)
def normalize(layer: Normalize, node: Node, setting: Setting) -> Op:
    """Division by the length of the channels."""

    def normalized(x: Tensor) -> tuple[Tensor, ...]:
        x = wide(x).reshape(*x.shape, *(1,) * (4 - x.dim()))
        if layer.normalize_type == "L1":
            length = x.abs().sum(1, keepdim=True) + 1e-6
        else:
            length = (x.square().sum(1, keepdim=True) + 1e-6).sqrt()
        divisor = length.detach() if layer.fix_gradient else length
        return (x / divisor, length if layer.bp_norm else length.detach())[: len(node.tops)]

    return Tops(node, normalized)


class _Distance(Op):
    def __init__(self, layer: InnerDistance, node: Node) -> None:
        super().__init__(node)
        self.distance = layer
        self.axis = find_axis(layer.axis, rank(node))

    @override
    def forward(self, x: Tensor, *others: Tensor) -> tuple[Tensor, ...]:
        points = others[0].flatten(1) if others else self.stored("weight")
        if self.distance.normalize and not others:
            along = 0 if self.distance.transpose else 1
            with torch.no_grad():
                points.div_((points.square().sum(along, keepdim=True) + 1e-6).sqrt())
        points = wide(points.T if self.distance.transpose else points)
        before = x.shape[: self.axis]
        rows = wide(x).flatten(self.axis).reshape(-1, points.shape[1])
        if self.distance.distance_type == "L1":
            found = torch.cdist(rows, points, p=1.0)
        else:
            found = rows.square().sum(1, keepdim=True) + points.square().sum(1) - 2 * rows @ points.T
        return (found.reshape(*before, -1),)


@lower(InnerDistance)
def inner_distance(layer: InnerDistance, node: Node, setting: Setting) -> Op:
    """The distance of each row to each point."""
    if layer.update_center_only:
        raise Refusal("N1001", "update_center_only learns by a rule of its own", at="update_center_only")
    return _Distance(layer, node)


# ---- losses of distances
@lower(GeneralContrastiveLoss)
def general_contrastive_loss(layer: GeneralContrastiveLoss, node: Node, setting: Setting) -> Op:
    """Small distances to the own class, large ones to the others."""
    extra = ("exp_negative_weight", "max_positive_only", "add_intra_mae", "square")
    chosen = next((name for name in extra if getattr(layer, name)), None)
    if chosen or len(node.tops) > 1:
        what, at = (chosen, chosen) if chosen else ("what further tops hold", "top 1")
        raise Refusal("N1001", f"{what} is known to its fork alone", at=at, help="leave it out")

    def loss(x: Tensor, labels: Tensor) -> Tensor:
        distances = wide(x).flatten(1)
        places = class_numbers(labels, distances.shape[1], node)
        is_own = own_class(places, distances.shape[1])
        near = (distances - layer.positive_margin).clamp(min=0) * layer.positive_weight
        near = near.clamp(max=layer.positive_outlier_thresh * layer.positive_weight)
        far = (layer.negative_margin - distances).clamp(min=0) * layer.negative_weight
        terms = torch.where(is_own, near, far)
        counts = torch.ones_like(is_own)
        if layer.max_negative_only:  # Caffe's search begins at class 0, also where that is the own one
            searched = terms.detach().clone()
            searched[is_own & (torch.arange(searched.shape[1], device=x.device) > 0)] = -1
            counts = is_own | own_class(searched.argmax(1), searched.shape[1])
        return torch.where(counts, terms, 0).sum() / len(distances)

    return Function(node, loss)


@lower(GeneralTripletLoss)
def general_triplet_loss(layer: GeneralTripletLoss, node: Node, setting: Setting) -> Op:
    """The own class nearer than the others by a margin; the gradient is -1 and +1, not the loss's."""
    if layer.positive_first or len(node.tops) > 1:
        what, at = ("positive_first", "positive_first") if layer.positive_first else ("what further tops hold", "top 1")
        raise Refusal("N1001", f"{what} is known to its fork alone", at=at, help="leave it out")

    def loss(x: Tensor, labels: Tensor) -> Tensor:
        distances = wide(x).flatten(1)
        places = class_numbers(labels, distances.shape[1], node)
        is_own = own_class(places, distances.shape[1])
        own = distances.gather(1, places[:, None])
        terms = torch.where(is_own, 0, (own + layer.margin - distances).clamp(min=0))
        if layer.hardest_only:
            terms = torch.where(own_class(terms.argmax(1), terms.shape[1]), terms, 0)
        counts = terms.detach() > 0
        value = terms.sum() * layer.negative_weight / len(distances)
        drawn = torch.ones_like(own) if layer.add_center_loss else counts.any(1, keepdim=True)
        pulls = (layer.positive_weight * own * drawn).sum() - layer.negative_weight * (distances * counts).sum()
        pulls = pulls / len(distances)
        return value.detach() + pulls - pulls.detach()

    return Function(node, loss)


# ---- the own class's score
@lower(LabelSpecificAdd)
def label_specific_add(layer: LabelSpecificAdd, node: Node, setting: Setting) -> Op:
    """A margin on the score of the own class, in TRAIN."""

    def added(x: Tensor, labels: Tensor) -> Tensor:
        is_own = own_class(class_numbers(labels, x.shape[1], node), x.shape[1]).reshape(x.shape)
        return torch.where(is_own & (x.detach() > -layer.bias), x + layer.bias, x)

    return Function(node, added if setting.phase is Phase.TRAIN else lambda x, labels: x)


@lower(LabelMargin)
def label_margin(layer: LabelMargin, node: Node, setting: Setting) -> Op:
    """What is meant for a margin on the angle to the own class, in TRAIN."""
    cosine = cos(layer.bias)

    def bent(x: Tensor, labels: Tensor) -> Tensor:
        is_own = own_class(class_numbers(labels, x.shape[1], node), x.shape[1]).reshape(x.shape)
        moved = x * cosine - (1 - x.square()).clamp(min=0).sqrt() * cosine
        return torch.where(is_own & (x.detach() > cosine), moved, x).reshape(*x.shape, *(1,) * (4 - x.dim()))

    def plain(x: Tensor, labels: Tensor) -> Tensor:
        return x.reshape(*x.shape, *(1,) * (4 - x.dim()))

    return Function(node, bent if setting.phase is Phase.TRAIN else plain)
