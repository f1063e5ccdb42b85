"""Which data, and how they meet a net."""

import argparse

from netdef.options.values import field_of, processes
from netdef.runtime.requests import DataRequest

DATA_HELP = (
    "digits, synthetic, a folder of class folders, shards, a list file, an LMDB, or boxes (Pascal VOC, CSV); "
    "if not given, what the net's data layers name, else the digits"
)


def data_arguments(parser: argparse.ArgumentParser, *, scores: bool = True) -> None:
    """Add what says how images come to the net; ``scores``: and which blob scores the classes."""
    what = "an input that takes data or label, where its name doesn't say so"
    parser.add_argument("--input", action="append", default=[], type=field_of, metavar="BLOB=FIELD", help=what)
    if scores:
        told = "the blob with the class scores, where the net doesn't tell"
        parser.add_argument("--scores", metavar="BLOB", help=told)
    shown = "a class whose boxes count, where images show others too"
    parser.add_argument("--object", action="append", default=[], metavar="CLASS", help=shown)
    corrupt_argument(parser)
    parser.add_argument("--workers", type=processes, metavar="N", help="processes that read images")


def corrupt_argument(parser: argparse.ArgumentParser, default: str | None = None) -> None:
    """Add what is done with broken images."""
    broken = "what to do with an image that can't be read"
    parser.add_argument("--corrupt", choices=("error", "skip"), default=default, help=broken)


def data_request(args: argparse.Namespace) -> DataRequest:
    """The data that the arguments ask for."""
    return DataRequest(
        data=args.data,
        test_data=getattr(args, "test_data", None),
        inputs=dict(args.input),
        scores=getattr(args, "scores", None),
        objects=tuple(args.object),
        corrupt=args.corrupt,
        workers=args.workers,
    )
