"""Train a linear SVM for each class on descriptors of images, and count how well they find the classes.

netdef features makes the descriptors; those that several nets made of the same images are put side by side. Without
--test, images of each class are dealt out several times for training and for the test, and the figures are means
over these splits, with their deviation. C is chosen on a fifth of the training images.
"""

import argparse
import json

from netdef.options.output import format_arguments
from netdef.options.values import count, seed
from netdef.runtime.console import Console
from netdef.runtime.exit_status import ExitStatus
from netdef.runtime.requests import SvmRequest

HELP = "linear SVMs on descriptors: mean class recall, or VOC's mAP"
EXTRAS = ("svm",)
EXAMPLES = (
    ("netdef svm flowers.safetensors", "means over three splits"),
    ("netdef svm train.npz --test test.npz --json", "for tools"),
)


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    kind = "what netdef features wrote; of several nets, of the same images"
    parser.add_argument("features", nargs="+", metavar="FEATURES", help=kind)
    other = "descriptors to test on, of the same nets in the same order; FEATURES are all for training then"
    parser.add_argument("--test", nargs="+", default=[], metavar="FEATURES", help=other)
    names = "mean class recall, or mAP; recall unless images show several classes"
    parser.add_argument("--metric", choices=("recall", "map"), help=names)
    format_arguments(parser, ("text", "json"))
    dealt = parser.add_argument_group("without --test")
    dealt.add_argument("--splits", type=count, default=3, metavar="K", help="how often images are dealt out")
    dealt.add_argument("--train-per-class", type=count, default=30, metavar="N", help="images for training")
    dealt.add_argument("--test-per-class", type=count, default=50, metavar="N", help="images for the test, at most")
    dealt.add_argument("--seed", type=seed, default=0, metavar="N", help="the first split's; the next has the next")


def run(args: argparse.Namespace, console: Console) -> int:
    """Print the figures on stdout."""
    from netdef.runtime.transfer.evaluate_svms import evaluate_svms

    request = SvmRequest(
        features=tuple(args.features),
        test=tuple(args.test),
        metric=args.metric,
        splits=args.splits,
        train_per_class=args.train_per_class,
        test_per_class=args.test_per_class,
        seed=args.seed,
    )
    found = evaluate_svms(request, console.without(results=args.format != "json"))
    for line in [json.dumps(found.as_data, indent=2)] if args.format == "json" else found.lines:
        console.print(line)
    return ExitStatus.FINE
