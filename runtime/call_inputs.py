"""What a module is called with, as tensors by blob: in the order of its inputs or by name, and arrays as well."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from netdef.compiler.counted import counted
from netdef.compiler.diagnostics import Diagnostic
from netdef.compiler.net.net import Net
from netdef.compiler.net_error import NetError
from netdef.compiler.shape import show
from netdef.compiler.weights.dtypes import NUMBERS
from netdef.runtime.execution import ExecutionPlan

Fed = Tensor | NDArray[Any]
"""What a blob may be fed with."""


def call_inputs(
    net: Net,
    plan: ExecutionPlan,
    in_order: tuple[Fed | Mapping[str, Fed], ...],
    by_name: Mapping[str, Fed],
    like: Tensor,
) -> dict[str, Tensor]:
    """What is fed, by blob; an array becomes a tensor of the kind that the module computes with.

    1. ``in_order`` is for the inputs that the plan reads, in the file's order; or it is one mapping by name, for names
       that Python has no keyword for.
    2. Fractions and pixels take the dtype and the device of ``like``, a weight; labels stay whole numbers.

    Raises:
        NetError: if there are more than inputs, one is fed twice, or it is neither a tensor nor an array of numbers.
    """
    named = dict(by_name)
    for name, value in _named(net, plan, in_order).items():
        if name in named:
            raise NetError(Diagnostic("N1002", f"{name} is fed twice: in its place, and by its name"))
        named[name] = value
    if all(isinstance(value, Tensor) for value in named.values()):
        return named  # type: ignore[return-value]  # as the line above found
    labels = _labels(net)
    return {name: _tensor(name, value, like, is_label=name in labels) for name, value in named.items()}


def _named(net: Net, plan: ExecutionPlan, in_order: tuple[Fed | Mapping[str, Fed], ...]) -> Mapping[str, Fed]:
    if len(in_order) == 1 and isinstance(in_order[0], Mapping):
        return in_order[0]
    if len(in_order) > len(plan.inputs):
        inputs = ", ".join(f"{name} {show(net.inputs[name], batch=True)}" for name in plan.inputs) or "none"
        num = len(plan.inputs)
        there = f"there {'is' if num == 1 else 'are'} {counted(num, 'input')}"
        message = f"fed with {counted(len(in_order), 'blob')}, and {there}"
        raise NetError(Diagnostic("N1002", message, help=f"inputs: {inputs}"))
    return dict(zip(plan.inputs, in_order, strict=False))  # type: ignore[arg-type]  # _tensor refuses a mapping among several


def _tensor(name: str, value: Any, like: Tensor, *, is_label: bool) -> Tensor:
    if isinstance(value, Tensor):
        return value
    if not isinstance(value, np.ndarray) or value.dtype.name not in (*NUMBERS, "bool"):
        what = f"an array of {value.dtype}" if isinstance(value, np.ndarray) else f"a {type(value).__name__}"
        message = f"{name} is {what}, and should be a torch.Tensor or a NumPy array of numbers"
        raise NetError(Diagnostic("N1002", message, help=f"{name}: numpy.asarray(..., dtype=numpy.float32)"))
    if is_label and value.dtype.kind in "bui":
        return torch.from_numpy(value.astype(np.int64)).to(like.device)
    widest = np.float64 if like.dtype == torch.float64 else np.float32
    return torch.from_numpy(value.astype(widest, order="C")).to(like)


_ABOUT_KINDS = ("type", "device", "not implemented for")
"""Words of torch's messages on tensors that don't go together."""


def unlike_weights(net: Net, fed: Mapping[str, Tensor], like: Tensor, error: RuntimeError) -> Diagnostic | None:
    """What is why torch failed: a blob of another dtype, or on another device, than the weights; None if none is.

    It is asked afterwards, since blobs that meet no weight may be of any kind.
    """
    if not any(words in str(error) for words in _ABOUT_KINDS):
        return None
    labels = _labels(net)
    for name, tensor in fed.items():
        if tensor.device != like.device:
            message = f"{name} is on {tensor.device}, and the module on {like.device}"
            return Diagnostic("N1002", message, help=f'feed {name}.to("{like.device}")')
        if tensor.dtype != like.dtype and name not in labels:
            own, wanted = (str(each.dtype).removeprefix("torch.") for each in (tensor, like))
            message = f"{name} is of {own}, and the module computes in {wanted}"
            return Diagnostic("N1002", message, help=f"feed {name}.to(torch.{wanted})")
    return None


def _labels(net: Net) -> set[str]:
    return {node.labels.name for node in net.nodes if node.labels is not None}
