"""Run a net in PyTorch and in ONNX Runtime and compare every blob, at several batch sizes and image sizes.

Without --weights, the numbers are random ones that let every layer show. Exit status 1 if a blob differs by more than
the tolerance; the first layer that does is named.
"""

import argparse
from pathlib import Path

from netdef.compiler.save import save_text
from netdef.options.model import model_arguments
from netdef.options.net import net_arguments, net_request
from netdef.options.output import format_arguments, output_argument
from netdef.options.values import counts
from netdef.output import STDOUT
from netdef.runtime.console import Console
from netdef.runtime.exit_status import ExitStatus
from netdef.runtime.requests import VerifyRequest

HELP = "PyTorch against ONNX Runtime, blob by blob"
EXTRAS = ("onnx", "train")
EXAMPLES = (
    ("netdef verify vgg16.net", "random weights"),
    ("netdef verify digits.net --weights runs/digits --json -o proof.json", "the certificate"),
    ("netdef verify vgg16.net --weights W --images photos", "on real images, too"),
)


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("file", metavar="FILE", help="a .net or .prototxt file")
    shown = "compare on real images, too: files, folders or patterns; needs --weights"
    parser.add_argument("--images", nargs="+", default=(), metavar="IMAGE", help=shown)
    parser.add_argument("--batches", type=counts, default=(1, 3), metavar="1,3", help="batch sizes")
    parser.add_argument("--tolerance", type=float, default=1e-4, help="the greatest relative error that passes")
    format_arguments(parser, ("table", "json"))
    output_argument(parser, "a file for the certificate; with - it is printed instead of the table")
    model_arguments(parser, None)
    net_arguments(parser)


def run(args: argparse.Namespace, console: Console) -> int:
    """Print the table or the certificate on stdout."""
    from netdef.verification import verified

    request = VerifyRequest(
        net=net_request(args),
        weights=args.weights,
        dynamic=args.dynamic,
        opset=args.opset,
        seed=args.seed,
        images=tuple(args.images),
        batches=args.batches,
        tolerance=args.tolerance,
    )
    certificate = verified(request, console)
    if args.output not in (None, STDOUT):
        save_text(Path(args.output), certificate.json())
    console.print(certificate.json() if args.format == "json" or args.output == STDOUT else certificate.table())
    return ExitStatus.FINE if certificate.agrees else ExitStatus.USER_MISTAKE
