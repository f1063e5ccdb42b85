"""Layers that read sequences step by step, and remember.

What comes in is multiplied for all steps at once; only what depends on the step before is done step by step.
"""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional

from netdef.compiler.layers.recurrent import LSTM, RNN, LSTMUnit
from netdef.compiler.net.net import Node
from netdef.compiler.override import override
from netdef.runtime.lowering.base import Op, Setting, Tops, lower, with_gradient_of


def unit(cell: Tensor, gates: Tensor, cont: Tensor) -> tuple[Tensor, Tensor]:
    """The next c and h of (..., D) and (..., 4 D); ``cont`` (..., 1) is multiplied to the forget gate."""
    enter, forget, leave, candidate = gates.chunk(4, -1)
    kept = cont * forget.sigmoid()
    # lstm_unit_layer.cpp takes the forget gate's slope from its value after cont: another one only between 0 and 1
    kept = with_gradient_of(kept, (kept * (1 - kept)).detach() * forget)
    cell = kept * cell + enter.sigmoid() * candidate.tanh()
    return cell, leave.sigmoid() * cell.tanh()


class Recurrent(Op):
    """What both share: what streams remember from pass to pass."""

    def __init__(self, layer: LSTM | RNN, node: Node) -> None:
        super().__init__(node)
        self.has_static = layer.has_static(len(node.bottoms))
        self.exposed = layer.exposed
        self.num_hidden = layer.num_hidden
        self.num_output = layer.num_output
        self.remembered: tuple[Tensor, ...] = ()

    @override
    def forget(self) -> None:
        """Begin the next pass with zeros."""
        self.remembered = ()

    @override
    def forward(self, x: Tensor, cont: Tensor, *others: Tensor) -> tuple[Tensor, ...]:
        """The top of every step, and what is remembered last where that is shown."""
        bias = self.stored("bias")
        entering = functional.linear(x.flatten(2), self.stored("input_weight"), bias)
        if self.has_static:
            entering = entering + functional.linear(others[0].flatten(1), self.stored("static_weight"))
        steps = []
        hidden: Sequence[Tensor] = self.first(x, others)
        for now, going_on in zip(entering, cont.detach().to(x.dtype).unsqueeze(2), strict=True):
            hidden = self.step(hidden, now, going_on)
            steps.append(hidden[0])
        last = tuple(each.detach() for each in hidden)
        if not self.exposed:
            self.remembered = last
        return (self.read(torch.stack(steps)), *(each.unsqueeze(0) for each in last[: self.exposed]))

    def first(self, x: Tensor, others: Sequence[Tensor]) -> tuple[Tensor, ...]:
        """What is remembered before the first step: what came in, or was left, or zeros."""
        if self.exposed:
            return tuple(each.detach().squeeze(0) for each in others[-self.exposed :])
        zeros = x.new_zeros(x.shape[1], self.num_output)
        if self.remembered and self.remembered[0].shape == zeros.shape:
            return tuple(each.to(zeros) for each in self.remembered)
        return (zeros,) * self.num_hidden

    def step(self, hidden: Sequence[Tensor], entering: Tensor, going_on: Tensor) -> tuple[Tensor, ...]:
        """What is remembered after a step; h is the first."""
        raise NotImplementedError

    def read(self, steps: Tensor) -> Tensor:
        """The top, of h at every step."""
        return steps


class _Lstm(Recurrent):
    @override
    def step(self, hidden: Sequence[Tensor], entering: Tensor, going_on: Tensor) -> tuple[Tensor, ...]:
        h, cell = hidden
        gates = entering + functional.linear(going_on * h, self.stored("hidden_weight"))
        cell, h = unit(cell, gates, going_on)
        return h, cell


class _Rnn(Recurrent):
    @override
    def step(self, hidden: Sequence[Tensor], entering: Tensor, going_on: Tensor) -> tuple[Tensor, ...]:
        return ((entering + functional.linear(going_on * hidden[0], self.stored("hidden_weight"))).tanh(),)

    @override
    def read(self, steps: Tensor) -> Tensor:
        return functional.linear(steps, self.stored("output_weight"), self.stored("output_bias")).tanh()


@lower(LSTM)
def lstm(layer: LSTM, node: Node, setting: Setting) -> Op:
    """Gates, step by step."""
    return _Lstm(layer, node)


@lower(RNN)
def rnn(layer: RNN, node: Node, setting: Setting) -> Op:
    """A tanh, step by step, and one that reads them."""
    return _Rnn(layer, node)


@lower(LSTMUnit)
def lstm_unit(layer: LSTMUnit, node: Node, setting: Setting) -> Op:
    """One step."""
    return Tops(node, lambda cell, gates, cont: unit(cell, gates, cont.detach().to(cell.dtype).unsqueeze(2)))
