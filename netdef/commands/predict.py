"""Say what images show, and where.

The likeliest classes of each image come first. Of a net that scores each pixel the classes with the largest shares of
the net's window are told, and with -o each image gets a label map, a PNG whose numbers are the labels.

With --boxes FILE is a net that gives boxes (vgg16_scr.net), and a copy of each image gets its box; --class-net names
the class, and chooses the box of a net with one for each class.
"""

import argparse
import json

from netdef.options.hardware import device_argument, hardware_request
from netdef.options.net import net_arguments, net_request
from netdef.options.output import format_arguments, output_argument
from netdef.options.values import count
from netdef.prediction import predicted
from netdef.runtime.console import Console
from netdef.runtime.exit_status import ExitStatus
from netdef.runtime.requests import PredictRequest

HELP = "what images show: the likeliest classes, with names, and boxes"
EXTRAS = ("train",)
EXAMPLES = (
    ("netdef predict vgg16.net cat.jpg --weights vgg16.caffemodel", "the five likeliest classes"),
    ("netdef predict digits.net images --weights runs/digits --json", "all images of a folder, for tools"),
)


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("file", metavar="FILE", help="the net, or a run's folder, which needs no --weights")
    parser.add_argument("image", nargs="+", metavar="IMAGE", help="an image, a folder of them, or a pattern")
    parser.add_argument("--weights", metavar="W", help="a weights file or a run's folder")
    names = "the classes' names, one a line; the run's if not given"
    parser.add_argument("--classes", "--labels", metavar="FILE", help=names)
    parser.add_argument("--top", type=count, default=5, metavar="K", help="classes to name")
    format_arguments(parser, ("text", "json"))
    parser.add_argument("--boxes", action="store_true", help="FILE gives boxes: draw them on copies of the images")
    output_argument(parser, "where the copies go (to boxes, if not given), or label maps", metavar="FOLDER")
    parser.add_argument("--class-net", metavar="FILE", help="with --boxes: a net that scores classes")
    parser.add_argument("--class-weights", metavar="W", help="its weights")
    parser.add_argument("--scores", metavar="BLOB", help="the blob with the class scores, where the net doesn't tell")
    device_argument(parser)
    net_arguments(parser, phase=False)


def run(args: argparse.Namespace, console: Console) -> int:
    """Print what is found on each image; the status is 1 if some could not be read."""
    found = predicted(predict_request(args), console.without(results=args.format != "json"))
    if args.format == "json":
        console.print(json.dumps(found.as_data, indent=2))
    console.show(found.mistakes)
    return ExitStatus.USER_MISTAKE if len(found.mistakes) else ExitStatus.FINE


def predict_request(args: argparse.Namespace) -> PredictRequest:
    """The predictions that the arguments ask for."""
    return PredictRequest(
        net=net_request(args),
        weights=args.weights,
        images=tuple(args.image),
        classes=args.classes,
        top=args.top,
        boxes=args.boxes,
        out=args.output or ("boxes" if args.boxes else None),
        class_net=args.class_net,
        class_weights=args.class_weights,
        scores=args.scores,
        hardware=hardware_request(args),
    )
