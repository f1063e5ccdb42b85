"""What a rule is, and what it makes: an op, the module that computes a node."""

from collections.abc import Callable
from typing import Any, NamedTuple, Self, SupportsIndex

import torch
from torch import Tensor, nn

from netdef.compiler.diagnostics import Diagnostic, Label
from netdef.compiler.layers.base import Weight
from netdef.compiler.net.net import Node
from netdef.compiler.net_error import NetError
from netdef.compiler.override import override
from netdef.compiler.rules import Rules
from netdef.compiler.schema.caffe import Phase
from netdef.compiler.schema.decode import place_of
from netdef.runtime.lowering.dropout_generator import DropoutGenerator


class Op(nn.Module):
    """Computes a node's tops from its bottoms; its weights are its parameters, its statistics its buffers.

    What the file writes in place runs in place only where nobody can tell (``execution.overwritable``).
    """

    returns_fresh_memory = False
    """Whether its tops are memory of their own, which its backward pass doesn't read."""
    supports_inplace = False
    """Whether its forward takes ``in_place``: write the top over the bottom."""
    setting: "Setting | None" = None
    """What its rule was given beside layer and node; None until it is part of a module."""

    def __init__(self, node: Node) -> None:
        super().__init__()
        self.node = node
        self.layer = node.layer
        self._shapes = {w.weight.name: w.weight.shape for w in node.weights}

    def store(self, weight: Weight, tensor: Tensor) -> None:
        """Own, or share, a weight."""
        if isinstance(tensor, nn.Parameter):
            self.register_parameter(weight.name, tensor)
        else:
            self.register_buffer(weight.name, tensor)

    def stored(self, name: str) -> Tensor:
        """A weight, under the node's own shape: whoever shares it may have another (share_mode PERMISSIVE)."""
        tensor: Tensor = getattr(self, name)
        shape = self._shapes[name]
        return tensor if tensor.shape == shape else tensor.reshape(shape)

    def stored_or_none(self, name: str) -> Tensor | None:
        """A weight that its parameters may leave out."""
        return self.stored(name) if name in self._shapes else None

    def forget(self) -> None:
        """Begin the next pass as the first one, where an op remembers something from pass to pass."""

    @override
    def _apply(self, fn: Callable[..., Any], recurse: bool = True) -> Self:
        """Move or convert statistics within their tensors, as torch does with parameters: others may share them."""
        for buffer in self._buffers.values():
            if buffer is not None:
                buffer.data = fn(buffer)
        return super()._apply(fn, recurse)  # type: ignore[no-untyped-call, no-any-return]  # torch's is untyped

    @override
    def __reduce_ex__(self, protocol: SupportsIndex) -> str | tuple[Any, ...]:
        """Pickled and copied as what its rule is given, and its numbers: the rule makes again what can be neither.

        That is functions, which rules write where they need them, and which know what they were made in.
        """
        if self.setting is None:
            return super().__reduce_ex__(protocol)
        state = {name: own for name, own in vars(self).items() if isinstance(own, nn.Module) or not callable(own)}
        return op_of, (self.node, self.setting), state

    @override
    def _get_name(self) -> str:
        return type(self.layer).__name__

    @override
    def extra_repr(self) -> str:
        """The layer's parameters, as ``print(module)`` shows them."""
        return repr(self.layer).partition("(")[2][:-1]


class Function(Op):
    """An op without state, with one top."""

    def __init__(self, node: Node, function: Callable[..., Tensor]) -> None:
        super().__init__(node)
        self.function = function

    @override
    def forward(self, *bottoms: Tensor) -> tuple[Tensor, ...]:
        """The one top."""
        return (self.function(*bottoms),)


class Tops(Op):
    """An op without state, with any number of tops."""

    def __init__(self, node: Node, function: Callable[..., tuple[Tensor, ...]]) -> None:
        super().__init__(node)
        self.function = function

    @override
    def forward(self, *bottoms: Tensor) -> tuple[Tensor, ...]:
        """The tops."""
        return self.function(*bottoms)


class Setting(NamedTuple):
    """What an op may have to know of the net that it stands in; ``number`` is its node's."""

    number: int
    phase: Phase
    generator: DropoutGenerator


RULES: Rules[[Node, Setting], Op] = Rules("pytorch", "netdef.runtime.lowering")
"""What PyTorch does with each layer type."""


def op_of(node: Node, setting: Setting) -> Op:
    """A node's op by the rule of its layer type, which is not refused."""
    op = RULES.apply(node.layer, node, setting)
    op.setting = setting
    return op


lower = RULES.rule
refuse = RULES.refuse


def need(fits: Tensor, node: Node, message: str, *, at: str = "", help: str | None = None) -> None:
    """Refuse values of a bottom that mean nothing to the layer, where ``fits`` is false anywhere.

    Raises:
        NetError: at the layer's place.
    """
    if torch.compiler.is_compiling() or bool(fits.all()):
        return
    place = Label(place_of(at, node.definition.places, node.at))
    raise NetError(Diagnostic("N1007", f"{node.name}: {message}", place, help=help))


def rank(node: Node, bottom: int = 0) -> int:
    """How many axes a bottom has, whatever its sizes."""
    return len(node.bottoms[bottom].shape)


def places(numbers: Tensor, num: int, node: Node, bottom: int) -> Tensor:
    """What a bottom holds as places among ``num``, from 0.

    Raises:
        NetError: if one is none of them. On a GPU nothing is looked at beforehand: the run would have to wait.
    """
    found = numbers.detach().long()
    if found.device.type == "cpu" and found.numel() and not torch.compiler.is_compiling():
        least, most = (int(end) for end in found.aminmax())
        if least < 0 or most >= num:
            wrong, blob = least if least < 0 else most, node.bottoms[bottom].name
            message = f"{blob} holds the number {wrong}, and {node.name} takes those from 0 to {num - 1}"
            raise NetError(Diagnostic("N1002", message, Label(node.at)))
    return found


def widened(dtype: torch.dtype) -> torch.dtype:
    """A format for positions, counts and long sums: bf16 has too few digits for them, and becomes float32."""
    return torch.promote_types(dtype, torch.float32)


def with_gradient_of(value: Tensor, other: Tensor) -> Tensor:
    """A value whose gradient goes back as that of another: where Caffe's gradient is not that of its formula."""
    return value.detach() + (other - other.detach())


def wide(x: Tensor) -> Tensor:
    """A blob in a format for sums and logarithms."""
    return x.to(widened(x.dtype))
