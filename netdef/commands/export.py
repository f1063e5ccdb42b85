"""Write a net as an ONNX model, made from the net itself.

Blobs keep their names, and so do layers and weights (layer/0). Without --weights the numbers are the net's seeded
fillers, which the model's metadata say.
"""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from netdef.compiler.diagnostics import Diagnostic
from netdef.compiler.extras import require
from netdef.compiler.load import load_net
from netdef.compiler.net_error import NetError
from netdef.options.net import net_arguments, net_request
from netdef.runtime.console import Console

if TYPE_CHECKING:
    from netdef.compiler.weights.stored import Weights

HELP = "write the net as an ONNX model"
EXTRAS = ("onnx",)
OPSETS = range(19, 25)
"""Those of ``compiler.onnx.model``, which takes onnx to load."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("file", metavar="FILE", help="a .net or .prototxt file")
    parser.add_argument("--onnx", action="store_true", required=True, help="write ONNX")
    parser.add_argument("-o", "--output", metavar="OUT", help="the model; FILE's name with .onnx if not given")
    parser.add_argument("--verify", action="store_true", help="run it against PyTorch, and certify it beside the model")
    model_arguments(parser, "N")
    net_arguments(parser)


def model_arguments(parser: argparse.ArgumentParser, dynamic: str | None) -> None:
    """Add what verify needs too."""
    otherwise = "; all that the net allows if not given" if dynamic is None else ""
    parser.add_argument("--weights", metavar="W", help="a weights file, or a run's folder for its best ones")
    parser.add_argument(
        "--dynamic",
        type=_letters,
        default=dynamic,
        metavar="N,H,W",
        help=f"the inputs' axes that stay free, or none{otherwise}",
    )
    parser.add_argument("--opset", type=int, choices=OPSETS, default=19, help="version of ONNX's operators")
    parser.add_argument("--seed", type=int, default=0, help="the fillers' seed")


def run(args: argparse.Namespace, console: Console) -> int:
    """Write the model, say what it is, and verify it if asked."""
    if args.verify:
        require("netdef export --verify", "train")
    from netdef.compiler.onnx import save_model

    net = load_net(net_request(args))
    console.show(net.report)
    weights, origin = read(args)
    out = Path(args.output or f"{Path(args.file).stem}.onnx")
    try:
        saved = save_model(net, out, weights, dynamic=args.dynamic, opset=args.opset, seed=args.seed, origin=origin)
    except OSError as error:
        raise NetError(Diagnostic("N006", f"{out} can't be written: {error.strerror}")) from None
    console.show(saved.report)
    for path in saved.files:
        print(f"{path}: {path.stat().st_size / 1e6:,.1f} MB")
    if not args.verify:
        return 0
    from netdef.runtime.verification.verify import verify

    certificate = verify(
        net, weights, dynamic=args.dynamic, opset=args.opset, seed=args.seed, origin=origin, exported=saved.files
    )
    proof = out.with_suffix(".certificate.json")
    proof.write_text(certificate.json(), encoding="utf-8")
    print(certificate.table(), f"{proof}: the certificate", sep="\n")
    return 0 if certificate.agrees else 1


def read(args: argparse.Namespace) -> "tuple[Weights | None, str]":
    """The weights that the arguments ask for, and where they are."""
    if args.weights is None:
        return None, ""
    from netdef.compiler.weights.files import read_weights
    from netdef.compiler.weights.formats.run_folder import best_weights

    path = best_weights(Path(args.weights))
    return read_weights(path), str(path)


def _letters(text: str) -> tuple[str, ...]:
    """``N,H,W`` as letters."""
    letters = () if text == "none" else tuple(text.upper().split(","))
    if not set(letters) <= set("NHW"):
        raise argparse.ArgumentTypeError(f"{text!r} is not some of N,H,W, or none")
    return letters
