"""Boxes as tensors: (..., 4) of xmin, ymin, xmax, ymax, in parts of the image."""

from collections.abc import Sequence

import torch
from torch import Tensor

from netdef.compiler.layers.detection import CodeType, Suppression


def overlaps(first: Tensor, second: Tensor) -> Tensor:
    """Intersection over union of each box of (A, 4) with each of (B, 4); boxes without a size overlap nothing."""
    least = torch.maximum(first[:, None, :2], second[None, :, :2])
    most = torch.minimum(first[:, None, 2:], second[None, :, 2:])
    sides = most - least
    common = torch.where((sides > 0).all(-1), sides.prod(-1), 0)
    union = areas(first)[:, None] + areas(second)[None] - common
    return torch.where(common > 0, common / union, 0)


def areas(boxes: Tensor) -> Tensor:
    """Width times height; 0 where one of them is below 0."""
    sides = boxes[..., 2:] - boxes[..., :2]
    return torch.where((sides < 0).any(-1), 0, sides.prod(-1))


def are_outside(boxes: Tensor) -> Tensor:
    """Whether a box leaves the image."""
    return ((boxes < 0) | (boxes > 1)).any(-1)


def decode(code: CodeType, codes: Tensor, priors: Tensor, variances: Tensor) -> Tensor:
    """Boxes from what is predicted for each prior."""
    sides, centres = priors[..., 2:] - priors[..., :2], (priors[..., 2:] + priors[..., :2]) / 2
    scaled = codes * variances
    if code is CodeType.CORNER:
        return priors + scaled
    if code is CodeType.CORNER_SIZE:
        return priors + scaled * torch.cat([sides, sides], -1)
    centre = scaled[..., :2] * sides + centres
    half = scaled[..., 2:].exp() * sides / 2
    return torch.cat([centre - half, centre + half], -1)


def encode(code: CodeType, boxes: Tensor, priors: Tensor, variances: Tensor) -> Tensor:
    """What must be predicted for priors, so that these boxes come out."""
    sides, centres = priors[..., 2:] - priors[..., :2], (priors[..., 2:] + priors[..., :2]) / 2
    if code is CodeType.CORNER:
        return (boxes - priors) / variances
    if code is CodeType.CORNER_SIZE:
        return (boxes - priors) / torch.cat([sides, sides], -1) / variances
    own_sides, own_centres = boxes[..., 2:] - boxes[..., :2], (boxes[..., 2:] + boxes[..., :2]) / 2
    return torch.cat([(own_centres - centres) / sides, (own_sides / sides).log()], -1) / variances


def suppress(boxes: Tensor, scores: Tensor, nms: Suppression) -> Tensor:
    """Which boxes stay, best first: each that overlaps none of those that stay by more than the threshold.

    Whether a box stays depends on the better ones alone; so a guess at all becomes right from the best on, one more in
    each turn at least. Mostly a few turns do for hundreds of boxes.
    """
    order = scores.argsort(descending=True, stable=True)[: nms.num_seen]
    found = overlaps(boxes[order], boxes[order])
    if nms.changes_threshold:
        return order[_one_by_one(found, nms)]
    covers = (found > nms.nms_threshold).triu(1)
    stays = torch.ones(len(order), dtype=torch.bool, device=boxes.device)
    while True:
        now = ~(covers & stays[:, None]).any(0)
        if torch.equal(now, stays):
            return order[stays]
        stays = now


def _one_by_one(found: Tensor, nms: Suppression) -> Sequence[int]:
    """The same where each box that stays lowers the threshold for those after it."""
    threshold, stays = nms.nms_threshold, list[int]()
    for index, row in enumerate(found.tolist()):
        if all(row[other] <= threshold for other in stays):
            stays.append(index)
            if threshold > 0.5:
                threshold *= nms.eta
    return stays
