"""Recurrent layers of forks: BVLC's own LSTM and RNN are other types."""

from netdef.compiler.compare_sizes import Comparison, compare, may_divide
from netdef.compiler.layers.base import Arity, Layer, Weight
from netdef.compiler.layers.checks import known_sizes
from netdef.compiler.layers.roles import Colour, Written
from netdef.compiler.override import override
from netdef.compiler.schema.caffe import Filler
from netdef.compiler.schema.message import Message, Refusal, beside, param
from netdef.compiler.shape import Shape, Shapes, product, show
from netdef.compiler.size import Dim


class _Lstm(Layer, message="lstm_param", weight_layer=True, colour=Colour.VIOLET):
    """What both layers of the name share.

    Gates in the order i, f, o, g: c = f c' + i g, h = o tanh(c). The first step of a sequence forgets: f is 0 and the
    last output is left out.
    """

    num_output: int = param(1, least=1, doc="H: length of the state")
    clipping_threshold: float = param(
        2, default=0.0, least=0, doc="gradients of the gates' inputs are cut to it; 0: not"
    )
    weight_filler: Filler = param(3, default=Filler(), doc="fills the weights before training")
    bias_filler: Filler = param(4, default=Filler(), doc="fills the bias before training")

    @override
    def weights(self, bottoms: Shapes) -> tuple[Weight, ...]:
        (length,) = known_sizes(product(self.step(bottoms[0])))
        rows = 4 * self.num_output
        return (
            Weight("weight", (rows, length), self.weight_filler),
            Weight("recurrent", (rows, self.num_output), self.weight_filler),
            Weight("bias", (rows,), self.bias_filler),
        )

    def step(self, bottom: Shape) -> Shape:
        """The axes of what one step reads."""
        return bottom[1:]

    def num_steps(self, bottom: Shape) -> Dim:
        """All steps of all sequences."""
        return bottom[0]

    @override
    def macs(self, bottoms: Shapes, tops: Shapes) -> Dim:
        each = 4 * self.num_output * (product(self.step(bottoms[0])) + self.num_output)
        return self.num_steps(bottoms[0]) * each


class Lstm(_Lstm, origin="caffe-lstm", number=201, bottoms=Arity(1, 2)):
    """A long short-term memory over rows, ``batch_size`` sequences side by side (junhyukoh's).

    bottom   (T N, ...), N of the rows at a time; a second bottom (T N) is 0 where a sequence begins
    top      (T N, num_output)
    weights  weight (4 H, I), recurrent (4 H, H), bias (4 H)
    example  layer "lstm" Lstm { num_output: 8 batch_size: 2 }  # 10x4 -> 10x8

    1. Gates in the order i, f, o, g: c = f c' + i g, h = o tanh(c). A sequence's first step has no state before it.
    2. With a second bottom the state goes on from the last pass, but where that is 0.
    3. clipping_threshold cuts the gradients of the gates' inputs, in the backward pass alone.
    4. The fork's CPU code gives all sequences the first one's state; here each has its own, as in its GPU code.
    """

    batch_size: int = param(5, default=1, least=1, doc="N: sequences side by side")

    @classmethod
    @override
    def is_meant(cls, written: Written) -> bool:
        return True

    @override
    def infer(self, bottoms: Shapes, num_tops: int) -> Shapes:
        if len(bottoms[0]) < 2:
            raise Refusal("N203", f"Lstm needs steps of values, and the bottom is {show(bottoms[0])}", at="bottom 0")
        if not may_divide(self.batch_size, bottoms[0][0]):
            message = f"{bottoms[0][0]} rows don't divide into {self.batch_size} sequences"
            raise Refusal("N202", message, at="batch_size", help="let batch_size divide the rows of the bottom")
        if len(bottoms) == 2 and compare(product(bottoms[1]), bottoms[0][0]) is Comparison.DIFFERENT:
            message = f"{bottoms[0][0]} rows need as many markers, and there are {show(bottoms[1])}"
            raise Refusal("N206", message, at="bottom 1")
        return ((bottoms[0][0], self.num_output),)


class TimeMajorLstm(_Lstm, name="Lstm", origin="ctpn", number=140):
    """A long short-term memory over the first axis, sequences along the second (CTPN's).

    bottom   (T, N, ...)
    top      (T, N, num_output)
    weights  weight (4 H, I), recurrent (4 H, H), bias (4 H)
    example  layer "lstm" Lstm { origin: "ctpn" num_output: 8 }  # 5x2x4 -> 5x2x8

    1. Gates in the order i, f, o, g: c = f c' + i g, h = o tanh(c). The first step has no state before it.
    2. clipping_threshold cuts the gradients of the gates' inputs, in the backward pass alone.
    """

    @classmethod
    @override
    def is_meant(cls, written: Written) -> bool:
        return written.num_bottoms == 1 and "batch_size" not in written.fields

    @override
    def step(self, bottom: Shape) -> Shape:
        return bottom[2:]

    @override
    def num_steps(self, bottom: Shape) -> Dim:
        return bottom[0] * bottom[1]

    @override
    def infer(self, bottoms: Shapes, num_tops: int) -> Shapes:
        if len(bottoms[0]) < 3:
            message = f"Lstm needs steps, sequences and values, and the bottom is {show(bottoms[0])}"
            raise Refusal("N203", message, at="bottom 0", help="a Reshape layer can add axes")
        return ((*bottoms[0][:2], self.num_output),)


class LstmConvolution(Message):
    """A convolution in a recurrent layer; sizes are kept by its padding."""

    type: str = param(0, default="", doc="what it reads: input or hidden; both, where there is one convolution")
    num_output: int = param(0, least=1, doc="H: channels of the state")
    kernel_size: tuple[int, ...] = param(0, default=(1,), least=1, doc="window, in pixels; one value, or one each")
    pad: tuple[int, ...] = param(0, default=(0,), least=0, doc="zeros on each side, in pixels; one value, or one each")
    dilation: tuple[int, ...] = param(0, default=(1,), least=1, doc="distance of the window's points, in pixels")
    weight_filler: Filler = param(0, default=Filler(), doc="fills the weight before training")
    bias_filler: Filler = param(0, default=Filler(), doc="fills the bias before training")

    @property
    def window(self) -> tuple[int, ...]:
        """The window along both axes."""
        return self.kernel_size * 2 if len(self.kernel_size) == 1 else self.kernel_size


class Peepholes(Message):
    """How the state is multiplied into the gates, and what is left out."""

    axis_hadamard: int = param(0, default=2, least=1, doc="the first axis of the peepholes in (1, N, H, rows, columns)")
    num_axes_hadamard: int = param(0, default=3, least=1, doc="how many axes they have")
    disable_hadamard: bool = param(0, default=False, doc="no peepholes")
    ignore_x: bool = param(0, default=False, doc="the bottom isn't read")
    expose: tuple[str, ...] = param(0, default=(), doc="blobs inside that become further tops")


class ConvLSTM(
    Layer, origin="conv-lstm", bottoms=Arity(2, 4), tops=Arity(1, 3), weight_layer=True, colour=Colour.VIOLET
):
    """A long short-term memory whose products are convolutions (Shi et al. 2015; agethen's layer).

    bottom   (T, N, C, H, W); markers (T, N), 0 where a sequence begins; perhaps states
    top      (T, N, num_output, H, W)
    weights  input (4 H, C, kernel...), recurrent (4 H, H, kernel...), bias (4 H), and three peepholes
    example  layer "l" ConvLSTM { bottom: ["x", "c"] lstm_conv_param { num_output: 8 kernel_size: 3 pad: 1 } }
             # 5x2x3x9x9, 5x2 -> 5x2x8x9x9
    """

    convolutions: tuple[LstmConvolution, ...] = beside(
        0, "lstm_conv_param", default=(), doc="one of the bottom and one of the state, or one for both"
    )
    peepholes: Peepholes = beside(0, "lstm_debug_param", default=Peepholes(), doc="peepholes, and what is left out")

    def reading(self, of: str) -> LstmConvolution:
        """The convolution of the bottom ("input") or of the state ("hidden")."""
        other = "hidden" if of == "input" else "input"
        return next((each for each in self.convolutions if each.type != other), self.convolutions[0])

    @override
    def infer(self, bottoms: Shapes, num_tops: int) -> Shapes:
        if not 1 <= len(self.convolutions) <= 2:
            message = f"ConvLSTM takes one lstm_conv_param or two, and has {len(self.convolutions)}"
            raise Refusal("N201", message, help="add lstm_conv_param { num_output: 64 kernel_size: 3 pad: 1 }")
        if len(bottoms[0]) != 5:
            message = f"ConvLSTM needs steps, sequences, channels, rows and columns, and has {show(bottoms[0])}"
            raise Refusal("N203", message, at="bottom 0", help="a Reshape layer can add axes")
        steps, num, _, *positions = bottoms[0]
        state = (1, num, self.convolutions[0].num_output, *positions)
        return ((steps, *state[1:]), state, state)[:num_tops]

    @override
    def weights(self, bottoms: Shapes) -> tuple[Weight, ...]:
        _, num, channels, *positions = bottoms[0]
        first, second = self.reading("input"), self.reading("hidden")
        width = first.num_output
        axis, num_axes = self.peepholes.axis_hadamard, self.peepholes.num_axes_hadamard
        peephole = (1, num, width, *positions)[axis : axis + num_axes]
        read = Weight("input", known_sizes(4 * width, channels, *first.window), first.weight_filler)
        learned = (
            Weight("recurrent", (4 * width, width, *second.window), second.weight_filler),
            Weight("bias", (4 * width,), second.bias_filler),
        )
        names = () if self.peepholes.disable_hadamard else ("peephole_i", "peephole_f", "peephole_o")
        held = tuple(Weight(name, known_sizes(*peephole), Filler()) for name in names)
        return (*(() if self.peepholes.ignore_x else (read,)), *learned, *held)
