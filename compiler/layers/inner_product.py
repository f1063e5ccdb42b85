"""The fully connected layer."""

from netdef.compiler.layers.base import Layer, Weight, Window
from netdef.compiler.layers.checks import find_axis, known_sizes, whole_image
from netdef.compiler.layers.convolution import Convolution
from netdef.compiler.layers.roles import V1, Colour
from netdef.compiler.override import override
from netdef.compiler.schema.caffe import Filler
from netdef.compiler.schema.message import Refusal, param
from netdef.compiler.shape import Shape, Shapes, product
from netdef.compiler.size import Dim


class InnerProduct(
    Layer,
    message="inner_product_param",
    number=117,
    weight_layer=True,
    v0="innerproduct",
    v1=V1("INNER_PRODUCT", 14, 17),
    kernel_weight=True,
    flattens=True,
    colour=Colour.VIOLET,
):
    """Multiply everything behind an axis, flattened, with a learned matrix.

    bottom   (N, ...), flattened from ``axis`` on, in row-major order (C, H, W)
    top      (N, num_output): the axes before ``axis``, then the outputs
    weights  weight (num_output, K), or (K, num_output) with ``transpose``; bias (num_output)
    example  layer "fc6" InnerProduct { num_output: 4096 }  # 1x512x7x7 -> 1x4096
    """

    num_output: int = param(1, least=1, doc="length of the top")
    bias_term: bool = param(2, default=True, doc="add a learned number to each output")
    weight_filler: Filler = param(3, default=Filler(), doc="fills the weight before training")
    bias_filler: Filler = param(4, default=Filler(), doc="fills the bias before training")
    axis: int = param(5, default=1, doc="the first axis that is flattened")
    transpose: bool = param(6, default=False, doc="the weight is stored as (K, num_output)")

    @property
    @override
    def weight_is_kernel(self) -> bool:
        return not self.transpose

    @override
    def as_convolution(self, bottom: Shape) -> Convolution:
        if self.transpose or self.axis not in (1, 1 - len(bottom)):
            raise Refusal("N514", "it transposes its weight, or begins at another axis")
        return Convolution(
            num_output=self.num_output,
            bias_term=self.bias_term,
            kernel=known_sizes(*bottom[2:]) if len(bottom) == 4 else (1, 1),
            weight_filler=self.weight_filler,
            bias_filler=self.bias_filler,
        )

    @override
    def infer(self, bottoms: Shapes, num_tops: int) -> Shapes:
        return ((*bottoms[0][: find_axis(self.axis, len(bottoms[0]))], self.num_output),)

    @override
    def weights(self, bottoms: Shapes) -> tuple[Weight, ...]:
        (length,) = known_sizes(product(bottoms[0][find_axis(self.axis, len(bottoms[0])) :]))
        shape = (length, self.num_output) if self.transpose else (self.num_output, length)
        weight = Weight("weight", shape, self.weight_filler)
        bias = Weight("bias", (self.num_output,), self.bias_filler)
        return (weight, bias) if self.bias_term else (weight,)

    @override
    def macs(self, bottoms: Shapes, tops: Shapes) -> Dim:
        return product(bottoms[0]) * self.num_output

    @override
    def window(self, bottoms: Shapes) -> Window | None:
        if len(bottoms[0]) != 4 or find_axis(self.axis, 4) != 1:
            return None
        return whole_image(bottoms[0])
