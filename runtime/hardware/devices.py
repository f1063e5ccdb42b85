"""Which device computes: by name, or this process's own."""

import os

import torch

from netdef.compiler.diagnostics import Diagnostic
from netdef.compiler.net_error import NetError


def device_of(name: str | None) -> torch.device:
    """A device by name; by default this process's GPU, if there is one."""
    available = torch.cuda.is_available()
    try:
        device = own_device() if name is None else torch.device(name)
    except RuntimeError:
        device = None
    if device is None or device.type not in ("cpu", "cuda") or (device.type == "cuda" and not available):
        help = "leave out --device, or say cpu, cuda or cuda:1"
        raise NetError(Diagnostic("N011", f"this machine has no device {name}", help=help))
    return device


def own_device() -> torch.device:
    """The device of this process among those of its machine: each has its own GPU, or all share the processors."""
    if not torch.cuda.is_available():
        return torch.device("cpu")
    return torch.device("cuda", int(os.environ.get("LOCAL_RANK", "0")))


def num_gpus(device: str | None) -> int:
    """How many GPUs processes may take that are to compute on a device, by name; None is any."""
    return 0 if device == "cpu" else torch.cuda.device_count()
