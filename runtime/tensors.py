"""Tensors that may be divided over devices: read as a whole, and filled from what is there as a whole."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from netdef.runtime.lowering.base import widened


def is_sharded(tensor: Tensor) -> bool:
    """Whether only a share of a tensor is here; asked without an import that takes a second."""
    return hasattr(tensor, "full_tensor")


def whole(tensor: Tensor) -> Tensor:
    """All of a tensor; of a sharded one, all processes must ask for it."""
    found: Tensor = tensor.full_tensor() if is_sharded(tensor) else tensor  # type: ignore[attr-defined]
    return found


def plain(tensor: Tensor) -> Tensor:
    """A copy on the CPU, in row-major order; of a sharded tensor the whole, which all processes must ask for."""
    return whole(tensor).detach().to("cpu", copy=True, memory_format=torch.contiguous_format)


def fill_in(tensor: Tensor, array: NDArray[np.generic]) -> None:
    """Give a tensor the numbers of an array, converted to its own kind; a sharded one takes its share."""
    values = torch.empty(array.shape, dtype=widened(tensor.dtype))
    np.copyto(values.numpy(), array, casting="unsafe")
    if is_sharded(tensor):
        from torch.distributed.tensor import DTensor, distribute_tensor

        assert isinstance(tensor, DTensor)
        values = distribute_tensor(values.to(tensor.device), tensor.device_mesh, tensor.placements)
    tensor.copy_(values)
