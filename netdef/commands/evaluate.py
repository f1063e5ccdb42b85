"""Count how often nets are wrong on labelled images.

Every FILE takes the weights in its turn. A run's folder stands for its best weights, and knows its classes, the
images that it was tested on, and how they become its net's input if the net itself does not say it. Several nets, and
posteriors that were saved, are also fused: their posteriors are averaged.

By default a net sees the centre of each image. --dense shows it the whole image and averages the map of scores;
--crops shows it windows; both are averaged. Scores are what the net's one Softmax reads, and are given a soft-max where
there is none.

Of nets that learn from boxes wrong boxes are counted. By default each net sees the centre of an image, and of a box
for each class the true class's is taken. With --dense all nets see whole images together: boxes of all positions are
merged, scored by those of the nets that say what, and five guesses count.
"""

import argparse
import json
import sys
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from netdef.compiler.diagnostics import Diagnostic
from netdef.feeding import judged_on, source_of
from netdef.options.data import DATA_HELP, data_arguments
from netdef.options.hardware import device_argument, devices_argument
from netdef.options.net import net_arguments, net_request
from netdef.options.values import count
from netdef.runtime.console import Console, open_console
from netdef.runtime.hardware.threads import share_processors

if TYPE_CHECKING:
    from netdef.runtime.evaluation.posteriors import Posteriors
    from netdef.runtime.evaluation.report import Result
    from netdef.runtime.evaluation.scoring import ScoringTask
    from netdef.runtime.hardware.process_group import ProcessGroup
    from netdef.runtime.trained_run import TrainedRun

HELP = "top-1 and top-5 errors on labelled images"
EXTRAS = ("train",)


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("file", nargs="*", metavar="FILE", help="a net")
    parser.add_argument("--weights", nargs="+", default=[], metavar="W", help="a weights file or a run's folder")
    parser.add_argument("--data", metavar="D", help=f"{DATA_HELP}; of a run what it was tested on")
    parser.add_argument("--json", action="store_true", help="print JSON")
    data_arguments(parser)
    device_argument(parser)
    devices_argument(parser, "share the images among")
    how = parser.add_argument_group("what a net is shown of an image (see --dense, too)")
    how.add_argument("--scales", type=scales, default=(), metavar="Q,...", help="shorter sides, in pixels: 256,384,512")
    how.add_argument("--crops", type=int, choices=(1, 10, 50), default=0, help="windows of an image at one scale")
    how.add_argument("--flip", action="store_true", help="show the image mirrored, too; 10 and 50 crops are anyway")
    pool = "average a map before (logits) or after (prob) the soft-max"
    how.add_argument("--pool", choices=("logits", "prob"), default="logits", help=pool)
    how.add_argument("--boxes", action="store_true", help="count wrong boxes, as for a net that learns from boxes")
    results = parser.add_argument_group("results")
    results.add_argument("--posteriors", nargs="+", default=[], metavar="P", help="saved posteriors, to be fused")
    kept = "a file for them, .npz or .safetensors; where several are fused, for the fusion's alone"
    results.add_argument("--save-posteriors", metavar="P", help=kept)
    layout = "print tables like the paper's, its figures beside them"
    results.add_argument("--report", nargs="?", const="text", choices=("text", "markdown"), help=layout)
    net_arguments(parser, phase=False)


def run(args: argparse.Namespace, console: Console) -> int:
    """Print the errors on stdout."""
    share_processors()
    if len(args.weights) != len(args.file) or not (args.file or args.posteriors):
        counts = f"{len(args.file)} nets and {len(args.weights)} weights"
        print(f"netdef evaluate: give each net its weights; there are {counts}", file=sys.stderr)
        return 2
    from netdef.runtime.hardware.process_group import launch, process_group, was_launched

    if (args.devices or 1) > 1 and not was_launched():
        return launch(args.devices, args.words, restarts=0, device=args.device)
    with process_group(args.device) as group:
        return evaluated(args, group)


def evaluated(args: argparse.Namespace, group: "ProcessGroup") -> int:
    """Print the errors from the shares of all processes of a group; rank 0 speaks."""
    from netdef.boxed import asks_for_boxes, print_boxes
    from netdef.runtime.evaluation.posteriors import fused
    from netdef.runtime.evaluation.posteriors_file import POSTERIORS
    from netdef.runtime.evaluation.report import report
    from netdef.runtime.hardware.process_group import agree_on_errors
    from netdef.runtime.trained_run import trained_run

    with agree_on_errors(group):
        pairs = list(zip(args.file, args.weights, strict=True))
        boxed = args.boxes or any(
            source_of(args, trained_run(Path(w))) and asks_for_boxes(args, file) for file, w in pairs
        )
    if boxed:
        return print_boxes(args, group)
    with agree_on_errors(group):
        if args.save_posteriors:
            POSTERIORS.check_place(Path(args.save_posteriors))
        saved = [POSTERIORS.read(Path(path)) for path in args.posteriors]
    judged = (posteriors_of(args, *pair, group) for pair in pairs)
    parts, results = [], []
    for part in chain(saved, judged):
        parts.append(part)
        results.append(told(args, part, group))
    if len(parts) > 1:
        with agree_on_errors(group):
            parts.append(fused(parts))
        results.append(told(args, parts[-1], group))
    if not group.is_rank_0:
        return 0
    if args.save_posteriors:
        POSTERIORS.write(Path(args.save_posteriors), parts[-1])
    if args.json:
        print(json.dumps({"results": [result.as_data for result in results]}, indent=2))
    elif args.report:
        print(report(results, markdown=args.report == "markdown"))
    return 0


def told(args: argparse.Namespace, posteriors: "Posteriors", group: "ProcessGroup") -> "Result":
    """The errors of one net or of a fusion, printed at once unless they are wanted together."""
    from netdef.runtime.evaluation.report import Result
    from netdef.runtime.hardware.process_group import agree_on_errors

    with agree_on_errors(group):
        result = Result(posteriors.made, posteriors.errors())
    if group.is_rank_0 and not (args.json or args.report):
        print(result.text, flush=True)
    return result


def posteriors_of(args: argparse.Namespace, file: str, weights: str, group: "ProcessGroup") -> "Posteriors":
    """The posteriors of one net with its weights, for all processes, each of which judges its share."""
    from netdef.runtime.evaluation.scoring import check_task, score_images
    from netdef.runtime.hardware.process_group import agree_on_errors
    from netdef.runtime.trained_run import trained_run

    left_out: list[Diagnostic] = []

    def tell(mistake: Diagnostic) -> None:
        left_out.append(mistake)
        open_console().show([mistake])

    def say(line: str) -> None:
        if group.is_rank_0:
            print(line, file=sys.stderr, flush=True)

    with agree_on_errors(group):
        trained = trained_run(Path(weights))
        task = task_of(args, file, weights, trained, group)
        check_task(task)
    found = score_images(task, tell, lambda line: say(f"{file}: {line}"), group).all_gather(group)
    (num_left_out,) = group.total([len(left_out)])
    if num_left_out:
        say(f"netdef evaluate: images left out: {num_left_out:,}")
    named = {"net": file, "weights": weights, "data": source_of(args, trained), "trained": task.trained.trained_scale}
    speed = sum(group.all_gather(found.made["images_per_s"]))
    return found._replace(made={**named, **found.made, "images_per_s": speed})


def task_of(
    args: argparse.Namespace, file: str, weights: str, trained: "TrainedRun | None", group: "ProcessGroup"
) -> "ScoringTask":
    """What is to be done with one net."""
    from netdef.runtime.data.batches import workers_for
    from netdef.runtime.data.data_layers import load_fed
    from netdef.runtime.data.datasets.source import input_spec_of
    from netdef.runtime.data.feed import check_classes
    from netdef.runtime.data.ignored import allowed, uncounted
    from netdef.runtime.evaluation.protocol import Pool, Protocol
    from netdef.runtime.evaluation.scoring import ScoringTask
    from netdef.runtime.trained import open_trained

    net, own = load_fed(net_request(args, file), source_of(args, trained))
    data = own.data if own else judged_on(args, trained, input_spec_of(net, net))
    scores = net.chosen_scores(args.scores)
    check_classes(net.shapes[scores], data, allowed(net))
    opened = open_trained(
        net,
        weights,
        scores,
        device=args.device,
        inputs=dict(args.input),
        feed=own.feed if own else None,
        bf16_on_gpu=True,
    )
    if group.is_rank_0:
        open_console().show(opened.warnings)
    protocol = Protocol(args.dense, args.crops, args.scales, args.flip, Pool(args.pool))
    return ScoringTask(
        opened,
        data,
        protocol.of_net(net.preprocess.resize if net.preprocess else None),
        skip=args.corrupt == "skip",
        num_workers=workers_for(data) if args.workers is None else args.workers,
        ignored=uncounted(scores, net),
    )


def scales(text: str) -> tuple[int, ...]:
    """Several sides, in pixels."""
    return tuple(count(side) for side in text.split(","))
