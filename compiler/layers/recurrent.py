"""Layers that read sequences step by step, and remember.

Sequences lie as Caffe has them: (T, N, ...), T steps of N streams side by side. ``cont`` (T, N) is 0 where a stream's
sequence begins, and 1 where it goes on: what is remembered is multiplied by it. What a stream remembers at the end of
a pass is what it begins the next pass with, unless ``expose_hidden`` makes that a matter of bottoms and tops.
"""

from collections.abc import Iterator, Mapping
from typing import ClassVar

from netdef.compiler.counted import counted
from netdef.compiler.layers.base import Arity, Layer, Weight
from netdef.compiler.layers.checks import known_sizes
from netdef.compiler.layers.roles import Colour
from netdef.compiler.override import override
from netdef.compiler.schema.caffe import Filler
from netdef.compiler.schema.message import Refusal, param
from netdef.compiler.shape import Shape, Shapes, differ, product, show
from netdef.compiler.size import Dim


class _Recurrent(
    Layer,
    message="recurrent_param",
    number=146,
    bottoms=Arity(2, None),
    tops=Arity(1, None),
    keeps_positions=False,
    colour=Colour.VIOLET,
):
    """What both share."""

    num_hidden: ClassVar[int]
    """How many blobs are remembered."""
    num_gates: ClassVar[int]
    """How many times num_output the weights make."""

    num_output: int = param(1, least=1, doc="length of the top's rows, and of what is remembered")
    weight_filler: Filler = param(2, default=Filler(), doc="fills the weights before training")
    bias_filler: Filler = param(3, default=Filler(), doc="fills the biases before training")
    debug_info: bool = param(4, default=False, doc="Caffe prints statistics of every step; no meaning here")
    expose_hidden: bool = param(
        5, default=False, doc="what is remembered comes from the last bottoms, and goes to the last tops"
    )

    @property
    def exposed(self) -> int:
        """How many of the last bottoms, and of the last tops, are what is remembered."""
        return self.num_hidden if self.expose_hidden else 0

    def has_static(self, num_bottoms: int) -> bool:
        """Whether a bottom comes in at every step: the third."""
        return num_bottoms > 2 + self.exposed

    @override
    def infer(self, bottoms: Shapes, num_tops: int) -> Shapes:
        self._check_counts(len(bottoms), num_tops)
        x, cont = bottoms[:2]
        if len(x) < 3:
            message = f"a sequence is steps x streams x values, and this is {show(x)}"
            raise Refusal("N203", message, at="bottom 0", help="a Reshape layer can add axes")
        if len(cont) != 2 or differ(cont, x[:2]):
            message = f"there is one mark for each step and stream, {show(x[:2])}, and not {show(cont)}"
            raise Refusal(
                "N206", message, at="bottom 1", help="it is 0 where a sequence begins, and 1 where it goes on"
            )
        if self.has_static(len(bottoms)) and (len(bottoms[2]) < 2 or differ(bottoms[2][:1], x[1:2])):
            message = f"what comes in at every step is streams x values, and this is {show(bottoms[2])}"
            raise Refusal("N206", message, at="bottom 2")
        hidden: Shape = (1, x[1], self.num_output)
        for index in range(len(bottoms) - self.exposed, len(bottoms)):
            if differ(bottoms[index], hidden):
                message = f"what is remembered is {show(hidden)}, and not {show(bottoms[index])}"
                raise Refusal("N206", message, at=f"bottom {index}")
        return ((*x[:2], self.num_output), *(hidden,) * self.exposed)

    def _check_counts(self, num_bottoms: int, num_tops: int) -> None:
        least = 2 + self.exposed
        if not least <= num_bottoms <= least + 1:
            exposed = f", and {self.exposed} that are remembered" if self.exposed else ""
            message = f"{self.type_name} reads a sequence, cont, perhaps one bottom at every step{exposed}"
            help = f"give it {least} or {least + 1} bottoms"
            raise Refusal("N503", f"{message}, and has {num_bottoms}", at="bottom", help=help)
        if num_tops != 1 + self.exposed:
            help = "expose_hidden: true makes tops of what is remembered" if num_tops > 1 else "name them all"
            need = counted(1 + self.exposed, "top")
            raise Refusal("N503", f"{self.type_name} makes {need} here, and has {num_tops}", at="top", help=help)

    @override
    def numbers(self, bottoms: Shapes) -> Mapping[int, Dim]:
        return {1: 2}

    @override
    def weights(self, bottoms: Shapes) -> tuple[Weight, ...]:
        rows = self.num_gates * self.num_output
        made = [self._weight("input_weight", rows, product(bottoms[0][2:])), self._bias("bias", rows)]
        if self.has_static(len(bottoms)):
            made.append(self._weight("static_weight", rows, product(bottoms[2][1:])))
        return (*made, self._weight("hidden_weight", rows, self.num_output), *self.output_weights())

    def output_weights(self) -> Iterator[Weight]:
        """Those behind what is remembered."""
        return iter(())

    def _weight(self, name: str, rows: int, length: Dim) -> Weight:
        return Weight(name, known_sizes(rows, length), self.weight_filler)

    def _bias(self, name: str, length: int) -> Weight:
        return Weight(name, (length,), self.bias_filler)

    @override
    def macs(self, bottoms: Shapes, tops: Shapes) -> Dim:
        steps = product(bottoms[0][:2])
        matrices = {weight.name: product(weight.shape) for weight in self.weights(bottoms) if len(weight.shape) == 2}
        static = matrices.pop("static_weight", 0)
        return steps * sum(matrices.values()) + bottoms[0][1] * static


class LSTM(_Recurrent):
    """A long short-term memory (Hochreiter and Schmidhuber 1997, without peepholes), as Donahue et al. 2015 have it.

    bottom   a sequence (T, N, ...); cont (T, N); perhaps a blob for every step (N, ...); with ``expose_hidden`` the
             first h and c, (1, N, num_output) each
    top      h of every step (T, N, num_output); with ``expose_hidden`` the last h and c
    weights  of the sequence (4 num_output, K), bias (4 num_output), perhaps of the blob for every step
             (4 num_output, S), of h (4 num_output, num_output); rows are gates i, f, o and the candidate g
    example  layer "lstm1" LSTM { bottom: ["x", "cont"] num_output: 256 }  # 20x16x500, 20x16 -> 20x16x256

    c' = cont f c + i g and h = o tanh(c'), i, f and o being sigmoids, g a tanh of weights times what comes in and cont
    times the last h. No gradient goes from pass to pass, nor through exposed bottoms and tops (recurrent_layer.cpp).
    """

    num_hidden = 2
    num_gates = 4


class RNN(_Recurrent):
    """A recurrent layer of one tanh, and a second one that reads it.

    bottom   a sequence (T, N, ...); cont (T, N); perhaps a blob for every step (N, ...); with ``expose_hidden`` the
             first h, (1, N, num_output)
    top      o of every step (T, N, num_output); with ``expose_hidden`` the last h
    weights  of the sequence (num_output, K), bias (num_output), perhaps of the blob for every step (num_output, S), of
             h (num_output, num_output), of o (num_output, num_output) and its bias
    example  layer "rnn1" RNN { bottom: ["x", "cont"] num_output: 64 }  # 20x16x500, 20x16 -> 20x16x64

    h' = tanh(W_x x + W_h (cont h) + b), o = tanh(W_o h' + b_o). No gradient goes from pass to pass, neither through
    exposed bottoms and tops (recurrent_layer.cpp).
    """

    num_hidden = 1
    num_gates = 1

    @override
    def output_weights(self) -> Iterator[Weight]:
        yield self._weight("output_weight", self.num_output, self.num_output)
        yield self._bias("output_bias", self.num_output)


class LSTMUnit(Layer, bottoms=3, tops=2, keeps_positions=False, colour=Colour.VIOLET):
    """One step of an LSTM, its weights already multiplied.

    bottom   c (1, N, D); what goes into the gates i, f, o and the candidate g (1, N, 4 D); cont (1, N)
    top      the next c and h (1, N, D)
    example  layer "u" LSTMUnit { bottom: ["c", "x", "on"] top: ["d", "h"] }  # 1x8x4, 1x8x16, 1x8 -> 1x8x4, 1x8x4

    c' = cont f c + i g and h = o tanh(c'). No gradient goes back to cont.
    """

    @override
    def infer(self, bottoms: Shapes, num_tops: int) -> Shapes:
        cell, gates, cont = bottoms
        if len(cell) != 3 or differ(cell[:1], (1,)):
            message = f"what is remembered is 1 x streams x values, and not {show(cell)}"
            raise Refusal("N203", message, at="bottom 0")
        if differ(gates, (1, cell[1], 4 * cell[2])):
            message = f"four gates for {show(cell)} are {show((1, cell[1], 4 * cell[2]))}, and not {show(gates)}"
            raise Refusal("N206", message, at="bottom 1")
        if differ(cont, (1, cell[1])):
            message = f"there is one mark for each stream, {show((1, cell[1]))}, and not {show(cont)}"
            raise Refusal("N206", message, at="bottom 2")
        return cell, cell

    @override
    def numbers(self, bottoms: Shapes) -> Mapping[int, Dim]:
        return {2: 2}
