"""Describe images by what a net has learned: a row of numbers for each, for netdef svm or any other tool.

A row is what a blob holds for the image, averaged over its positions. By default the net sees the centre of each
image; --dense shows it the whole image. --scales shows it at several sizes, which are averaged or, with --stack,
put side by side. Each row is brought to length 1.
"""

import argparse
from pathlib import Path

from netdef.compiler.render.line import visible
from netdef.compiler.request import UsageError
from netdef.options.data import data_arguments, data_request
from netdef.options.hardware import device_argument, hardware_request
from netdef.options.net import net_arguments, net_request
from netdef.options.output import output_argument
from netdef.options.values import sides
from netdef.runtime.console import Console
from netdef.runtime.exit_status import ExitStatus
from netdef.runtime.hardware.threads import share_processors
from netdef.runtime.requests import FeaturesRequest

HELP = "descriptors of images, from any blob of a net"
EXTRAS = ("train",)
EXAMPLES = (
    ("netdef features runs/digits --data D -o d.npz", "of a run's own net, with its best weights"),
    ("netdef features vgg16.net --weights W --data flowers -o flowers.safetensors", "a row for each image"),
    ("netdef features vgg16.net --weights W --data D -o d.npz --blob pool5 --dense", "any blob, whole images"),
)


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("file", metavar="FILE", help="the net, or the folder of a run with its net and best weights")
    parser.add_argument("--weights", metavar="W", help="a weights file or a run's folder")
    data = "labelled images, all of them: what netdef train takes, but one part of it"
    parser.add_argument("--data", required=True, metavar="D", help=data)
    output_argument(parser, "the file: .safetensors or .npz", required=True)
    blob = "what describes an image: fc7, or if there is none what the last layer with weights reads"
    parser.add_argument("--blob", metavar="BLOB", help=blob)
    shown = "shorter sides, in pixels: 256,384,512"
    parser.add_argument("--scales", type=sides, default=(), metavar="Q,...", help=shown)
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
    from netdef.runtime.transfer.features import describe_images

    found = describe_images(features_request(args), console)
    num, length = found.values.shape
    shown = f"{num:,} images of {len(found.classes):,} classes, {length:,} numbers each ({found.made['blob']})"
    console.print(f"{visible(args.output)}: {shown}")
    return ExitStatus.FINE


def features_request(args: argparse.Namespace) -> FeaturesRequest:
    """The descriptors that the arguments ask for.

    Raises:
        UsageError: if nothing says which weights.
    """
    if args.weights is None and not Path(args.file).is_dir():
        raise UsageError("which weights? Add --weights W, or name the folder of a run in the place of the net")
    return FeaturesRequest(
        net=net_request(args),
        weights=args.weights or args.file,
        data=data_request(args),
        hardware=hardware_request(args),
        out=args.output,
        blob=args.blob,
        scales=args.scales,
        stack=args.stack,
        flip=args.flip,
        box=args.box,
        several=args.several,
        normalise=not args.no_normalise,
    )
