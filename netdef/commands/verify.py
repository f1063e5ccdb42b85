"""Run a net in PyTorch and in ONNX Runtime and compare every blob, at several batch sizes and image sizes.

Without --weights, the numbers are random ones that let every layer show. Exit status 1 if a blob differs by more than
the tolerance; the first layer that does is named.
"""

import argparse
from pathlib import Path

from netdef.commands.export import model_arguments, read
from netdef.compiler.load import load_net
from netdef.options.net import net_arguments, net_request
from netdef.runtime.console import Console

HELP = "PyTorch against ONNX Runtime, blob by blob"
EXTRAS = ("onnx", "train")


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("file", metavar="FILE", help="a .net or .prototxt file")
    parser.add_argument("--batches", type=_counts, default=(1, 3), metavar="1,3", help="batch sizes")
    parser.add_argument("--tolerance", type=float, default=1e-4, help="the greatest relative error that passes")
    parser.add_argument("--json", action="store_true", help="print the certificate instead of the table")
    parser.add_argument("-o", "--output", metavar="OUT", help="write the certificate to a file")
    model_arguments(parser, None)
    net_arguments(parser)


def run(args: argparse.Namespace, console: Console) -> int:
    """Print the table or the certificate on stdout."""
    net = load_net(net_request(args))
    console.show(net.report)
    weights, origin = read(args)
    from netdef.compiler.weights.complete import complete
    from netdef.runtime.verification.random_weights import trial_weights
    from netdef.runtime.verification.verify import verify

    if weights is None:
        weights, origin = trial_weights(net, args.seed), f"random numbers for a trial, seed {args.seed}"
    console.show(complete(net, weights, args.seed).report)
    certificate = verify(
        net,
        weights,
        dynamic=args.dynamic,
        batches=args.batches,
        opset=args.opset,
        seed=args.seed,
        tolerance=args.tolerance,
        origin=origin,
    )
    if args.output:
        Path(args.output).write_text(certificate.json(), encoding="utf-8")
    print(certificate.json() if args.json else certificate.table())
    return 0 if certificate.agrees else 1


def _counts(text: str) -> tuple[int, ...]:
    """``1,3`` as numbers."""
    try:
        counts = tuple(int(count) for count in text.split(","))
    except ValueError:
        counts = ()
    if not counts or min(counts) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not numbers like 1,3")
    return counts
