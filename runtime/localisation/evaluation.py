"""How often a net's box is wrong: it overlaps the image's own by half or less.

Here the paper's first protocol (Simonyan and Zisserman 2014, table 8): the net sees the centre of each image, and of
a box for each class the true class's is taken. ``dense`` has the second.
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

import numpy as np
import torch

from netdef.compiler.diagnostics import Diagnostic
from netdef.compiler.layers.roles import Makes
from netdef.compiler.net.net import Net
from netdef.compiler.net_error import NetError
from netdef.compiler.shape import Shape, show
from netdef.runtime.data.batches import Batch
from netdef.runtime.data.box_fields import BOX_FIELDS
from netdef.runtime.data.box_geometry import Boxes, edges_of, overlap
from netdef.runtime.data.datasets.dataset import Dataset, boxes_of
from netdef.runtime.evaluation.outputs import Loss, Outputs, Told
from netdef.runtime.hardware.process_group import ProcessGroup
from netdef.runtime.trained import TrainedNet

ENOUGH = 0.5
"""A box is right that overlaps the true one by more."""


class BoxErrors(NamedTuple):
    """Counts over a data set, exact: parts of it may be counted apart and added.

    num     images
    wrong   those whose box is wrong
    loss    of all images, and the net's scalar outputs, where these are asked for
    """

    num: int = 0
    wrong: int = 0
    loss: Loss = Loss()

    def plus(self, other: "BoxErrors") -> "BoxErrors":
        """The counts of two parts."""
        return BoxErrors(self.num + other.num, self.wrong + other.wrong, self.loss.plus(other.loss))

    def over(self, group: ProcessGroup) -> "BoxErrors":
        """The counts of all processes' parts."""
        num, wrong = group.total(self[:2])
        total = BoxErrors(num, wrong, self.loss.over(group))
        if not total.num:
            raise NetError(Diagnostic("N1105", "there is no image whose errors could be counted"))
        return total

    @property
    def box_error(self) -> float:
        """The share of ``wrong``, 0 to 1."""
        return self.wrong / self.num

    @property
    def score(self) -> float:
        """What training makes larger."""
        return 1 - self.box_error

    @property
    def as_data(self) -> dict[str, float]:
        """The errors by name."""
        return {"box_error": self.box_error, **self.loss.as_data}

    @property
    def outputs(self) -> Outputs:
        """The net's scalar outputs."""
        return self.loss.outputs

    @property
    def text(self) -> str:
        """For people, in per cent."""
        return self.loss.behind(f"box error {100 * self.box_error:.2f} %")


@torch.inference_mode()
def evaluate_boxes(trained: TrainedNet, batches: Iterable[Batch]) -> BoxErrors:
    """Count a net's wrong boxes; its blob has them: (N, 4), or (N, 4 classes)."""
    told = Told.by(trained.module)
    total = BoxErrors()
    for batch in batches:
        fed = trained.feed.inputs(batch, trained.device)
        found = trained.module.blobs(list(dict.fromkeys([trained.blob, *told.blobs])), **fed)
        own = of_class(found[trained.blob].double().cpu().numpy(), batch["label"].numpy())
        right = overlap(edges_of(own), edges_of(batch["box"].double().numpy())) > ENOUGH
        total = total.plus(BoxErrors(len(right), int((~right).sum()), told.of(found, len(right))))
    return total


def of_class(boxes: Boxes, labels: np.ndarray | int) -> Boxes:
    """From boxes (N, 4) or (N, 4 classes), of each row the class's: (N, 4)."""
    each = boxes.reshape(len(boxes), -1, 4)
    return each[:, 0] if each.shape[1] == 1 else each[np.arange(len(each)), labels]


def box_blob(net: Net) -> str | None:
    """The blob with the boxes of a net in phase TEST that gives them, and scores no classes: its only output.

    Probabilities, a measure or what pooling leaves are none. Only data with boxes tell whether it is meant so.
    """
    if len(net.outputs) != 1:
        return None
    made = next(node.layer.makes for node in reversed(net.nodes) if net.outputs[0] in [top.name for top in node.tops])
    return None if made in (Makes.PROBABILITIES, Makes.MEASURE, Makes.POOLED) else net.outputs[0]


def check_boxes(found: Shape, data: Dataset, blobs: Mapping[str, str]) -> None:
    """Refuse boxes that don't fit the data's classes, and data without any.

    ``found`` is the shape of the net's boxes, and ``blobs`` its inputs by their fields.
    """
    if boxes_of(data) is None:
        asked = ", ".join(blobs[field] for field in BOX_FIELDS if field in blobs)
        help = "train on a folder in Pascal VOC's layout, or a CSV of path,label,x0,y0,x1,y1"
        raise NetError(Diagnostic("N1111", f"the net asks for boxes ({asked}), and the data have none", help=help))
    num_classes = len(data.classes)
    width = found[1] if len(found) > 1 else 0
    if width not in (4, 4 * num_classes) or ("class_box" in blobs and width != 4 * num_classes):
        help = f"give the last layer num_output: 4 for one box, or {4 * num_classes} for a box for each class"
        message = (
            f"the data's classes are {num_classes:,}, and the net's boxes {show(found)}: not 4 numbers, nor 4 for each"
        )
        raise NetError(Diagnostic("N1112", message, help=help))
