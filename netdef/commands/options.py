"""The options of every command that reads a net."""

import argparse
import json
from collections.abc import Mapping

from netdef.cli import show
from netdef.compiler.load import load
from netdef.compiler.net.net import Net
from netdef.compiler.shape import Shape, Shapes
from netdef.compiler.syntax.tree import Value


def net_arguments(parser: argparse.ArgumentParser, *, phase: bool = True) -> None:
    """Add what chooses and sizes a net."""
    group = parser.add_argument_group("the net")
    if phase:
        group.add_argument("--phase", choices=("TRAIN", "TEST"), default="TEST", help="what the net is run for")
    group.add_argument("--stage", action="append", default=[], metavar="S", help="a stage that rules ask for")
    group.add_argument("--level", type=int, default=0, metavar="N", help="the level that rules ask for")
    set_argument(group)
    group.add_argument(
        "--size", action="append", default=[], type=_size, metavar="BLOB=1x3x384x500", help="an input's shape"
    )
    group.add_argument(
        "--data-size",
        action="append",
        default=[],
        type=_data_size,
        metavar="[LAYER=]CxHxW",
        help="size of a data layer's images where the data set is absent (3x256x256 if not given)",
    )
    group.add_argument("--dense", action="store_true", help="turn InnerProduct layers into convolutions")


def set_argument(group: argparse._ActionsContainer) -> None:
    """Add what overrides variables."""
    group.add_argument(
        "--set", action="append", default=[], type=_binding, metavar="NAME=VALUE", help="override a let of the file"
    )


def load_net(
    args: argparse.Namespace,
    phase: str | None = None,
    path: str | None = None,
) -> Net:
    """The net that the arguments ask for; its warnings go to stderr."""
    net = load_quietly(args, phase, path)
    show(net.report)
    return net


def load_quietly(
    args: argparse.Namespace,
    phase: str | None = None,
    path: str | None = None,
    samples: Mapping[str, Shapes] | None = None,
) -> Net:
    """The net that the arguments ask for; its warnings stay in its report. ``samples`` as in ``load``."""
    return load(
        path or args.file,
        phase=phase or args.phase,
        stages=args.stage,
        level=args.level,
        set=dict(args.set),
        sizes=dict(args.size),
        data_size=dict(args.data_size),
        samples=samples,
        dense=args.dense,
    )


def _binding(text: str) -> tuple[str, Value]:
    name, equals, value = text.partition("=")
    if not equals or not name.isidentifier():
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=VALUE")
    try:
        return name, _value(json.loads(value))
    except (ValueError, TypeError):
        return name, value


def _value(found: object) -> Value:
    """A JSON value as one of the language's; the rest of JSON has no meaning there."""
    if isinstance(found, list):
        return tuple(_value(item) for item in found)
    if isinstance(found, bool | int | float | str):
        return found
    raise TypeError


def _size(text: str) -> tuple[str, Shape]:
    blob, equals, shape = text.rpartition("=")
    if not equals:
        raise argparse.ArgumentTypeError(f"{text!r} is not BLOB=1x3x384x500")
    return blob, shape_of(shape)


def _data_size(text: str) -> tuple[str, Shape]:
    layer, _, shape = text.rpartition("=")
    sizes = shape_of(shape)
    if len(sizes) != 3:
        raise argparse.ArgumentTypeError(f"{shape!r} is not CxHxW")
    return layer, sizes


def shape_of(text: str) -> Shape:
    """``1x3x224x224`` as a shape."""
    try:
        sizes = tuple(int(size) for size in text.lower().split("x"))
    except ValueError:
        sizes = ()
    if not sizes or min(sizes) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a shape like 1x3x224x224")
    return sizes


def count(text: str) -> int:
    """A whole number from 1."""
    return index(text, least=1)


def index(text: str, least: int = 0) -> int:
    """A whole number from 0."""
    if not text.isdecimal() or int(text) < least:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number from {least}")
    return int(text)


def speed_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what says how the hardware is used; what isn't given is as the device likes (``settings_for``)."""
    from netdef.runtime.hardware.execution_settings import Precision  # free of torch, but only some commands need it

    group = parser.add_argument_group("the hardware", "by default on CUDA bf16, channels last and compiled; else plain")
    group.add_argument("--precision", choices=[*Precision], help="what convolutions and products compute in")
    switch = argparse.BooleanOptionalAction
    group.add_argument("--compile", action=switch, help="torch's compiler; where it fails, it says why and goes on")
    group.add_argument("--channels-last", action=switch, help="keep the channels of a pixel together in memory")
    group.add_argument("--cuda-graphs", action=switch, help="launch a whole pass at once; on if layers are small")
