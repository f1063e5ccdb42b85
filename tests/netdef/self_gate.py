"""A layer type of one's own, as a user writes it: a message in its message, a weight, and rules for both back ends."""

from typing import TYPE_CHECKING

from netdef.layer_types import (
    Filler,
    Layer,
    Message,
    Refusal,
    Shapes,
    Weight,
    known_sizes,
    onnx_rule,
    override,
    param,
    pytorch_rule,
)

if TYPE_CHECKING:
    from torch import Tensor

    from netdef.compiler.net.net import Node
    from netdef.compiler.onnx.graph import Graph
    from netdef.runtime.lowering.base import Op, Setting


class Steepness(Message):
    """How steep a SelfGate is."""

    filler: Filler = param(1, default=Filler(value=1.0), doc="fills beta before training")
    channel_shared: bool = param(2, default=False, doc="one beta for all channels")


class SelfGate(Layer, message="gate_param", in_place=True):
    """x / (1 + e^(-beta x)), with a learned beta for each channel (Ramachandran et al. 2017).

    bottom   (N, C, ...)
    top      the same shape
    weights  beta (C), or () with ``channel_shared``
    example  layer "gate1" SelfGate { beta_param { channel_shared: true } }  # 1x8x5x5 -> 1x8x5x5
    """

    scale: float = param(1, default=1.0, doc="times the top")
    beta: Steepness = param(2, name="beta_param", default=Steepness(), doc="how steep it is")

    @override
    def infer(self, bottoms: Shapes, num_tops: int) -> Shapes:
        if len(bottoms[0]) < 2:
            raise Refusal("N203", "SelfGate needs a channel axis behind the batch", at="bottom 0")
        return bottoms

    @override
    def weights(self, bottoms: Shapes) -> tuple[Weight, ...]:
        shape = () if self.beta.channel_shared else known_sizes(bottoms[0][1])
        return (Weight("beta", shape, self.beta.filler),)


@pytorch_rule(SelfGate)
def self_gate(layer: SelfGate, node: "Node", setting: "Setting") -> "Op":
    """The product, with beta along the channels."""
    from netdef.runtime.lowering.base import Op

    class SelfGateed(Op):
        """The module of one layer."""

        @override
        def forward(self, bottom: "Tensor") -> "tuple[Tensor, ...]":
            beta = self.stored("beta").reshape(-1, *(1,) * (bottom.dim() - 2))
            return (layer.scale * bottom * (beta * bottom).sigmoid(),)

    return SelfGateed(node)


@onnx_rule(SelfGate)
def self_gate_in_onnx(layer: SelfGate, node: "Node", graph: "Graph") -> None:
    """Mul, Sigmoid and Mul."""
    x, rank = node.bottoms[0].id, len(node.bottoms[0].shape)
    beta = graph.weight(0, (1,) if layer.beta.channel_shared else (*node.weights[0].weight.shape, *(1,) * (rank - 2)))
    gate = graph.op("Sigmoid", graph.op("Mul", x, beta))
    graph.op("Mul", graph.op("Mul", x, graph.constant(layer.scale)), gate, into=node.tops[0].id)
