"""Describe images by what a net has learned: a row of numbers for each, for netdef svm or any other tool.

A row is what a blob holds for the image, averaged over its positions. By default the net sees the centre of each
image; --dense shows it the whole image. --scales shows it at several sizes, which are averaged or, with --stack,
put side by side. Each row is brought to length 1.
"""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from netdef.commands.evaluate import scales
from netdef.compiler.diagnostics import Diagnostic
from netdef.compiler.load import load_net
from netdef.compiler.net_error import NetError
from netdef.options.data import data_arguments
from netdef.options.hardware import device_argument
from netdef.options.net import net_arguments, net_request
from netdef.runtime.console import Console
from netdef.runtime.hardware.threads import share_processors

if TYPE_CHECKING:
    from netdef.runtime.data.datasets.dataset import Dataset
    from netdef.runtime.evaluation.scoring import ScoringTask

HELP = "descriptors of images, from any blob of a net"
EXTRAS = ("train",)


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("file", metavar="FILE", help="the net")
    parser.add_argument("--weights", required=True, metavar="W", help="a weights file or a run's folder")
    data = "labelled images, all of them: what netdef train takes, but one part of it"
    parser.add_argument("--data", required=True, metavar="D", help=data)
    parser.add_argument("-o", dest="out", required=True, metavar="OUT", help="the file: .safetensors or .npz")
    blob = "what describes an image: fc7, or if there is none what the last layer with weights reads"
    parser.add_argument("--blob", metavar="BLOB", help=blob)
    sides = "shorter sides, in pixels: 256,384,512"
    parser.add_argument("--scales", type=scales, default=(), metavar="Q,...", help=sides)
    parser.add_argument("--stack", action="store_true", help="put the scales side by side; they are averaged if not")
    parser.add_argument("--flip", action="store_true", help="show the image mirrored, too")
    parser.add_argument("--box", action="store_true", help="describe the object's box, too, beside the image")
    several = "images may show several classes: take all objects that VOC's XML or a CSV marks as labels"
    parser.add_argument("--several", action="store_true", help=several)
    parser.add_argument("--no-normalise", action="store_true", help="leave rows as long as they are")
    data_arguments(parser, scores=False)
    device_argument(parser)
    net_arguments(parser, phase=False)


def run(args: argparse.Namespace, console: Console) -> int:
    """Write the file, and say what is in it."""
    share_processors()
    from netdef.runtime.data.datasets.dataset import warnings_of
    from netdef.runtime.transfer.describing import How, describe
    from netdef.runtime.transfer.descriptors import DESCRIPTORS

    DESCRIPTORS.check_place(Path(args.out))
    left_out: list[Diagnostic] = []

    def tell(mistake: Diagnostic) -> None:
        left_out.append(mistake)
        console.show([mistake])

    task = task_of(args, console)
    console.show(warnings_of(task.data))
    how = How(args.stack, not args.no_normalise, args.box)
    found = describe(task, how, tell, lambda line: print(f"{args.file}: {line}", file=sys.stderr, flush=True))
    found = found._replace(made={"net": args.file, "weights": args.weights, "data": args.data, **found.made})
    DESCRIPTORS.write(Path(args.out), found)
    if left_out:
        print(f"netdef features: images left out: {len(left_out):,}", file=sys.stderr)
    num, length = found.values.shape
    print(
        f"{args.out}: {num:,} images of {len(found.classes):,} classes, {length:,} numbers each ({task.trained.blob})"
    )
    return 0


def task_of(args: argparse.Namespace, console: Console) -> "ScoringTask":
    """What is to be described, and how."""
    from netdef.runtime.data.batches import workers_for
    from netdef.runtime.evaluation.protocol import Protocol
    from netdef.runtime.evaluation.scoring import ScoringTask
    from netdef.runtime.trained import open_trained
    from netdef.runtime.transfer.describing import blob_of

    net = load_net(net_request(args))
    blob = blob_of(net, args.blob)
    data = whole(args)
    opened = open_trained(net, args.weights, blob, device=args.device, inputs=dict(args.input), bf16_on_gpu=True)
    console.show(opened.warnings)
    resize = net.preprocess.resize if net.preprocess else None
    return ScoringTask(
        opened,
        data,
        protocol=Protocol(args.dense, scales=args.scales or ((resize,) if resize else ()), flip=args.flip),
        skip=args.corrupt == "skip",
        num_workers=workers_for(data) if args.workers is None else args.workers,
    )


def whole(args: argparse.Namespace) -> "Dataset":
    """All of the data; raises where they have parts, of which nobody has chosen one."""
    from netdef.runtime.data.datasets.source import open_whole, parts_of
    from netdef.runtime.transfer.several import Several

    if len(parts := list(parts_of(args.data).values())) > 1:
        message = f"{args.data} has several parts, and descriptors are made of one at a time"
        raise NetError(Diagnostic("N831", message, help=f"say {' or '.join(f'--data {part}' for part in parts)}"))
    objects = tuple(args.object) or None
    return Several(Path(args.data), objects) if args.several else open_whole(args.data, objects)
