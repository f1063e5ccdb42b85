"""Train a linear SVM for each class on descriptors of images, and count how well they find the classes.

netdef features makes the descriptors; those that several nets made of the same images are put side by side. Without
--test, images of each class are dealt out several times for training and for the test, and the figures are means
over these splits, with their deviation. C is chosen on a fifth of the training images.
"""

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING

from netdef.options.values import count, index
from netdef.runtime.console import Console

if TYPE_CHECKING:
    from netdef.runtime.transfer.descriptors import Descriptors
    from netdef.runtime.transfer.svm import Result

HELP = "linear SVMs on descriptors: mean class recall, or VOC's mAP"
EXTRAS = ("svm",)


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    kind = "what netdef features wrote; of several nets, of the same images"
    parser.add_argument("features", nargs="+", metavar="FEATURES", help=kind)
    other = "descriptors to test on, of the same nets in the same order; FEATURES are all for training then"
    parser.add_argument("--test", nargs="+", default=[], metavar="FEATURES", help=other)
    names = "mean class recall, or mAP; recall unless images show several classes"
    parser.add_argument("--metric", choices=("recall", "map"), help=names)
    parser.add_argument("--json", action="store_true", help="print JSON, with figures for each class")
    dealt = parser.add_argument_group("without --test")
    dealt.add_argument("--splits", type=count, default=3, metavar="K", help="how often images are dealt out")
    dealt.add_argument("--train-per-class", type=count, default=30, metavar="N", help="images for training")
    dealt.add_argument("--test-per-class", type=count, default=50, metavar="N", help="images for the test, at most")
    dealt.add_argument("--seed", type=index, default=0, metavar="N", help="the first split's; the next has the next")


def run(args: argparse.Namespace, console: Console) -> int:
    """Print the figures on stdout."""
    from netdef.runtime.transfer.descriptors import check_alike
    from netdef.runtime.transfer.svm import Measure, Split, measured, splits, summary

    train = together(args.features)
    if args.test:
        test = together(args.test)
        check_alike(train, test)
        coming = iter([Split(train, test.of_classes(train.classes))])
    else:
        seeds = range(args.seed, args.seed + args.splits)
        coming = splits(train, seeds, args.train_per_class, args.test_per_class)
    measure = Measure(args.metric or ("map" if train.labels.ndim == 2 else "recall"))
    results = []
    for split in coming:
        results.append(measured(split, measure))
        if not args.json:
            console.print(line(results[-1]))
    figures = summary(results)
    if args.json:
        console.print(
            json.dumps({"made": train.made, "splits": [each.as_data for each in results], **figures}, indent=2)
        )
    elif len(results) > 1:
        for name, each in figures.items():
            console.print(
                f"{name}: {100 * each['mean']:.1f} +- {100 * each['deviation']:.1f} % over {len(results)} splits"
            )
    return 0


def together(paths: list[str]) -> "Descriptors":
    """The descriptors of some files, stacked."""
    from netdef.runtime.transfer.descriptors import DESCRIPTORS, stacked

    return stacked([DESCRIPTORS.read(Path(path)) for path in paths])


def line(result: "Result") -> str:
    """A split, for people."""
    seed = "" if result.seed is None else f"seed {result.seed}: "
    figures = ", ".join(f"{name} {100 * value:.1f} %" for name, value in result.figures.items())
    return f"{seed}{figures} (C {result.cost:g}, {result.num_train:,} images trained, {result.num_test:,} tested)"
