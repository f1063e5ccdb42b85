"""Count how often nets are wrong on labelled pictures.

Every FILE takes the weights in its turn. A run's folder stands for its best weights, and knows its classes and how
pictures become its net's input if the net itself does not say it.
"""

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from netdef.cli import show
from netdef.commands.options import net_arguments
from netdef.commands.train import DATA_HELP, fed_net, feeding_arguments, share_processors
from netdef.compiler.diagnostics import Diagnostic, NetError, Report
from netdef.compiler.messages import Preprocess

if TYPE_CHECKING:
    from netdef.compiler.net import Net
    from netdef.runtime.data.binding import Feed
    from netdef.runtime.evaluation import Errors
    from netdef.runtime.training.run import Run

HELP = "top-1 and top-5 errors on labelled pictures"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("file", nargs="+", metavar="FILE", help="a net")
    parser.add_argument("--weights", nargs="+", required=True, metavar="W", help="a weights file or a run's folder")
    parser.add_argument("--data", metavar="D", help=DATA_HELP)
    parser.add_argument("--json", action="store_true", help="print JSON")
    feeding_arguments(parser)
    net_arguments(parser, phase=False)


def run(args: argparse.Namespace) -> int:
    """Print the errors on stdout."""
    share_processors()
    if len(args.weights) != len(args.file):
        counts = f"{len(args.file)} nets and {len(args.weights)} weights"
        print(f"netdef evaluate: give each net its weights; there are {counts}", file=sys.stderr)
        return 2
    results = []
    for file, weights in zip(args.file, args.weights, strict=True):
        errors = errors_of(args, file, Path(weights))
        results.append(_as_data(args, file, weights, errors))
        if not args.json:
            print(f"{file}: {errors.text} ({errors.num:,} pictures)")
    if args.json:
        print(json.dumps({"results": results}, indent=2))
    return 0


def errors_of(args: argparse.Namespace, file: str, weights: Path) -> "Errors":
    """The errors of one net with its weights."""
    from netdef.compiler.weights import read_weights
    from netdef.runtime import lower
    from netdef.runtime.data.batches import TestBatches, stream, workers_for
    from netdef.runtime.data.binding import Binding, check_classes
    from netdef.runtime.data.skipping import Skipped
    from netdef.runtime.data.source import open_test, wanted_by
    from netdef.runtime.evaluation import PAGE, evaluate
    from netdef.runtime.training.prepare import device_of
    from netdef.runtime.training.run import best_weights, run_of

    net, own = fed_net(args, "TEST", file)
    show(net.report)
    run = run_of(weights)
    classes = tuple(run.manifest["classes"]) if run else None
    data = own.data if own else open_test(args.data or "digits", classes, wanted_by(net, net))
    scores = net.chosen_scores(args.scores)
    check_classes(net.blobs[scores], data)
    module = lower(net, read_weights(best_weights(weights))).to(device_of(args.device))
    if module.matched.missing:
        message = f"{weights} has no weights for {', '.join(module.matched.missing)}"
        raise NetError(Diagnostic("N737", message, help="weights go by the layer's name; netdef train makes them"))
    feed = own.feed if own else fed_from_outside(net, run, dict(args.input))
    pages = TestBatches(data, feed.view, PAGE, skip=args.corrupt == "skip")
    num_workers = workers_for(data) if args.workers is None else args.workers
    skipped = Skipped(data, lambda mistake: show(Report([mistake])))
    coming = skipped.told(stream(pages, range(len(pages)), num_workers))
    errors = evaluate(module, scores, Binding(feed.blobs, feed.normalise), coming)
    if skipped.numbers:
        count = f"{len(skipped.numbers):,} pictures could not be read, and were skipped"
        print(f"netdef evaluate: {count}", file=sys.stderr)
    return errors


def fed_from_outside(net: "Net", run: "Run | None", inputs: dict[str, str]) -> "Feed":
    """How pictures reach the net: as it says itself, or else as they did in training."""
    from netdef.runtime.data.binding import Feed, bind, view_of
    from netdef.runtime.data.transform import Normalise, stated

    blobs = bind(net, inputs)
    normalise = stated(net.preprocess or Preprocess())
    if net.preprocess is None and run is not None:
        trained = run.manifest["preprocess"]
        if "channels" not in trained:
            message = "the net was trained from its data layers, which say how a picture becomes its input"
            cure = "leave out --data, or say it in the net: preprocess { ... }"
            raise NetError(Diagnostic("N774", message, help=cure))
        normalise = Normalise.from_data(trained)
    return Feed(view_of(net, blobs["data"]), blobs, normalise, shuffled=False)


def _as_data(args: argparse.Namespace, file: str, weights: str, errors: "Errors") -> dict[str, Any]:
    return {
        "net": file,
        "weights": weights,
        "data": args.data,
        "num": errors.num,
        "top1_error": errors.top1_error,
        "top5_error": errors.top5_error,
    }
