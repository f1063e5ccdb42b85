"""Whether nets that are used together, and data, mean the same by a class's number.

A net with one box for all classes goes with any of them.
"""

from collections.abc import Sequence
from itertools import pairwise

from netdef.compiler.diagnostics import Diagnostic
from netdef.compiler.net_error import NetError
from netdef.runtime.data.datasets.dataset import Dataset
from netdef.runtime.data.feed import check_classes
from netdef.runtime.localisation.evaluation import check_boxes
from netdef.runtime.trained import TrainedNet


def check_together(nets: Sequence[TrainedNet]) -> None:
    """Refuse nets whose classes differ in number, or, where runs name them, in name or order."""
    told = [net for net in nets if net.num_classes is not None]
    for one, other in pairwise(told):
        if one.num_classes != other.num_classes:
            raise _other_classes(f"{_counted(one)}, and {_counted(other)}")
    for one, other in pairwise([net for net in told if net.classes]):
        _check_names(one.path, one.classes, other)


def check_data(nets: Sequence[TrainedNet], data: Dataset) -> None:
    """Refuse nets whose boxes or scores don't fit the data's classes, or that learned other ones."""
    for net in nets:
        shape = net.shape
        if net.gives_boxes:
            check_boxes(shape, data, {})
        else:
            check_classes(shape, data)
        if net.num_classes is not None and net.classes:
            _check_names("the data", data.classes, net)


def _check_names(whose: str, classes: tuple[str, ...], net: TrainedNet) -> None:
    if len(classes) != len(net.classes):
        raise _other_classes(f"{len(classes):,} classes are those of {whose}, and {len(net.classes):,} of {net.path}")
    for number, (one, other) in enumerate(zip(classes, net.classes, strict=True)):
        if one != other:
            raise _other_classes(f"class {number} is {one} for {whose}, and {other} for {net.path}")


def _counted(net: TrainedNet) -> str:
    return f"{net.path} {'has boxes for' if net.gives_boxes else 'scores'} {net.num_classes:,} classes"


def _other_classes(message: str) -> NetError:
    return NetError(Diagnostic("N1112", message, help="take nets that were trained on the same classes, in one order"))
