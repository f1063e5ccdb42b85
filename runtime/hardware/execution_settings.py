"""How the hardware is used: number format, memory layout, compilation. Decided here, applied in ``acceleration``.

They change rounding and nothing else: Dropout's masks, the order of the data and the recipe are as without them.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import TYPE_CHECKING, Any, NamedTuple

from netdef.compiler.diagnostics import Diagnostic
from netdef.compiler.net.net import Net
from netdef.compiler.net_error import NetError
from netdef.compiler.request import UsageError
from netdef.compiler.shape import known

if TYPE_CHECKING:
    import torch

BF16_SINCE = (8, 0)
"""The compute capability of the first GPUs that multiply bf16 in hardware (Ampere)."""

LAUNCHES_SHOW_BELOW = 5e9
"""Multiply-adds of a layer's forward pass that take a fast GPU about 20 us, a few times what a launch costs.

Derived from 500 TFLOP/s; not measured.
"""


class Precision(StrEnum):
    """What convolutions and matrix products compute in; weights and losses are float32, in ``FLOAT64`` float64."""

    BF16 = "bf16"
    TF32 = "tf32"
    FLOAT32 = "float32"
    FLOAT64 = "float64"


def precision_named(name: str) -> Precision:
    """A precision by its name.

    Raises:
        UsageError: if there is none.
    """
    try:
        return Precision(name)
    except ValueError:
        raise UsageError(f"a precision is {', '.join(Precision)}, not {name}") from None


class ExecutionSettings(NamedTuple):
    """What is used of the hardware; the defaults are a CPU's.

    precision       the number format
    channels_last   whether images and kernels lie in memory with their channels together
    compile         whether torch's compiler makes the program, where it can
    cuda_graphs     whether a whole pass is launched at once; only with ``compile``
    """

    precision: Precision = Precision.FLOAT32
    channels_last: bool = False
    compile: bool = False
    cuda_graphs: bool = False

    @property
    def text(self) -> str:
        """For people: ``bf16, channels_last, compile``."""
        return ", ".join([self.precision, *(name for name, on in self._asdict().items() if on is True)])


def settings_for(device: "torch.device", chosen: Mapping[str, Any], *, graphs: bool = False) -> ExecutionSettings:
    """The settings that suit a device, but for those that were chosen.

    Args:
        device: where the net runs.
        chosen: settings by name; those that are None or not there are what suits the device.
        graphs: whether CUDA graphs pay (``graphs_pay``).

    Raises:
        NetError: if CUDA graphs were chosen where there can't be any.
    """
    given = {name: value for name in ExecutionSettings._fields if (value := chosen.get(name)) is not None}
    if "precision" in given:
        given["precision"] = Precision(given["precision"])
    suited = ExecutionSettings()
    if device.type == "cuda":
        import torch

        fast = torch.cuda.get_device_capability(device) >= BF16_SINCE
        compiles = given.get("compile", True)
        suited = ExecutionSettings(Precision.BF16 if fast else Precision.FLOAT32, True, True, graphs and compiles)
    settings = suited._replace(**given)
    if settings.cuda_graphs and not (settings.compile and device.type == "cuda"):
        missing = "a CUDA device" if device.type != "cuda" else "--compile"
        raise NetError(Diagnostic("N1006", f"--cuda-graphs needs {missing}", help="leave it out"))
    return settings


def graphs_pay(net: Net, batch: int, iter_size: int = 1) -> bool:
    """Whether a step of ``batch`` samples waits for launches, so that CUDA graphs make it faster.

    1. A layer has on average few multiply-adds (``LAUNCHES_SHOW_BELOW``): small nets, and small batches of large ones.
    2. The batch is one pass: gradients of several would be summed in memory that a graph's next run writes over.
    """
    samples = known(next(iter(net.inputs.values()), (1,))[0])
    return iter_size == 1 and net.macs / samples * batch < LAUNCHES_SHOW_BELOW * len(net.nodes)
