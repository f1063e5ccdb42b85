"""Made-up data, and what is fed."""

import torch
from torch import Tensor

from netdef.compiler.layers.base import Weight
from netdef.compiler.layers.inputs import DummyData, Input, Parameter
from netdef.compiler.memory import refuse_too_large
from netdef.compiler.net.net import Node
from netdef.compiler.override import override
from netdef.compiler.weights.fillers import fill
from netdef.runtime.lowering.base import Op, Setting, lower, refuse

FED = "computes nothing: its tops are fed"

refuse(Input, FED)


class _MakeUp(Op):
    """Tops from fillers: those that aren't constant anew at each pass."""

    def __init__(self, layer: DummyData, node: Node) -> None:
        super().__init__(node)
        fillers = [layer.filler(index) for index in range(len(node.tops))]
        shapes = layer.infer((), len(node.tops))
        self.made = [
            Weight(str(index), tuple(size for size in shape if isinstance(size, int)), filler)
            for index, (filler, shape) in enumerate(zip(fillers, shapes, strict=True))
        ]
        self.name = node.name
        self.passes = 0
        for weight in self.made:
            refuse_too_large(node.tops[int(weight.name)].name, weight.shape)
            self.register_buffer(weight.name, self.filled(weight), persistent=False)
        self.changing = [weight for weight in self.made if weight.filler.type != "constant"]
        self.anew = self.refill
        if self.changing:  # not as a decorator, which would load the compiler for every net
            self.anew = torch.compiler.disable(self.refill)  # type: ignore[no-untyped-call]

    def filled(self, weight: Weight) -> Tensor:
        """A top of the pass that comes."""
        return torch.from_numpy(fill(weight, (self.name, int(weight.name)), self.passes))

    @override
    def forward(self) -> tuple[Tensor, ...]:
        if self.changing:
            self.anew()
        return tuple(getattr(self, weight.name) for weight in self.made)

    def refill(self) -> None:
        """Make the next pass's tops."""
        self.passes += 1
        for weight in self.changing:
            old: Tensor = getattr(self, weight.name)
            self.register_buffer(weight.name, self.filled(weight).to(old), persistent=False)


@lower(DummyData)
def dummy_data(layer: DummyData, node: Node, setting: Setting) -> Op:
    """Blobs from fillers."""
    return _MakeUp(layer, node)


class _Value(Op):
    """A weight, as it is."""

    @override
    def forward(self) -> tuple[Tensor, ...]:
        return (self.stored("value"),)


@lower(Parameter)
def parameter(layer: Parameter, node: Node, setting: Setting) -> Op:
    """The learned blob."""
    return _Value(node)
