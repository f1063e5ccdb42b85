"""Count how often nets are wrong on labelled images.

Every FILE takes the weights in its turn. A run's folder stands for its best weights, and in the place of FILE for its
net too. From its manifest the tests of training are made again: its classes, the images, how large they are made and
how they become the net's input, --set, --stage, --input and --scores; what is said here holds instead. Several nets,
and posteriors that were saved, are also fused: their posteriors are averaged.

By default a net sees the centre of each image. --dense shows it the whole image and averages the map of scores;
--crops shows it windows; both are averaged. Scores are what the net's one Softmax reads, and are given a soft-max where
there is none.

Of nets with a label for each position, pixel error, mean class accuracy and mean IoU are told, and of those without
class scores the loss; with each, the scalar outputs of the net by their names.

Of nets that learn from boxes wrong boxes are counted. By default each net sees the centre of an image, and of a box
for each class the true class's is taken. With --dense all nets see whole images together: boxes of all positions are
merged, scored by those of the nets that score classes, and five guesses count.
"""

import argparse
import json
import pickle
import shlex
from pathlib import Path

from netdef.compiler.request import UsageError
from netdef.compiler.save import save_bytes
from netdef.evaluation import evaluate_here
from netdef.launch import Task, needs_launch, run_launched
from netdef.options.data import DATA_HELP, data_arguments, data_request
from netdef.options.hardware import device_argument, devices_argument, hardware_request
from netdef.options.net import net_arguments, net_request
from netdef.options.output import format_arguments
from netdef.options.values import sides
from netdef.runtime.console import Console
from netdef.runtime.exit_status import ExitStatus
from netdef.runtime.hardware.threads import share_processors
from netdef.runtime.requests import CROPS, POOLS, EvaluateRequest, EvaluationTask, Form

HELP = "top-1 and top-5 errors on labelled images, or of label maps pixel error and IoU"
EXTRAS = ("train",)
EXAMPLES = (
    ("netdef evaluate digits.net --weights runs/digits", "on what the run was tested on"),
    (
        "netdef evaluate vgg16.net --weights W --data D --dense --flip --scales 256,384,512 --report",
        "the paper's protocol",
    ),
    ("netdef evaluate a.net b.net --weights A B --data D --json", "two nets, and both fused"),
)
REQUEST = EvaluationTask


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("file", nargs="*", metavar="FILE", help="a net, or a run's folder, which needs no --weights")
    parser.add_argument("--weights", nargs="+", default=[], metavar="W", help="a weights file or a run's folder")
    parser.add_argument("--data", metavar="D", help=f"{DATA_HELP}; of a run what it was tested on")
    format_arguments(parser, ("text", "json"))
    data_arguments(parser)
    device_argument(parser)
    devices_argument(parser, "share the images among")
    how = parser.add_argument_group("what a net is shown of an image (see --dense, too)")
    how.add_argument("--scales", type=sides, default=(), metavar="Q,...", help="shorter sides, in pixels: 256,384,512")
    how.add_argument("--crops", type=int, choices=CROPS[1:], default=0, help="windows of an image at one scale")
    how.add_argument("--flip", action="store_true", help="show the image mirrored, too; 10 and 50 crops are anyway")
    pool = "average a map before (logits) or after (prob) the soft-max"
    how.add_argument("--pool", choices=POOLS, default="logits", help=pool)
    how.add_argument("--boxes", action="store_true", help="count wrong boxes, as for a net that learns from boxes")
    whole = "all test images of a run whose tests saw but a part (test_iter)"
    how.add_argument("--whole", action="store_true", help=whole)
    results = parser.add_argument_group("results")
    results.add_argument("--posteriors", nargs="+", default=[], metavar="P", help="saved posteriors, to be fused")
    kept = "a file for them, .npz or .safetensors; where several are fused, for the fusion's alone"
    results.add_argument("--save-posteriors", metavar="P", help=kept)
    by_class = "a .csv or .png for each class's errors, or IoU, and the confusion matrix; of a fusion, if there is one"
    results.add_argument("--per-class", metavar="FILE", help=by_class)
    names = "the classes' names in it, one a line; the data's if not given"
    results.add_argument("--classes", "--labels", metavar="FILE", help=names)
    layout = "print tables like the paper's, its figures beside them"
    results.add_argument("--report", nargs="?", const="text", choices=("text", "markdown"), help=layout)
    net_arguments(parser, phase=False)


def run(args: argparse.Namespace, console: Console) -> int:
    """Print the errors on stdout."""
    form = Form.JSON if args.format == "json" else Form(args.report or Form.LINES)
    task = EvaluationTask(evaluation=evaluate_request(args), form=form)
    return carry_out(task, console, shlex.join(["netdef", *args.words]))


def carry_out(request: EvaluationTask, console: Console, command: str) -> int:
    """The same, whoever asks: here, or in as many processes as are asked for, each of which does it again."""
    share_processors()
    asked, form = request.evaluation, request.form
    asked.check()  # before seconds are spent on torch
    if needs_launch(asked.hardware):
        return run_launched(Task.of("evaluate", request, command, console), asked.hardware).status
    from netdef.runtime.localisation.nets import asks_for_boxes

    if form in (Form.TEXT, Form.MARKDOWN) and asks_for_boxes(asked):
        raise UsageError("wrong boxes are counted without --report")
    found = evaluate_here(asked, console.without(results=form is Form.LINES))
    if form is Form.JSON:
        console.print(json.dumps(found.as_data, indent=2))
    elif form is Form.PICKLE and request.out and console.speaks:
        save_bytes(Path(request.out), pickle.dumps(found))
    elif form is not Form.LINES:
        console.print(found.report(markdown=form is Form.MARKDOWN))
    return ExitStatus.FINE


def evaluate_request(args: argparse.Namespace) -> EvaluateRequest:
    """The evaluation that the arguments ask for."""
    return EvaluateRequest(
        files=tuple(args.file),
        weights=tuple(args.weights),
        net=net_request(args, ""),
        data=data_request(args),
        hardware=hardware_request(args),
        scales=args.scales,
        crops=args.crops,
        flip=args.flip,
        pool=args.pool,
        boxes=args.boxes,
        whole=args.whole,
        posteriors=tuple(args.posteriors),
        save_posteriors=args.save_posteriors,
        per_class=args.per_class,
        classes=args.classes,
    )
