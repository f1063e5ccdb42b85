"""Functions of one value that BVLC Caffe lacks."""

from torch.nn import functional

from netdef.compiler.layers.fork_activation import HardSigmoid, HardSwish, Mish, ReLU6, SeLu, SteepHardSwish
from netdef.compiler.net.net import Node
from netdef.runtime.lowering.base import Function, Op, Setting, lower


@lower(ReLU6)
def relu6(layer: ReLU6, node: Node, setting: Setting) -> Op:
    """max(x, 0), or the slope below 0; 6 at most."""
    return Function(node, lambda x: functional.leaky_relu(x, layer.negative_slope).clamp(max=6))


@lower(HardSwish)
def hard_swish(layer: HardSwish, node: Node, setting: Setting) -> Op:
    """X (x + 3) / 6 between -3 and 3."""
    return Function(node, functional.hardswish)


@lower(SteepHardSwish)
def steep_hard_swish(layer: SteepHardSwish, node: Node, setting: Setting) -> Op:
    """X (0.2 x + 0.5) between -2.5 and 2.5."""
    return Function(node, lambda x: x * (0.2 * x + 0.5).clamp(0, 1))


@lower(HardSigmoid)
def hard_sigmoid(layer: HardSigmoid, node: Node, setting: Setting) -> Op:
    """0.2 x + 0.5 between -2.5 and 2.5."""
    return Function(node, lambda x: (0.2 * x + 0.5).clamp(0, 1))


@lower(Mish)
def mish(layer: Mish, node: Node, setting: Setting) -> Op:
    """X times tanh of the softplus."""
    return Function(node, functional.mish)


@lower(SeLu)
def selu(layer: SeLu, node: Node, setting: Setting) -> Op:
    """ELU, scaled."""
    return Function(node, lambda x: layer.scale * functional.elu(x, layer.alpha))
