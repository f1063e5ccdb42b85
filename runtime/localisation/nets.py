"""Nets that give boxes on images with boxes: how often each is wrong, or with dense nets all of them together."""

from collections.abc import Iterable, Iterator, Sequence
from operator import itemgetter
from typing import Any, NamedTuple

from netdef.compiler.request import UsageError
from netdef.runtime.console import Console
from netdef.runtime.data.batches import Batch, TestBatches
from netdef.runtime.data.datasets.dataset import Dataset, warnings_of
from netdef.runtime.data.loading import stream
from netdef.runtime.data.skipping import Skipped
from netdef.runtime.evaluation import TEST_BATCH
from netdef.runtime.evaluation.left_out import LeftOut
from netdef.runtime.evaluation.tested_images import data_named, open_test_data
from netdef.runtime.hardware.process_group import SINGLE, ProcessGroup
from netdef.runtime.localisation.agreement import check_data, check_together
from netdef.runtime.localisation.dense import evaluate_dense
from netdef.runtime.localisation.evaluation import BoxErrors, evaluate_boxes
from netdef.runtime.localisation.open_net import learns_boxes, open_either
from netdef.runtime.named_net import named_net
from netdef.runtime.progress import Counter, counting
from netdef.runtime.requests import EvaluateRequest
from netdef.runtime.trained import TrainedNet
from netdef.runtime.trained_run import TrainedRun


class BoxResult(NamedTuple):
    """How often boxes are wrong.

    net    the net's file, or of several nets together all of theirs
    data   what the images were called, if anything
    """

    net: str
    data: str | None
    errors: BoxErrors

    @property
    def text(self) -> str:
        """A line for people."""
        return f"{self.net}: {self.errors.text} ({self.errors.num:,} images)"

    @property
    def as_data(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {"net": self.net, "data": self.data, "num": self.errors.num} | self.errors.as_data


def asks_for_boxes(request: EvaluateRequest, group: ProcessGroup = SINGLE) -> bool:
    """Whether wrong boxes are to be counted: where that is said, or a net learns from boxes and there are data."""
    if request.boxes:
        return True
    named = (named_net(request.net.of(file), weights, request.data) for file, weights in request.pairs)
    return any(data_named(each.data, each.run) and learns_boxes(each.request) for each in named)


def evaluate_box_nets(
    request: EvaluateRequest, console: Console, group: ProcessGroup = SINGLE
) -> tuple[BoxResult, ...]:
    """Count the wrong boxes of each net, or with dense nets those of all nets together.

    Raises:
        UsageError: if something is asked for that means nothing here, or the nets can't do it.
        NetError: if a net, its weights or the data are wrong, or don't go together.
    """
    if unused := next(_without_meaning(request), None):
        raise UsageError(f"wrong boxes are counted without {unused}")
    nets = []
    for file, weights in request.pairs:
        named = named_net(request.net.of(file), weights, request.data)
        if (line := named.as_in_tests(resized=not request.scales, data=request.data.data is None)) is not None:
            console.say(line)
        device = request.hardware.device
        nets.append(open_either(named.request, named.weights, scores=named.data.scores, device=device))
        console.show(nets[-1].warnings)
    run = _run_that_knows_classes(nets)
    data = open_test_data(request.data, run)
    console.show(warnings_of(data))
    check_data(nets, data)
    check_together(nets)
    localisers = [net for net in nets if net.gives_boxes]
    classifiers = [net for net in nets if not net.gives_boxes]
    if not localisers:
        raise UsageError("--boxes needs a net that gives boxes, such as vgg16_scr.net")
    if request.net.dense and not classifiers and len(data.classes) > 1:
        raise UsageError("--boxes needs a net that scores classes")
    if classifiers and not request.net.dense:
        raise UsageError(f"{classifiers[0].path} scores classes, and is of use only with --dense")
    left_out = LeftOut(console)
    if request.net.dense:
        tell = left_out.tell if request.data.skips else None
        names = ", ".join(request.files)
        with counting(console, names, len(group.slice_of(len(data))), "images") as counter:
            errors = evaluate_dense(
                data, localisers, classifiers, request.scales, group=group, tell=tell, done=counter.add
            )
        found = [(names, errors)]
    else:
        found = []
        for net in localisers:
            with counting(console, net.path, len(group.slice_of(len(data))), "images") as counter:
                found.append((net.path, _at_the_centre(net, data, request, left_out, group, counter=counter)))
    left_out.close(group)
    source = data_named(request.data, run)
    results = tuple(BoxResult(name, source, errors) for name, errors in found)
    console.print("\n".join(result.text for result in results))
    return results


def _without_meaning(request: EvaluateRequest) -> Iterator[str]:
    """What is asked for and means nothing for boxes."""
    asked = {
        "--crops": request.crops,
        "--flip": request.flip,
        "--pool prob": request.pool == "prob",
        "--posteriors": request.posteriors,
        "--save-posteriors": request.save_posteriors,
        "--per-class": request.per_class,
        "--classes": request.classes,
        "--input": request.data.inputs,
        "--scales, which need --dense": request.scales and not request.net.dense,
    }
    return (option for option, value in asked.items() if value)


def _run_that_knows_classes(nets: Sequence[TrainedNet]) -> TrainedRun | None:
    """The first run that some weights come from, if one does; a net with one box for all classes comes last."""
    runs = [(net.num_classes is None, net.origin.run) for net in nets if net.origin.run]
    return min(runs, key=itemgetter(0))[1] if runs else None


def _at_the_centre(
    net: TrainedNet,
    data: Dataset,
    request: EvaluateRequest,
    left_out: LeftOut,
    group: ProcessGroup,
    *,
    counter: Counter,
) -> BoxErrors:
    """The errors of a net that sees the centre of each image, over all processes."""
    batches = TestBatches(data, net.feed.crop, TEST_BATCH, skip=request.data.skips)
    own = stream(batches, group.slice_of(len(batches)), request.data.workers or 0)
    readable = Skipped(data, left_out.tell).readable(own)
    return evaluate_boxes(net, _counted(readable, counter)).over(group)


def _counted(batches: Iterable[Batch], counter: Counter) -> Iterator[Batch]:
    for batch in batches:
        yield batch
        counter.add(len(batch["number"]))
