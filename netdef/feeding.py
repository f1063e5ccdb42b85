"""What feeds a net, as the command line says: options that several commands share, and what they mean."""

import argparse
import os
from typing import TYPE_CHECKING

from netdef.commands.options import index, load_quietly
from netdef.compiler.load import state_of

if TYPE_CHECKING:
    from netdef.compiler.net.net import Net
    from netdef.runtime.data.data_layers import LayerFeed
    from netdef.runtime.data.datasets.dataset import Dataset
    from netdef.runtime.data.datasets.source import InputSpec
    from netdef.runtime.training.run import Run

DATA_HELP = (
    "digits, synthetic, a folder of class folders, shards, a list file, an LMDB, or boxes (Pascal VOC, CSV); "
    "if not given, what the net's data layers name, else the digits"
)


def feeding_arguments(parser: argparse.ArgumentParser, *, scores: bool = True) -> None:
    """Add what says how images come to the net, and where it runs; ``scores``: and which blob scores the classes."""
    what = "an input that takes data or label, where its name doesn't say so"
    parser.add_argument("--input", action="append", default=[], type=_feed, metavar="BLOB=FIELD", help=what)
    if scores:
        told = "the blob with the class scores, where the net doesn't tell"
        parser.add_argument("--scores", metavar="BLOB", help=told)
    shown = "a class whose boxes count, where images show others too"
    parser.add_argument("--object", action="append", default=[], metavar="CLASS", help=shown)
    broken = "what to do with an image that can't be read"
    parser.add_argument("--corrupt", choices=("error", "skip"), help=broken)
    parser.add_argument("--device", metavar="D", help="cpu, cuda or cuda:1; a GPU if there is one")
    parser.add_argument("--workers", type=index, metavar="N", help="processes that read images")


def share_processors() -> None:
    """Let threads that wait sleep, unless the user says otherwise; OpenMP reads this when torch is loaded.

    On a machine with other work, threads that spin instead take the time of those that they wait for: 2 to 8 times
    slower was seen.
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")


def fed_net(args: argparse.Namespace, phase: str, path: str | None = None) -> "tuple[Net, LayerFeed | None]":
    """The net in a phase, and what its own data layer feeds it if no other data are given."""
    from netdef.runtime.data.data_layers import feed_of, open_layers, samples_of

    if args.data is not None:
        return load_quietly(args, phase, path), None
    opened = open_layers(path or args.file, dict(args.set), state_of(phase, args.stage, args.level))
    net = load_quietly(args, phase, path, samples_of(opened))
    return net, feed_of(net, opened) if opened else None


def source_of(args: argparse.Namespace, run: "Run | None") -> str | None:
    """The data that the user names, else those that the run was trained on, if they were named."""
    source: str | None = args.data or (run.manifest["arguments"].get("data") if run else None)
    return source


def judged_on(args: argparse.Namespace, run: "Run | None", wanted: "InputSpec | None" = None) -> "Dataset":
    """The images that a net is judged by: of a run's own data its test part."""
    from netdef.runtime.data.datasets.source import ANY, open_data, open_test

    objects = tuple(args.object) or None
    classes = tuple(run.manifest["classes"]) if run else objects
    asked = run.manifest["arguments"] if run and args.data is None else {}
    if "data" in asked or "test_data" in asked:
        counted = objects or tuple(asked.get("object", ())) or None
        return open_data(asked.get("data", "digits"), asked.get("test_data"), wanted or ANY, counted).test
    return open_test(args.data or "digits", classes, wanted or ANY, objects)


def _feed(text: str) -> tuple[str, str]:
    blob, equals, field = text.rpartition("=")
    if not equals:
        raise argparse.ArgumentTypeError(f"{text!r} is not BLOB=FIELD")
    return blob, field
