"""Devices by name."""

import torch

from netdef.compiler.diagnostics import Diagnostic
from netdef.compiler.net_error import NetError
from netdef.runtime.hardware.process_group import own_device


def device_of(name: str | None) -> torch.device:
    """A device by name; by default this process's GPU, if there is one."""
    available = torch.cuda.is_available()
    try:
        device = own_device() if name is None else torch.device(name)
    except RuntimeError:
        device = None
    if device is None or device.type not in ("cpu", "cuda") or (device.type == "cuda" and not available):
        cure = "leave out --device, or say cpu, cuda or cuda:1"
        raise NetError(Diagnostic("N718", f"this machine has no device {name}", help=cure))
    return device
