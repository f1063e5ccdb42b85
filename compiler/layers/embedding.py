"""Numbers of things to what is learned of each."""

from collections.abc import Mapping

from netdef.compiler.layers.base import Layer, Weight
from netdef.compiler.layers.roles import Colour
from netdef.compiler.override import override
from netdef.compiler.schema.caffe import Filler
from netdef.compiler.schema.message import param
from netdef.compiler.shape import Shapes
from netdef.compiler.size import Dim


class Embed(Layer, message="embed_param", number=137, keeps_positions=False, colour=Colour.VIOLET):
    """Look up a learned row for each number: an InnerProduct of one-hot vectors (words, say) without the vectors.

    bottom   any shape; whole numbers from 0 to input_dim - 1
    top      the same shape, and an axis of num_output behind it
    weights  weight (input_dim, num_output); bias (num_output)
    example  layer "words" Embed { input_dim: 8801 num_output: 500 }  # 20x16 -> 20x16x500

    No gradient goes back to the numbers.
    """

    num_output: int = param(1, least=1, doc="length of a row")
    input_dim: int = param(2, least=1, doc="how many rows there are: the greatest number and 1")
    bias_term: bool = param(3, default=True, doc="add a learned number to each output")
    weight_filler: Filler = param(4, default=Filler(), doc="fills the weight before training")
    bias_filler: Filler = param(5, default=Filler(), doc="fills the bias before training")

    @override
    def infer(self, bottoms: Shapes, num_tops: int) -> Shapes:
        return ((*bottoms[0], self.num_output),)

    @override
    def numbers(self, bottoms: Shapes) -> Mapping[int, Dim]:
        return {0: self.input_dim}

    @override
    def weights(self, bottoms: Shapes) -> tuple[Weight, ...]:
        weight = Weight("weight", (self.input_dim, self.num_output), self.weight_filler)
        bias = Weight("bias", (self.num_output,), self.bias_filler)
        return (weight, bias) if self.bias_term else (weight,)
