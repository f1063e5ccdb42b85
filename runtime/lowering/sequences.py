"""Recurrent layers of forks."""

from typing import Any

import torch
from torch import Tensor

from netdef.compiler.layers.sequences import ConvLSTM, Lstm, TimeMajorLstm
from netdef.compiler.net.net import Node
from netdef.compiler.override import override
from netdef.compiler.rules import SHAPES_ALONE
from netdef.runtime.lowering.base import Op, Setting, lower, refuse

refuse(ConvLSTM, SHAPES_ALONE)


class _Cut(torch.autograd.Function):
    """The same value, its gradient cut to both sides of 0."""

    @staticmethod
    @override
    def forward(ctx: Any, x: Tensor, limit: float) -> Tensor:
        ctx.limit = limit
        return x.view_as(x)

    @staticmethod
    @override
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        return gradients[0].clamp(-ctx.limit, ctx.limit), None


class _Steps(Op):
    """One step after the other; with markers, the state of the last pass goes on."""

    def __init__(self, layer: Lstm | TimeMajorLstm, node: Node) -> None:
        super().__init__(node)
        self.width = layer.num_output
        self.limit = layer.clipping_threshold
        self.state: tuple[Tensor, Tensor] | None = None

    def run(self, x: Tensor, markers: Tensor | None) -> Tensor:
        """Outputs (T, N, H) of inputs (T, N, I) and markers (T, N)."""
        inputs = x @ self.stored("weight").T + self.stored("bias")
        zero = inputs.new_zeros(inputs.shape[1], self.width)
        goes_on = markers is not None and self.state is not None and self.state[0].shape == zero.shape
        h, c = self.state if goes_on and self.state is not None else (zero, zero)
        outputs = []
        for step, read in enumerate(inputs):
            if markers is not None:
                h, c = ((markers[step] != 0).to(each.dtype)[:, None] * each for each in (h, c))
            gates: Tensor = read + h @ self.stored("recurrent").T
            if self.limit:
                gates = _Cut.apply(gates, self.limit)  # type: ignore[no-untyped-call]
            i, f, o = gates[:, : 3 * self.width].sigmoid().chunk(3, 1)
            c = f * c + i * gates[:, 3 * self.width :].tanh()
            h = o * c.tanh()
            outputs.append(h)
        if markers is not None:
            self.state = h.detach(), c.detach()
        return torch.stack(outputs)


class _Rows(_Steps):
    """Rows of steps, sequences side by side."""

    def __init__(self, layer: Lstm, node: Node) -> None:
        super().__init__(layer, node)
        self.num = layer.batch_size

    @override
    def forward(self, x: Tensor, markers: Tensor | None = None) -> tuple[Tensor, ...]:
        steps = len(x) // self.num
        marked = None if markers is None else markers.detach().reshape(steps, self.num)
        return (self.run(x.reshape(steps, self.num, -1), marked).reshape(len(x), self.width),)


class _TimeMajor(_Steps):
    """Steps, then sequences."""

    @override
    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        return (self.run(x.flatten(2), None),)


@lower(Lstm)
def lstm(layer: Lstm, node: Node, setting: Setting) -> Op:
    """Junhyukoh's."""
    return _Rows(layer, node)


@lower(TimeMajorLstm)
def time_major_lstm(layer: TimeMajorLstm, node: Node, setting: Setting) -> Op:
    """CTPN's."""
    return _TimeMajor(layer, node)
