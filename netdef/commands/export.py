"""Write a net as an ONNX model, made from the net itself.

Blobs keep their names, and so do layers and weights (layer/0). Without --weights the numbers are the net's seeded
fillers, and random where it has none, which the model's metadata say.
"""

import argparse

from netdef.compiler.extras import require
from netdef.options.model import model_arguments
from netdef.options.net import net_arguments, net_request
from netdef.options.output import output_argument
from netdef.runtime.console import Console
from netdef.runtime.exit_status import ExitStatus
from netdef.runtime.requests import ExportRequest

HELP = "write the net as an ONNX model"
EXTRAS = ("onnx",)
EXAMPLES = (
    ("netdef export vgg16.net --weights vgg16.caffemodel", "vgg16.onnx"),
    ("netdef export digits.net --weights runs/digits -o digits.onnx --verify", "and a certificate"),
    ("netdef export fcn.prototxt --dynamic N,H,W", "images of any size"),
)


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("file", metavar="FILE", help="a .net or .prototxt file")
    parser.add_argument("--onnx", action="store_true", help="write ONNX, which is what is written anyway")
    output_argument(parser, "the model, - for the standard output; FILE's name with .onnx if not given")
    parser.add_argument("--verify", action="store_true", help="run it against PyTorch, and certify it beside the model")
    model_arguments(parser, "N")
    net_arguments(parser)


def run(args: argparse.Namespace, console: Console) -> int:
    """Write the model, say what it is, and verify it if asked."""
    if args.verify:
        require("netdef export --verify", "train")
    from netdef.exporting import exported

    request = ExportRequest(
        net=net_request(args),
        weights=args.weights,
        out=args.output,
        dynamic=args.dynamic,
        opset=args.opset,
        seed=args.seed,
        verify=args.verify,
    )
    certificate = exported(request, console).certificate
    return ExitStatus.FINE if certificate is None or certificate.agrees else ExitStatus.USER_MISTAKE
