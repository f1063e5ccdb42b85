"""Which net, and in what state: the options of every command that reads one."""

import argparse

from netdef.compiler.request import NetRequest
from netdef.options.values import binding, data_size, level, opaque, size, size_range


def net_arguments(parser: argparse.ArgumentParser, *, phase: bool = True, size_ranges: bool = False) -> None:
    """Add what chooses and sizes a net; with ``size_ranges``, each axis of a size is a range, which may have one."""
    group = parser.add_argument_group("the net")
    if phase:
        group.add_argument("--phase", choices=("TRAIN", "TEST"), default="TEST", help="what the net is run for")
    group.add_argument("--stage", action="append", default=[], metavar="S", help="a stage that rules ask for")
    group.add_argument("--level", type=level, default=0, metavar="N", help="the level that rules ask for")
    set_argument(group)
    group.add_argument(
        "--size",
        action="append",
        default=[],
        type=size_range if size_ranges else size,
        metavar="BLOB=1x3x193..256x224" if size_ranges else "BLOB=1x3x384x500",
        help="an input's shape, or a range of them: which work, and why others don't"
        if size_ranges
        else "an input's shape",
    )
    group.add_argument(
        "--data-size",
        action="append",
        default=[],
        type=data_size,
        metavar="[LAYER[.TOP]=]CxHxW",
        help="shape of a sample of a data layer whose data set is absent (an image of 3x256x256 if not given)",
    )
    group.add_argument(
        "--opaque",
        action="append",
        default=[],
        type=opaque,
        metavar="TYPE=NxCxHxW",
        help="a layer type that only its author can run, by the shape of its top: numbers, and names for sizes that"
        " only a run can tell; once for each top",
    )
    group.add_argument(
        "--origin",
        metavar="FORK",
        help="the fork of Caffe whose layer types are meant where a name means several things: segnet, say; netdef"
        " layers has their names",
    )
    group.add_argument("--dense", action="store_true", help="turn InnerProduct layers into convolutions")
    load_argument(group)


def load_argument(group: argparse._ActionsContainer) -> None:
    """Add what brings layer types of the user's own; ``cli`` loads them before any command runs."""
    group.add_argument(
        "--load",
        action="append",
        default=[],
        metavar="my_layer.py",
        help="a Python file with layer types of your own (help(netdef.layer_types) says how)",
    )


def set_argument(group: argparse._ActionsContainer) -> None:
    """Add what overrides variables."""
    group.add_argument(
        "--set", action="append", default=[], type=binding, metavar="NAME=VALUE", help="override a let of the file"
    )


def net_request(args: argparse.Namespace, file: str | None = None) -> NetRequest:
    """The net that the arguments ask for; ``file`` where they name several, or none yet."""
    return NetRequest(
        file=args.file if file is None else file,
        phase=getattr(args, "phase", None) or "TEST",
        stages=tuple(args.stage),
        level=args.level,
        set=dict(args.set),
        sizes=dict(args.size),
        data_size=dict(args.data_size),
        dense=args.dense,
        opaque={kind: tuple(shape for of, shape in args.opaque if of == kind) for kind, _ in args.opaque},
        layer_files=tuple(args.load),
        origin=args.origin or "",
    )
