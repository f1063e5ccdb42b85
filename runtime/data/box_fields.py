"""What a batch of images with boxes has for a net, beside its images and labels."""

import numpy as np
import torch
from torch import Tensor

from netdef.runtime.data.box_geometry import Boxes

BOX_FIELDS = ("box", "class_box", "class_mask")


def box_fields(boxes: Boxes, labels: Tensor, num_classes: int) -> dict[str, Tensor]:
    """Fields for one box for all classes, and for a box for each class.

    box          (N, 4): centre x, centre y, width and height, in fractions of the net's window
    class_box    (N, 4 classes): the same in the place of the image's class, and 0 elsewhere
    class_mask   (N, 4 classes): 1 in that place, and 0 elsewhere
    """
    box = torch.from_numpy(boxes.astype(np.float32))
    mask = torch.nn.functional.one_hot(labels, num_classes).repeat_interleave(4, dim=1).float()
    return dict(zip(BOX_FIELDS, (box, mask * box.repeat(1, num_classes), mask), strict=True))
