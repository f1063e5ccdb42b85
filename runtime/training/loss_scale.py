"""What each term of a loss is worth in a part of a batch, so that the mean over all parts is the whole batch's loss.

A mean over samples is worth 1: parts are equal. A sum is worth the number of parts, for the whole batch's is theirs
together. A mean over the labels that aren't ignored is worth as much as the part has of them: their number differs.
Caffe's own parts (``iter_size``) are each a batch, whose losses it averages whatever they are divided by.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from netdef.compiler.diagnostics import Diagnostic, Label
from netdef.compiler.layers.base import Divisor
from netdef.compiler.layers.roles import Makes
from netdef.compiler.net.net import Net, Node
from netdef.compiler.net_error import NetError
from netdef.runtime.training.division import Division


class Counted(NamedTuple):
    """A term that is divided by the number of labels which are not ``ignored``; ``labels`` is their blob."""

    term: int
    labels: str
    ignored: int


class LossScale:
    """The scales of a net's terms, in the order of ``NetModule.loss``, under a division.

    fixed     what each is worth in every part
    counted   the terms whose worth depends on the labels
    """

    def __init__(self, net: Net, division: Division) -> None:
        """Look at every term.

        Raises:
            NetError: if a term can't be divided.
        """
        self._division = division
        self._parts = division.num_parts // division.iter_size
        self.fixed: list[float] = []
        self.counted: list[Counted] = []
        fed = {top.id: top.name for node in net.nodes if node.layer.fed for top in node.tops}
        for node in net.nodes:
            for index, weight in enumerate(node.loss_weights):
                if weight:
                    self._add(node, index, fed)

    def of(self, parts: Sequence[Mapping[str, Tensor]]) -> Tensor:
        """What each term (columns) is worth in each of this device's parts (rows); all devices must ask."""
        rank, num_own, num_parts = self._division.group.rank, self._division.num_own, self._division.num_parts
        device = parts[0][self.counted[0].labels].device
        scales = torch.tensor(self.fixed, dtype=torch.float64, device=device).repeat(num_own, 1)
        own = slice(rank * num_own, (rank + 1) * num_own)
        for term, labels, ignored in self.counted:
            nums = torch.zeros(num_parts, dtype=torch.float64, device=device)
            nums[own] = torch.stack([(part[labels] != ignored).sum() for part in parts]).to(nums.dtype)
            self._division.group.all_reduce(nums)
            wholes = nums.view(-1, self._parts).sum(1).clamp(min=1).repeat_interleave(self._parts)
            scales[:, term] = (nums * self._parts / wholes)[own]
        return scales

    def _add(self, node: Node, index: int, fed: Mapping[str, str]) -> None:
        divisor = node.layer.divisor if index == 0 else Divisor.NOTHING
        self.fixed.append(float(self._parts) if divisor is Divisor.NOTHING else 1.0)
        if self._parts == 1:
            return
        if divisor is Divisor.NOTHING and not node.tops[index].shape and node.layer.makes is not Makes.LOSS:
            raise _indivisible(
                node, f"what {node.name} makes of the batch is one number, and may be no sum over samples"
            )
        if divisor is Divisor.COUNTED:
            assert node.layer.ignored is not None, "else all labels count"
            labels = node.bottoms[1].id
            if labels not in fed:
                raise _indivisible(node, f"{node.name} counts its labels, and the net computes them ({labels})")
            self.counted.append(Counted(len(self.fixed) - 1, fed[labels], node.layer.ignored))


def _indivisible(node: Node, why: str) -> NetError:
    help = "take one device and one pass"
    return NetError(Diagnostic("N894", f"the batch can't be divided: {why}", Label(node.at), help=help))
