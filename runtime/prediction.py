"""What a net says of single images."""

from collections.abc import Sequence
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from netdef.compiler.counted import counted
from netdef.compiler.diagnostics import Diagnostic, Report
from netdef.compiler.net.net import Net
from netdef.compiler.net_error import NetError
from netdef.compiler.override import override
from netdef.compiler.request import NetRequest, UsageError
from netdef.compiler.shape import Pair
from netdef.runtime.console import Console
from netdef.runtime.data.box_geometry import Boxes, on_image
from netdef.runtime.data.datasets.dataset import ImageArray
from netdef.runtime.data.datasets.decoding import decode
from netdef.runtime.data.datasets.image_paths import images_named
from netdef.runtime.data.random_draws import NO_DRAWS
from netdef.runtime.evaluation.posteriors import posteriors_of
from netdef.runtime.label_map import Region, is_map, labels_of, regions, write_label_map
from netdef.runtime.localisation.agreement import check_together
from netdef.runtime.localisation.drawing import copies, draw
from netdef.runtime.localisation.evaluation import of_class
from netdef.runtime.localisation.open_net import open_classifier, open_localiser
from netdef.runtime.named_net import NamedNet, named_net
from netdef.runtime.progress import counting
from netdef.runtime.requests import DataRequest, PredictRequest
from netdef.runtime.trained import TrainedNet


class Guess(NamedTuple):
    """A class, its name, and how likely it is, 0 to 1."""

    name: str
    label: int
    probability: float


class Prediction(NamedTuple):
    """What an image shows.

    classes   the likeliest, the best first; None where no net scores them
    box       the edges (x0, y0, x1, y1) of the object in pixels; None where no net gives boxes
    drawn     a copy of the image with its box, or its label map
    regions   of a net that scores each position: the largest classes, the largest first
    """

    image: str
    classes: tuple[Guess, ...] | None = None
    box: tuple[float, ...] | None = None
    drawn: Path | None = None
    regions: tuple[Region, ...] | None = None

    @property
    def as_data(self) -> dict[str, Any]:
        """Plain values for JSON."""
        found: dict[str, Any] = {"image": self.image}
        if self.classes is not None:
            found["classes"] = [
                {"class": each.name, "label": each.label, "probability": each.probability} for each in self.classes
            ]
        if self.regions is not None:
            found["regions"] = [{"class": each.name, "label": each.label, "share": each.share} for each in self.regions]
        if self.box is not None:
            found["box"] = list(self.box)
        return found if self.drawn is None else {**found, "drawn": str(self.drawn)}

    @property
    def text(self) -> str:
        """For people, a line for each class and for the box."""
        lines = [self.image, *(f"  {100 * each.probability:6.2f} %  {each.name}" for each in self.classes or ())]
        lines += [f"  {100 * each.share:6.2f} % of the pixels  {each.name}" for each in self.regions or ()]
        if self.regions is not None and self.drawn is not None:
            lines.append(f"  label map: {self.drawn}")
        if self.box is not None:
            x0, y0, x1, y1 = self.box
            drawn = "" if self.drawn is None else f": {self.drawn}"
            lines.append(f"  box ({x0:.0f}, {y0:.0f}) to ({x1:.0f}, {y1:.0f}){drawn}")
        return "\n".join(lines)


class Predictions(NamedTuple):
    """What images show, and which of them couldn't be found or read."""

    results: tuple[Prediction, ...]
    mistakes: Report

    @override
    def __repr__(self) -> str:
        others = f"; {len(self.mistakes)} not found or read" if self.mistakes else ""
        return f"<Predictions of {counted(len(self.results), 'image')}{others}>"

    @property
    def as_data(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {"results": [result.as_data for result in self.results]}


class Predictors(NamedTuple):
    """The nets that look at an image: one that scores classes, whose names these are, one that gives boxes, or both."""

    classifier: TrainedNet | None
    localiser: TrainedNet | None
    names: tuple[str, ...] = ()

    @property
    def gives_map(self) -> bool:
        """Whether each position of an image is classified, and not the image."""
        return self.localiser is None and self.classifier is not None and is_map(self.classifier)


def predict_images(request: PredictRequest, console: Console) -> Predictions:
    """What each image shows; a result is printed as soon as it is there.

    Raises:
        UsageError: if a net with a box for each class has none to choose among them.
        NetError: if a net or its weights are wrong, or a copy can't be written.
    """
    nets = open_predictors(request, console)
    console.show(chain.from_iterable(net.warnings for net in (nets.localiser, nets.classifier) if net))
    paths, mistakes = images_named(request.images)
    results = []
    with counting(console, request.net.file, len(paths), "images") as counter:
        names = copies(Path(request.out or ""), paths, "map" if nets.gives_map else "box")
        for path, copy in zip(paths, names, strict=True):
            counter.add()
            try:
                image = decode(path)
            except NetError as error:
                mistakes.extend(error.report)
                continue
            results.append(_predicted(nets, path, image, request.top, copy if request.out else None))
            console.print(results[-1].text)
    return Predictions(tuple(results), mistakes)


def open_predictors(request: PredictRequest, console: Console) -> Predictors:
    """The nets, of which each knows what it is used for; what is taken from a run is said."""
    device = request.hardware.device
    own = _named(request, request.net, request.weights or request.net.file, console)
    if not request.boxes:
        classifier = open_classifier(own.request, own.weights, scores=own.data.scores, device=device)
        return Predictors(classifier, None, _names(classifier, request.classes))
    localiser = open_localiser(own.request, own.weights, device=device)
    if request.class_net is None or request.class_weights is None:
        if localiser.num_classes is not None:
            raise UsageError(f"{localiser.path} has a box for each class: --class-net chooses")
        return Predictors(None, localiser)
    chooses = _named(request, request.net.of(request.class_net), request.class_weights, console)
    classifier = open_classifier(chooses.request, chooses.weights, scores=chooses.data.scores, device=device)
    check_together([localiser, classifier])
    return Predictors(classifier, localiser, _names(classifier, request.classes))


def _named(request: PredictRequest, net: NetRequest, weights: str, console: Console) -> NamedNet:
    named = named_net(net, weights, DataRequest(scores=request.scores))
    if (line := named.as_in_tests(resized=True, data=False)) is not None:
        console.say(line)
    return named


def _predicted(nets: Predictors, path: str, image: ImageArray, top: int, copy: Path | None) -> Prediction:
    if nets.classifier is not None and nets.gives_map:
        labels = labels_of(_blob_of(nets.classifier, image))
        if copy is not None:
            write_label_map(labels, copy)
        return Prediction(path, drawn=copy, regions=regions(labels, nets.names, top))
    classes = None if nets.classifier is None else guesses(nets.classifier, image, top, nets.names)
    if nets.localiser is None:
        return Prediction(path, classes)
    name, label = (classes[0].name, classes[0].label) if classes else ("", 0)
    height, width = image.shape[:2]
    edges = box(nets.localiser, image, label).clip(0, [width, height, width, height])  # a net may see beyond it
    if copy is not None:
        draw(image, edges, name, copy)
    return Prediction(path, classes, tuple(edges.tolist()), copy)


def guesses(trained: TrainedNet, image: ImageArray, num: int, names: Sequence[str]) -> tuple[Guess, ...]:
    """The likeliest classes of an image, the best first; scores of several windows are averaged first."""
    shares = posteriors_of(trained, _blob_of(trained, image)[None])[0]
    best = np.argsort(-shares, kind="stable")[:num]
    return tuple(Guess(names[label], int(label), float(shares[label])) for label in best)


def box(trained: TrainedNet, image: ImageArray, label: int) -> Boxes:
    """The edges (4,) of the object in pixels; of a net with a box for each class, the class's."""
    size, window = Pair(*image.shape[:2]), trained.window
    boxes = of_class(_blob_of(trained, image)[None], label)[0]
    return on_image(boxes, size, window.placement(size, NO_DRAWS), window.size)


def _blob_of(trained: TrainedNet, image: ImageArray) -> NDArray[np.float64]:
    """The blob for the window that is cut out of an image."""
    return trained.values_of(trained.window.of(image, NO_DRAWS))


def _names(trained: TrainedNet, chosen: str | None) -> tuple[str, ...]:
    """A name for each class that is scored; its number where nobody names it."""
    num = trained.num_channels
    names = class_names(trained.net, chosen, trained.classes if trained.origin.run else None)
    if names and len(names) != num and chosen:
        message = f"{chosen} names {len(names):,} classes, and the net scores {num:,}"
        raise NetError(Diagnostic("N1115", message, help="a line for each class, in the order of the labels"))
    return (*names, *map(str, range(len(names), num)))


def class_names(net: Net, chosen: str | None, trained: Sequence[str] | None) -> list[str]:
    """The names of the classes: from the file that was chosen, the run's, or from the file that the net names."""
    told = net.preprocess.labels if net.preprocess else None
    if chosen is None and trained is not None:
        return list(trained)
    beside = Path(net.definition.path).parent / told if told else None
    path = Path(chosen) if chosen else beside
    if path is None:
        return []
    try:
        return path.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        help = "--classes takes a text file with a class's name on each line"
        raise NetError(Diagnostic("N1115", f"the classes' names can't be read: {error}", help=help)) from None
