"""Nets on labelled images, each with its weights: how often each is wrong, and all of them together."""

from contextlib import suppress
from itertools import chain
from pathlib import Path
from typing import NamedTuple

from netdef.compiler.analysis.judged import ignored_by_all, scalar_outputs
from netdef.compiler.files import name_of
from netdef.compiler.load import load_net
from netdef.compiler.net.net import Net
from netdef.compiler.net_error import NetError
from netdef.compiler.request import NetRequest
from netdef.compiler.shape import known
from netdef.runtime.console import Console
from netdef.runtime.data.datasets.source import check_named, input_spec_of
from netdef.runtime.data.feed import check_classes, check_label_input
from netdef.runtime.data.labels import judged_in_tests, under_labels_of
from netdef.runtime.data.layer_feed import load_fed
from netdef.runtime.data.loading import workers_for
from netdef.runtime.evaluation.confusion import names_in
from netdef.runtime.evaluation.left_out import LeftOut
from netdef.runtime.evaluation.measure import TEST_BATCH
from netdef.runtime.evaluation.measured_net import (
    MeasuredResult,
    check_without_views,
    measure_images,
    measured_result,
)
from netdef.runtime.evaluation.per_class import per_class
from netdef.runtime.evaluation.per_class_files import check_form, write_per_class
from netdef.runtime.evaluation.posteriors import Posteriors, fused
from netdef.runtime.evaluation.posteriors_file import POSTERIORS
from netdef.runtime.evaluation.protocol import Pool, Protocol
from netdef.runtime.evaluation.report import Result
from netdef.runtime.evaluation.scoring import ScoringTask, check_task, score_images
from netdef.runtime.evaluation.tested_images import data_named, open_test_data
from netdef.runtime.hardware.process_group import SINGLE, ProcessGroup
from netdef.runtime.named_net import NamedNet, named_net
from netdef.runtime.progress import counting
from netdef.runtime.requests import EvaluateRequest
from netdef.runtime.trained import open_trained


class Scored(NamedTuple):
    """What came of nets that score classes.

    results      errors: of saved posteriors, then of each net, and last, where these are several, of them all together
    posteriors   the last result's; None where no net scores the classes of whole images
    """

    results: tuple[Result | MeasuredResult, ...]
    posteriors: Posteriors | None


def score_nets(request: EvaluateRequest, console: Console, group: ProcessGroup = SINGLE) -> Scored:
    """Score the images with each net, and average the posteriors; a result is printed as soon as it is there.

    Raises:
        NetError: if a net, its weights, the data or saved posteriors are wrong, or don't go together.
    """
    if request.per_class is not None:
        check_form(Path(request.per_class))
    if request.save_posteriors:
        POSTERIORS.check_place(Path(request.save_posteriors))
    saved = [POSTERIORS.read(Path(path)) for path in request.posteriors]
    evaluated = (_evaluated(request, *pair, console, group) for pair in request.pairs)
    parts: list[Posteriors] = []
    results: list[Result | MeasuredResult] = []
    for found in chain(saved, evaluated):
        if isinstance(found, MeasuredResult):
            console.print(found.text)
            results.append(found)
            continue
        parts.append(found)
        results.append(_counted(found, request.classes, console))
    if len(parts) > 1:
        parts.append(fused(parts))
        results.append(_counted(parts[-1], request.classes, console))
    if request.save_posteriors and group.is_rank_0:
        POSTERIORS.write(Path(request.save_posteriors), parts[-1])
    if request.per_class and group.is_rank_0 and (each := results[-1].per_class):
        write_per_class(each, Path(request.per_class))
        console.print(f"{request.per_class}: {len(each.names):,} classes; {each.text}")
    return Scored(tuple(results), parts[-1] if parts else None)


def _counted(posteriors: Posteriors, names: str | None, console: Console) -> Result:
    """The errors of gathered posteriors, whole and by class; they are printed."""
    told = names_in(names, posteriors.values.shape[1]) if names else ()
    result = Result(posteriors.made, posteriors.errors(), per_class(posteriors, told))
    console.print(result.text)
    return result


def _evaluated(
    request: EvaluateRequest, file: str, weights: str, console: Console, group: ProcessGroup
) -> Posteriors | MeasuredResult:
    """One net's posteriors, or what else it is judged by, for all processes; each takes its part of the images."""
    left_out = LeftOut(console)
    named = named_net(request.net.of(file), weights, request.data)
    if (line := named.as_in_tests(resized=not request.scales, data=request.data.data is None)) is not None:
        console.say(line)
    task = open_task(request, named)
    console.show(task.trained.warnings)
    if task.seen is not None and task.num_shown != len(task.data):
        again = ", some of them again" if task.num_shown > len(task.data) else ""
        part = f"{task.num_shown:,} of {len(task.data):,} images, those that its test saw (test_iter){again}"
        console.say(f"{weights}: {part}; --whole takes all, each once")
    if task.judged is not None and (task.judged.others or task.judged.by_position):
        console.say(f"{file}: judged by {task.judged.text}")
    facts = {
        "net": name_of(named.request.file),
        "weights": weights,
        "data": data_named(request.data, named.run),
        "trained": task.trained.trained_scale,
    }
    is_by_class = task.judged is not None and not task.judged.by_position
    names: tuple[str, ...] = ()
    if is_by_class:
        check_task(task)
        if (line := _untold(task, file)) is not None:
            console.say(line)
    else:
        check_without_views(task, request)
        names = _class_names(task, request.classes)
    with counting(console, file, len(group.slice_of(task.num_shown)), "images") as counter:
        found = (score_images if is_by_class else measure_images)(task, left_out.tell, counter.add, group)
    if not isinstance(found, Posteriors):
        left_out.close(group)
        return measured_result({**facts, "scores": task.judged and task.judged.scores}, found, names)
    found = found.all_gather(group)
    if num_left_out := left_out.close(group):
        console.say(f"netdef evaluate: images left out: {num_left_out:,}")
    speed = sum(group.all_gather(found.made["images_per_s"]))
    return found._replace(made={**facts, **found.made, "images_per_s": speed})


def _untold(task: ScoringTask, file: str) -> str | None:
    """What is said of the net's scalar outputs where images are shown in other ways than one: they aren't told then."""
    outputs = scalar_outputs(task.trained.net)
    if task.protocol.is_simple or not outputs:
        return None
    said = f"{', '.join(outputs)} {'are' if len(outputs) > 1 else 'is'}"
    return f"{file}: {said} told where each image is shown once, as in the tests of training"


def _class_names(task: ScoringTask, chosen: str | None) -> tuple[str, ...]:
    """The names of a label map's classes: those of a file, else the run's, where it has as many."""
    if task.judged is None:
        return ()
    num = known(task.trained.net.shapes[task.judged.scores][task.judged.axis])
    if chosen is not None:
        return names_in(chosen, num)
    own = task.trained.classes
    return own if len(own) == num else ()


def open_task(request: EvaluateRequest, named: NamedNet) -> ScoringTask:
    """One net with its weights and the images, everything checked before it runs."""
    asked, run = named.data, named.run
    net, own = load_fed(named.request, data_named(asked, run))
    if own is None:
        check_named(data_named(asked, run), net)
    data = own.data if own else open_test_data(asked, run, input_spec_of(net, net, asked.scores))
    judged = judged_in_tests(net, data, asked.scores, taught=_taught(net, named.request))
    if judged is not None:
        num_classes = net.shapes[judged.scores][judged.axis]
        if own is not None and judged.labels is not None:
            data = under_labels_of(data, own.feed, judged.labels, known(num_classes))
        if len(data.labels) == len(data):
            check_classes((1, num_classes), data, ignored_by_all(net))
    trained = open_trained(
        net,
        named.weights,
        judged.scores if judged else net.outputs[0],
        device=request.hardware.device,
        inputs=asked.inputs,
        feed=own.feed if own else None,
        images_alone=False,
        bf16_on_gpu=True,
    )
    if judged is None or judged.labels is not None:
        check_label_input(net, trained.feed)
    protocol = Protocol(named.request.dense, request.crops, request.scales, request.flip, Pool(request.pool))
    is_as_tested = run is not None and asked.data is None and protocol.is_simple and not request.whole
    seen = run.seen(trained.origin.file) if run and is_as_tested else None
    return ScoringTask(
        trained,
        data,
        protocol.of_net(trained.resize),
        skip=asked.skips,
        num_workers=workers_for(data) if asked.workers is None else asked.workers,
        judged=judged,
        batch=min(own.batch_size, TEST_BATCH) if own else TEST_BATCH,
        seen=seen,
    )


def _taught(net: Net, request: NetRequest) -> Net | None:
    """The net in phase TRAIN, whose losses tell which of several scores count most, where the test net has none."""
    if net.has_loss or len(net.read_scores) < 2:
        return None
    with suppress(NetError):  # without its training data, say: then --scores tells
        return load_net(request.replace(phase="TRAIN"))
    return None
