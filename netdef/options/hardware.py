"""On what a net runs, and how that is used."""

import argparse

from netdef.options.values import devices
from netdef.runtime.hardware.execution_settings import Precision
from netdef.runtime.requests import HardwareRequest


def device_argument(parser: argparse.ArgumentParser) -> None:
    """Add where the net runs."""
    parser.add_argument("--device", metavar="D", help="cpu, cuda or cuda:1; a GPU if there is one")


def devices_argument(parser: argparse._ActionsContainer, what: str) -> None:
    """Add in how many processes a command works; ``what`` they do."""
    parser.add_argument(
        "--devices", type=devices, metavar="N", help=f"{what} N processes, each with its own GPU if any"
    )


def speed_arguments(parser: argparse.ArgumentParser) -> None:
    """Add how the hardware is used; what isn't given is as suits the device."""
    group = parser.add_argument_group("the hardware", "by default on CUDA bf16, channels last and compiled; else plain")
    group.add_argument("--precision", choices=[*Precision], help="what convolutions and products compute in")
    switch = argparse.BooleanOptionalAction
    group.add_argument("--compile", action=switch, help="torch's compiler; where it fails, it says why and goes on")
    group.add_argument("--channels-last", action=switch, help="keep the channels of a pixel together in memory")
    group.add_argument("--cuda-graphs", action=switch, help="launch a whole pass at once; on if layers are small")


def hardware_request(args: argparse.Namespace) -> HardwareRequest:
    """The hardware that the arguments ask for, as far as the command has such."""
    precision = getattr(args, "precision", None)
    return HardwareRequest(
        device=args.device,
        devices=getattr(args, "devices", None),
        precision=None if precision is None else Precision(precision),
        compile=getattr(args, "compile", None),
        channels_last=getattr(args, "channels_last", None),
        cuda_graphs=getattr(args, "cuda_graphs", None),
    )
