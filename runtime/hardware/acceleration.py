"""A module made fast: the settings applied to its weights, and around its calls."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel
from torch.utils._pytree import tree_map

from netdef.runtime.hardware.execution_settings import ExecutionSettings, Precision

COMPILER = {"reorder_for_peak_memory": False}
"""With it, torch 2.13 orders some programs so that max pooling's gradient is read before it is made: it was 0."""


def prepare_module(module: nn.Module, settings: ExecutionSettings, *, many_sizes: bool = False) -> None:
    """Lay out a module's weights as the settings say, in place, and set torch's switches for its device.

    To be called before anything is made in the weights' likeness, such as a solver. Weights that another module
    shares are laid out for it, too. With ``many_sizes``, no time is spent on finding the fastest algorithm for each.
    """
    if settings.precision is Precision.FLOAT64:
        module.double()
    if settings.channels_last:
        for tensor in module.parameters():
            tensor.data = _laid_out(tensor.data, settings)
    if _device_of(module).type == "cuda":
        tf32 = settings.precision in (Precision.TF32, Precision.BF16)
        torch.set_float32_matmul_precision("high" if tf32 else "highest")
        torch.backends.cudnn.allow_tf32 = tf32
        torch.backends.cudnn.benchmark = not many_sizes


def casting(settings: ExecutionSettings, device: torch.device) -> AbstractContextManager[object]:
    """Where torch rounds to bf16 what products read, operation by operation."""
    if settings.precision is Precision.BF16:
        return torch.autocast(device.type, torch.bfloat16)
    return nullcontext()


def accelerated(
    module: nn.Module, settings: ExecutionSettings, tell: Callable[[str], None] = lambda text: None
) -> Callable[..., Any]:
    """A module's call, ``(**blobs)``, under the settings; it returns what the module does.

    The module is compiled as a whole or not at all, when it is first called; torch compiles one of several processes
    in parts, so that gradients travel while others are computed. Where that fails the same call, and every later one,
    is made without the compiler, and ``tell`` hears the reason once; mistakes in what is fed are raised as ever.
    """
    return _Accelerated(module, settings, tell)


class _Accelerated:
    def __init__(self, module: nn.Module, settings: ExecutionSettings, tell: Callable[[str], None]) -> None:
        self.settings = settings
        self.tell = tell
        self.device = _device_of(module)
        self.module = module
        self.compiled: Callable[..., Any] | None = None
        if settings.compile:
            options: dict[str, Any] = COMPILER | {"triton.cudagraphs": settings.cuda_graphs}
            whole = not isinstance(module, DistributedDataParallel)
            self.compiled = torch.compile(module, fullgraph=whole, options=options)

    def __call__(self, **blobs: Tensor) -> Any:
        fed = {name: _laid_out(_widened(blob, self.settings), self.settings) for name, blob in blobs.items()}
        with casting(self.settings, self.device):
            if self.compiled is None:
                return self.module(**fed)
            try:
                return self.run_compiled(self.compiled, fed)
            except torch.OutOfMemoryError:
                raise
            except Exception as error:  # a compiler fails in many ways
                found = self.module(**fed)  # raises what is not the compiler's fault
                self.compiled = None
                cause = getattr(error, "inner_exception", error)
                reason = next(iter(str(cause).splitlines()), "")
                self.tell(f"not compiled, and slower for it: {type(cause).__name__}: {reason}")
                return found

    def run_compiled(self, compiled: Callable[..., Any], fed: dict[str, Tensor]) -> Any:
        """The compiled call; what a CUDA graph returns is copied, for its next run writes over it."""
        if not self.settings.cuda_graphs:
            return compiled(**fed)
        torch.compiler.cudagraph_mark_step_begin()  # type: ignore[no-untyped-call]  # torch's is untyped
        return tree_map(torch.clone, compiled(**fed))


def _device_of(module: nn.Module) -> torch.device:
    tensor = next(module.parameters(), None)
    return torch.device("cpu") if tensor is None else tensor.device


def _widened(blob: Tensor, settings: ExecutionSettings) -> Tensor:
    return blob.double() if settings.precision is Precision.FLOAT64 and blob.is_floating_point() else blob


def _laid_out(tensor: Tensor, settings: ExecutionSettings) -> Tensor:
    return tensor.to(memory_format=torch.channels_last) if settings.channels_last and tensor.dim() == 4 else tensor
