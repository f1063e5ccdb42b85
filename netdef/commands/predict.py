"""Say what images show, and where.

The likeliest classes of each image come first. With --boxes FILE is a net that says where (vgg16_scr.net), and a copy
of each image gets its box; --class-net names the class, and chooses the box of a net with one for each class.
"""

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from netdef.boxed import asks_for_boxes
from netdef.compiler.diagnostics import Diagnostic, Report
from netdef.compiler.load import load_net
from netdef.compiler.net_error import NetError
from netdef.options.net import net_arguments, net_request
from netdef.options.values import count
from netdef.runtime.console import Console, open_console
from netdef.runtime.hardware.threads import share_processors

if TYPE_CHECKING:
    from netdef.runtime.data.datasets.dataset import ImageArray
    from netdef.runtime.trained import TrainedNet

HELP = "what images show: the likeliest classes, with names, and boxes"
EXTRAS = ("train",)


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("file", metavar="FILE", help="the net")
    parser.add_argument("image", nargs="+", metavar="IMAGE", help="an image, a folder of them, or a pattern")
    parser.add_argument("--weights", required=True, metavar="W", help="a weights file or a run's folder")
    parser.add_argument("--classes", metavar="FILE", help="the classes' names, one a line; the run's if not given")
    parser.add_argument("--top", type=count, default=5, metavar="K", help="classes to name")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--boxes", action="store_true", help="FILE says where: draw its box on a copy of each image")
    parser.add_argument("-o", dest="out", default="boxes", metavar="FOLDER", help="where the copies go")
    parser.add_argument("--class-net", metavar="FILE", help="with --boxes: a net that says what")
    parser.add_argument("--class-weights", metavar="W", help="its weights")
    parser.add_argument("--scores", metavar="BLOB", help="the blob with the class scores, where the net doesn't tell")
    parser.add_argument("--device", metavar="D", help="cpu, cuda or cuda:1; a GPU if there is one")
    net_arguments(parser, phase=False)


def run(args: argparse.Namespace, console: Console) -> int:
    """Print what is found on each image; the status is 1 if some could not be read."""
    share_processors()
    if (args.class_net is None) != (args.class_weights is None) or (args.class_net and not args.boxes):
        print("netdef predict: --boxes takes --class-net and --class-weights together", file=sys.stderr)
        return 2
    from netdef.runtime.data.datasets.decoding import decode
    from netdef.runtime.localisation.agreement import check_together
    from netdef.runtime.prediction import copies

    net = predictor(args, args.file, args.weights, where=args.boxes)
    where, what = (net, None) if args.boxes else (None, net)
    if args.class_net:
        what = predictor(args, args.class_net, args.class_weights, where=False)
    if where and what is None and where.num_channels != 4:
        print(f"netdef predict: {args.file} has a box for each class: --class-net chooses", file=sys.stderr)
        return 2
    if where and what:
        check_together([where, what])
    names = names_of(args, what) if what else []
    paths, mistakes = images_of(args.image)
    results: list[dict[str, Any]] = []
    for path, copy in zip(paths, copies(Path(args.out), paths), strict=True):
        try:
            image = decode(path)
        except NetError as error:
            mistakes.extend(error.report)
            continue
        found = {"image": path} | (_classes(what, image, args.top, names) if what else {})
        if where:
            found |= _box(where, image, found.get("classes", []), copy)
        results.append(found)
        if not args.json:
            print(_text(found), flush=True)
    if args.json:
        print(json.dumps({"results": results}, indent=2))
    console.fail(mistakes)
    return 1 if len(mistakes) else 0


def predictor(args: argparse.Namespace, file: str, weights: str, *, where: bool | None) -> "TrainedNet":
    """A net with its weights; ``where``: whether it is to say where, or what, or (None) what it can."""
    from netdef.runtime.localisation.evaluation import box_blob
    from netdef.runtime.trained import open_trained

    net = load_net(net_request(args, file))
    boxes = box_blob(net)
    if where is False:
        if boxes and not args.scores and asks_for_boxes(args, file):
            cure = "add --boxes; --class-net takes a net that says what"
            raise NetError(Diagnostic("N826", f"{file} says where, and not what: it learns from boxes", help=cure))
        boxes = None
    if where and boxes is None:
        message = f"{file} says what, and not where: it gives {' and '.join(net.outputs)}"
        raise NetError(Diagnostic("N826", message, help="leave out --boxes, or take a net such as vgg16_scr.net"))
    blob = boxes or net.chosen_scores(args.scores)
    opened = open_trained(net, weights, blob, gives_boxes=boxes is not None, device=args.device)
    open_console().show(opened.warnings)
    return opened


def names_of(args: argparse.Namespace, what: "TrainedNet") -> list[str]:
    """A name for each class that is scored."""
    from netdef.runtime.prediction import class_names

    names = class_names(what.net, args.classes, what.classes if what.origin.run else None) or []
    if names and len(names) != what.num_channels and args.classes:
        message = f"{args.classes} names {len(names):,} classes, and the net scores {what.num_channels:,}"
        raise NetError(Diagnostic("N828", message, help="a line for each class, in the order of the labels"))
    return [*names, *map(str, range(len(names), what.num_channels))]


def images_of(images: list[str]) -> tuple[list[str], Report]:
    """The paths of all images, and what was named and isn't there."""
    from netdef.runtime.prediction import images_at

    paths: list[str] = []
    mistakes = Report()
    for image in images:
        try:
            paths += images_at(image)
        except NetError as error:
            mistakes.extend(error.report)
    return paths, mistakes


def _classes(what: "TrainedNet", image: "ImageArray", num: int, names: list[str]) -> dict[str, Any]:
    from netdef.runtime.prediction import guesses

    found = guesses(what, image, num)
    return {"classes": [{"class": names[g.label], "label": g.label, "probability": g.probability} for g in found]}


def _box(where: "TrainedNet", image: "ImageArray", classes: list[dict[str, Any]], copy: Path) -> dict[str, Any]:
    from netdef.runtime.localisation.drawing import draw
    from netdef.runtime.prediction import box

    best: dict[str, Any] = classes[0] if classes else {"class": "", "label": 0}
    height, width = image.shape[:2]
    edges = box(where, image, best["label"]).clip(0, [width, height, width, height])  # a net may see beyond it
    draw(image, edges, best["class"], copy)
    return {"box": edges.tolist(), "drawn": str(copy)}


def _text(found: dict[str, Any]) -> str:
    """What was found on an image, for people."""
    lines = [found["image"]]
    lines += [f"  {100 * each['probability']:6.2f} %  {each['class']}" for each in found.get("classes", [])]
    if "box" in found:
        x0, y0, x1, y1 = found["box"]
        lines.append(f"  box ({x0:.0f}, {y0:.0f}) to ({x1:.0f}, {y1:.0f}): {found['drawn']}")
    return "\n".join(lines)
