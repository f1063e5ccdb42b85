"""How a net becomes an ONNX model: options of export and verify."""

import argparse

from netdef.compiler.model_options import OPSET, OPSETS
from netdef.options.values import letters, seed


def model_arguments(parser: argparse.ArgumentParser, dynamic: str | None) -> None:
    """Add the numbers, the free axes (by default ``dynamic``) and the version of a model."""
    otherwise = "; all that the net allows if not given" if dynamic is None else ""
    parser.add_argument("--weights", metavar="W", help="a weights file, or a run's folder for its best ones")
    parser.add_argument(
        "--dynamic",
        type=letters,
        default=dynamic,
        metavar="N,H,W",
        help=f"the inputs' axes that stay free, or none{otherwise}",
    )
    parser.add_argument("--opset", type=int, choices=OPSETS, default=OPSET, help="version of ONNX's operators")
    parser.add_argument("--seed", type=seed, default=0, metavar="N", help="the fillers' seed")
