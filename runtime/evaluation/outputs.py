"""The scalar outputs of a net in phase TEST, and its loss, over a data set: means of batches, as in Caffe's solver.

Caffe takes the mean over the batches of a test, which have one size; here a batch counts by its samples, so that a
smaller last one counts less.
"""

import math
import sys
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, NamedTuple, Self

from torch import Tensor

from netdef.compiler.analysis.judged import made_from, scalar_outputs
from netdef.compiler.net.net import Net
from netdef.runtime.hardware.process_group import ProcessGroup

if TYPE_CHECKING:
    from netdef.runtime.module import NetModule


class Output(NamedTuple):
    """A scalar output.

    weight   what it counts in the loss; 0 for a measure
    summed   the sum over samples, each of which has its batch's
    """

    name: str
    weight: float
    summed: float


class Outputs(NamedTuple):
    """The scalar outputs over a data set, of ``num`` samples."""

    num: int = 0
    each: tuple[Output, ...] = ()

    def plus(self, other: "Outputs") -> "Outputs":
        """Those of two parts."""
        if not (self.each and other.each):
            return self if self.each else other
        pairs = zip(self.each, other.each, strict=True)
        return Outputs(self.num + other.num, tuple(a._replace(summed=a.summed + b.summed) for a, b in pairs))

    def over(self, group: ProcessGroup) -> "Outputs":
        """Those of all processes' parts."""
        total = Outputs()
        for part in group.all_gather(self):
            total = total.plus(part)
        return total

    @property
    def means(self) -> dict[str, float]:
        """The mean of each, by the blob's name."""
        return {output.name: output.summed / self.num for output in self.each}

    @property
    def text(self) -> str:
        """For people: ``top1 0.9400, aux_loss 0.5000 (* 0.3)``; what stands in brackets it counts in the loss."""
        weights = {output.name: output.weight for output in self.each}
        said = {name: f" (* {weight:g})" if weight not in (0, 1) else "" for name, weight in weights.items()}
        return ", ".join(f"{name} {mean:.4f}{said[name]}" for name, mean in self.means.items())

    def behind(self, text: str) -> str:
        """The same behind a text on what was judged."""
        return f"{text}; {self.text}" if self.each else text


class Loss(NamedTuple):
    """The loss over a data set.

    num      samples
    summed   the sum of their losses, each that of its batch
    outputs  the net's scalar outputs
    """

    num: int = 0
    summed: float = 0.0
    outputs: Outputs = Outputs()

    def plus(self, other: "Loss") -> "Loss":
        """That of two parts."""
        return Loss(self.num + other.num, self.summed + other.summed, self.outputs.plus(other.outputs))

    def over(self, group: ProcessGroup) -> "Loss":
        """That of all processes' parts."""
        (num,) = group.total([self.num])
        return Loss(num, sum(group.all_gather(self.summed)), self.outputs.over(group))

    @property
    def mean(self) -> float:
        """That of a sample."""
        return self.summed / self.num if self.num else 0.0

    @property
    def score(self) -> float:
        """What training makes larger; a loss that is no number is worse than any that is."""
        return -self.mean if math.isfinite(self.mean) else -sys.float_info.max

    @property
    def as_data(self) -> dict[str, float]:
        """The mean loss, as the metrics name it; empty where the net has none."""
        return {"test_loss": self.mean} if self.num else {}

    @property
    def text(self) -> str:
        """For people."""
        return self.outputs.behind(f"test loss {self.mean:.4f}")

    def behind(self, text: str) -> str:
        """The same behind a text on errors; what one of the outputs says already isn't said again."""
        is_said = [output.summed for output in self.outputs.each if output.weight] == [self.summed]
        of_all = "total loss" if any(output.name == "loss" for output in self.outputs.each) else "loss"
        return self.outputs.behind(f"{text}, {of_all} {self.mean:.4f}" if self.num and not is_said else text)


class Told(NamedTuple):
    """The blobs by which a net itself tells how good it is.

    outputs   its scalar outputs, and what each counts in the loss
    terms     all blobs that count in the loss, by id, and how much
    """

    outputs: Mapping[str, float]
    terms: Mapping[str, float]

    @classmethod
    def by(cls, module: "NetModule") -> Self:
        """Those of a net."""
        nodes = module.net.nodes
        terms = {top.id: w for node in nodes for top, w in zip(node.tops, node.loss_weights, strict=True) if w}
        return cls(scalar_outputs(module.net), terms)

    def where_fed(self, net: Net, fed: Collection[str]) -> "Told":
        """Those of them that only some inputs of the net are needed for."""
        known = {blob for blob in self.blobs if made_from(net, blob).fed.issubset(fed)}
        outputs = {name: weight for name, weight in self.outputs.items() if name in known}
        return Told(outputs, self.terms if known.issuperset(self.terms) else {})

    @property
    def blobs(self) -> list[str]:
        """All of them."""
        return list(dict.fromkeys([*self.outputs, *self.terms]))

    def of(self, found: Mapping[str, Tensor], num: int) -> Loss:
        """What a batch of ``num`` samples makes of them; the loss is each loss layer's top, times its weight."""
        each = tuple(Output(name, weight, num * float(found[name])) for name, weight in self.outputs.items())
        outputs = Outputs(num, each) if each else Outputs()
        if not self.terms:
            return Loss(outputs=outputs)
        return Loss(num, num * sum(weight * float(found[top].sum()) for top, weight in self.terms.items()), outputs)
