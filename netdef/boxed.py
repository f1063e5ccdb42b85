"""How often nets that say where are wrong, as the command line asks for it."""

import argparse
import json
import sys
from operator import itemgetter
from typing import TYPE_CHECKING

from netdef.compiler.diagnostics import Diagnostic
from netdef.compiler.load import load_net
from netdef.compiler.net_error import NetError
from netdef.options.net import net_request
from netdef.runtime.console import open_console

if TYPE_CHECKING:
    from netdef.runtime.data.datasets.dataset import Dataset
    from netdef.runtime.hardware.process_group import ProcessGroup
    from netdef.runtime.localisation.evaluation import BoxErrors
    from netdef.runtime.trained import TrainedNet


def asks_for_boxes(args: argparse.Namespace, file: str) -> bool:
    """Whether a net learns to say where; one that can't be trained doesn't."""
    from netdef.runtime.data.box_fields import BOX_FIELDS

    try:
        return not set(BOX_FIELDS).isdisjoint(
            load_net(net_request(args, file).replace(phase="TRAIN", dense=False)).inputs
        )
    except NetError:
        return False


def print_boxes(args: argparse.Namespace, group: "ProcessGroup") -> int:
    """Print the errors of nets that say where: each by itself, or with --dense those of all nets together."""
    from netdef.commands.predict import predictor
    from netdef.feeding import judged_on, source_of
    from netdef.runtime.data.datasets.dataset import warnings_of
    from netdef.runtime.hardware.process_group import agree_on_errors
    from netdef.runtime.localisation.agreement import check_data, check_together

    if unused := _unused(args):
        return _refused(f"wrong boxes are counted without {unused[0]}", group)
    with agree_on_errors(group):
        nets = [
            predictor(args, file, weights, where=None) for file, weights in zip(args.file, args.weights, strict=True)
        ]
        runs = [(net.num_classes is None, run) for net in nets if (run := net.origin.run)]
        trained = min(runs, key=itemgetter(0))[1] if runs else None
        data = judged_on(args, trained)
        if group.is_rank_0:
            open_console().show(warnings_of(data))
        check_data(nets, data)
        check_together(nets)
    where = [net for net in nets if net.gives_boxes]
    what = [net for net in nets if not net.gives_boxes]
    if not where or (args.dense and not what and len(data.classes) > 1):
        missing = "says what, for the classes" if where else "says where, such as vgg16_scr.net"
        return _refused(f"--boxes needs a net that {missing}", group)
    if what and not args.dense:
        return _refused(f"{what[0].path} says what, and is of use only with --dense", group)
    errors = _errors(args, where, what, data, group)
    if not group.is_rank_0:
        return 0
    if args.json:
        found = [
            {"net": name, "data": source_of(args, trained), "num": each.num} | each.as_data for name, each in errors
        ]
        print(json.dumps({"results": found}, indent=2))
    else:
        print(*(f"{name}: {each.text} ({each.num:,} images)" for name, each in errors), sep="\n")
    return 0


def _unused(args: argparse.Namespace) -> list[str]:
    """The options that were given and mean nothing here."""
    given = {
        "--crops": args.crops,
        "--flip": args.flip,
        "--pool prob": args.pool == "prob",
        "--posteriors": args.posteriors,
        "--save-posteriors": args.save_posteriors,
        "--report": args.report,
        "--input": args.input,
        "--scales, which need --dense": args.scales and not args.dense,
    }
    return [option for option, value in given.items() if value]


def _refused(message: str, group: "ProcessGroup") -> int:
    if group.is_rank_0:
        print(f"netdef evaluate: {message}", file=sys.stderr)
    return 2


def _errors(
    args: argparse.Namespace,
    where: list["TrainedNet"],
    what: list["TrainedNet"],
    data: "Dataset",
    group: "ProcessGroup",
) -> list[tuple[str, "BoxErrors"]]:
    """The nets' files, and their errors over all processes."""
    from netdef.runtime.data.batches import TestBatches, stream
    from netdef.runtime.data.skipping import Skipped
    from netdef.runtime.evaluation import PAGE
    from netdef.runtime.localisation.dense import evaluate_dense
    from netdef.runtime.localisation.evaluation import evaluate_boxes

    def tell(mistake: Diagnostic) -> None:
        open_console().show([mistake])

    skip = args.corrupt == "skip"
    if args.dense:
        told = tell if skip else None
        return [(", ".join(args.file), evaluate_dense(data, where, what, args.scales, group=group, tell=told))]
    errors = []
    for net in where:
        pages = TestBatches(data, net.feed.view, PAGE, skip=skip)
        coming = Skipped(data, tell).told(stream(pages, group.slice_of(len(pages)), args.workers or 0))
        errors.append((net.path, evaluate_boxes(net.module, net.blob, net.feed, coming).over(group)))
    return errors
