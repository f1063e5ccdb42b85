"""SSD's boxes: what is detected, and how good that is."""

import torch
from torch import Tensor

from netdef.compiler.layers.detection import ROW, DetectionEvaluate, DetectionOutput, MultiBoxLoss
from netdef.compiler.net.net import Node
from netdef.compiler.override import override
from netdef.runtime.lowering.base import Op, Setting, lower, need, wide
from netdef.runtime.lowering.boxes import decode, overlaps, suppress
from netdef.runtime.lowering.multibox import MultiBox


class Priors:
    """What PriorBox makes, taken apart: corners and variances, (P, 4) each."""

    def __init__(self, blob: Tensor, *, variances: bool = True) -> None:
        self.boxes = wide(blob[0, 0]).view(-1, 4)
        self.variances = wide(blob[0, 1]).view(-1, 4) if variances else torch.ones_like(self.boxes)


class _Detections(Op):
    """Rows of what is found in each image."""

    def __init__(self, layer: DetectionOutput, node: Node) -> None:
        super().__init__(node)
        self.detection = layer

    @override
    def forward(self, codes: Tensor, scores: Tensor, blob: Tensor, *image: Tensor) -> tuple[Tensor, ...]:
        layer, num = self.detection, len(codes)
        priors = Priors(blob, variances=not layer.variance_encoded_in_target)
        split = wide(codes).view(num, len(priors.boxes), -1, 4)
        boxes = decode(layer.code_type, split, priors.boxes[:, None], priors.variances[:, None])
        by_class = wide(scores).view(num, len(priors.boxes), layer.num_classes)
        found = [self._of_image(index, *each) for index, each in enumerate(zip(boxes, by_class, strict=True))]
        rows = torch.cat(found)
        if not len(rows):
            rows = rows.new_full((num, ROW), -1)
            rows[:, 0] = torch.arange(num, device=rows.device)
        return (rows.detach().view(1, 1, -1, ROW),)

    def _of_image(self, index: int, boxes: Tensor, scores: Tensor) -> Tensor:
        """The rows of one image: by class, then by score."""
        layer = self.detection
        rows = [boxes.new_empty(0, ROW)]
        for label in range(layer.num_classes):
            if label != layer.background_label_id:
                own = boxes[:, 0 if layer.share_location else label]
                rows.append(self._of_class(index, label, own, scores[:, label]))
        found = torch.cat(rows)
        if -1 < layer.keep_top_k < len(found):
            best = found[:, 2].argsort(descending=True, stable=True)[: layer.keep_top_k]
            found = found[best.sort().values]
        return found

    def _of_class(self, index: int, label: int, boxes: Tensor, scores: Tensor) -> Tensor:
        threshold = self.detection.confidence_threshold
        if threshold is not None:
            counts = scores > threshold
            boxes, scores = boxes[counts], scores[counts]
        stays = suppress(boxes, scores, self.detection.nms)
        head = boxes.new_tensor([index, label]).expand(len(stays), 2)
        return torch.cat([head, scores[stays, None], boxes[stays]], 1)


@lower(DetectionOutput)
def detection_output(layer: DetectionOutput, node: Node, setting: Setting) -> Op:
    """Boxes of objects, without gradients."""
    return _Detections(layer, node)


class _Evaluation(Op):
    """Whether each detection is right."""

    def __init__(self, layer: DetectionEvaluate, node: Node) -> None:
        super().__init__(node)
        self.evaluation = layer

    @override
    def forward(self, detections: Tensor, truth: Tensor) -> tuple[Tensor, ...]:
        layer = self.evaluation
        found, true = wide(detections).view(-1, ROW), wide(truth).view(-1, truth.shape[-1])
        true = true[true[:, 0] >= 0]
        message = f"class {layer.background_label_id} is the background, and is no object"
        for rows, bottom in ((found, 0), (true, 1)):
            need(rows[:, 1] != layer.background_label_id, self.node, message, at=f"bottom {bottom}")
        counted = true if layer.evaluate_difficult_gt else true[true[:, 7] == 0]
        classes = [label for label in range(layer.num_classes) if label != layer.background_label_id]
        made = [found.new_tensor([-1, label, (counted[:, 1] == label).sum(), -1, -1]) for label in classes]
        found = found[found[:, 1] >= 0]
        for image in sorted({*found[:, 0].tolist()}):
            own, there = found[found[:, 0] == image], true[true[:, 0] == image]
            for label in sorted({*own[:, 1].tolist()}):
                made += self._judged(own[own[:, 1] == label], there[there[:, 1] == label])
        return (torch.stack(made).view(1, 1, -1, 5),)

    def _judged(self, found: Tensor, true: Tensor) -> list[Tensor]:
        """Rows of one class in one image: each object is found once, by its best box."""
        if not len(true):
            return [torch.cat([row[:3], row.new_tensor([0, 1])]) for row in found]
        found = found[found[:, 2].argsort(descending=True, stable=True)]
        best, places = overlaps(found[:, 3:7], true[:, 3:7]).max(1)
        rows, seen = [], set[int]()
        for row, overlap, place in zip(found, best.tolist(), places.tolist(), strict=True):
            is_near = overlap >= self.evaluation.overlap_threshold
            if is_near and not self.evaluation.evaluate_difficult_gt and true[place, 7]:
                verdict = [0, 0]
            else:
                verdict = [1, 0] if is_near and place not in seen else [0, 1]
                seen |= {place} if is_near else set()
            rows.append(torch.cat([row[:3], row.new_tensor(verdict)]))
        return rows


@lower(DetectionEvaluate)
def detection_evaluate(layer: DetectionEvaluate, node: Node, setting: Setting) -> Op:
    """True and false positives, without gradients."""
    return _Evaluation(layer, node)


@lower(MultiBoxLoss)
def multibox_loss(layer: MultiBoxLoss, node: Node, setting: Setting) -> Op:
    """How far boxes are from their objects, and how wrong their classes."""
    return MultiBox(layer, node)
