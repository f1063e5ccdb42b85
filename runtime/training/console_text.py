"""What training tells before it begins, and at its end."""

import shlex
from collections.abc import Callable, Iterator, Sequence

from netdef.compiler.counted import counted, first_named
from netdef.compiler.files import is_stream
from netdef.compiler.net.net import Node
from netdef.compiler.weights.match import Matched
from netdef.runtime.data.normalise import AsStored
from netdef.runtime.metric_names import TEST_METRICS, told_by
from netdef.runtime.requests import RecipeRequest, TrainRequest
from netdef.runtime.run import Run
from netdef.runtime.training.changes import changes_of
from netdef.runtime.training.checkpoint import Checkpoint
from netdef.runtime.training.job import Job
from netdef.runtime.training.recipe.file import recipe_path
from netdef.runtime.training.recipe.recipe import Recipe, Stage
from netdef.runtime.training.recipe.schedule import Moment

MOST_NAMED = 6
"""Layers that a line names."""


def is_frozen(node: Node) -> bool:
    """Whether a layer has weights that could be trained, and none of them is."""
    learned = [own.lr_mult for own in node.weights if own.weight.learned]
    return bool(learned) and not any(learned)


def introduction(
    request: TrainRequest, job: Job, run: Run, start: Checkpoint | None, source: str | None
) -> Iterator[str]:
    """What is about to happen; ``source`` is where the first weights came from."""
    setup = job.setup
    net, recipe, data, division = setup.train_net, setup.recipe, setup.data, setup.division
    on = f"{division.group.size} times {setup.device.type}" if division.group.size > 1 else str(setup.device)
    yield f"{net.name or request.net.file}: {counted(net.num_params, 'parameter')}, on {on}: {job.settings.text}"
    if division.num_parts > 1 and job.module.statistics:
        parts = f"each of the {division.num_parts} parts"
        if setup.hardware.sync_batchnorm:
            of_a_pass = "" if division.num_own == 1 else " of one pass"
            parts = f"all devices' parts{of_a_pass} together"
        remembered = "; tests use what the first device remembers" if division.group.size > 1 else ""
        yield f"BatchNorm takes its mean and variance from {parts} of a batch{remembered}"
    yield f"{data.source}: {len(data.train):,} training and {len(data.test):,} test images; {data.split}"
    if source is not None and start is None:
        yield f"{source}: {matched_text(job.module.matched)}"
    if start is not None and request.weights != run.request.weights:
        yield f"the run goes on from its checkpoint; {request.weights} is not read"
    if net.preprocess is None and not isinstance(setup.feeding.normalise, AsStored):
        yield f"the net has no preprocess {{ }}; an image becomes its input by {setup.feeding.normalise.text}"
    if setup.judged is not None and (setup.judged.others or setup.judged.by_position):
        yield f"tests: {setup.judged.text}"
    if frozen := [node.name for node in net.nodes if is_frozen(node)]:
        how = "are filled" if source is None and start is None else "are"
        yield f"{first_named(frozen, MOST_NAMED)}: not trained (lr_mult: 0), they stay as they {how}"
    named = recipe_path(request.recipe.file, request.net.file) or "built-in recipe"
    length = f"{counted(setup.num_iterations, 'iteration')} of {counted(recipe.batch, 'image')}"
    yield f"{named}: {length if setup.num_iterations else '1 test of the first weights, and no training'}"
    if start is not None:
        yield from _going_on(request, job, run, start)
    yield f"{run.path}: " + (f"going on after iteration {start.iteration:,}" if start else "a new run")


def _going_on(request: TrainRequest, job: Job, run: Run, start: Checkpoint) -> Iterator[str]:
    """What is otherwise than before, and whether anything is left to do."""
    recipe, total = job.setup.recipe, job.setup.num_iterations
    changes = changes_of(request.recipe, run)
    yield from (change.text for change in changes)
    epoch = start.iteration * recipe.batch / len(job.setup.data.train)
    rate = recipe.lr.rate(Moment(start.iteration, epoch, start.scores))
    if any(change.name == "lr" for change in changes) and rate != recipe.lr.base:
        yield f"its policy makes {rate:g} of it after iteration {start.iteration:,}"
    if start.iteration == total:
        yield f"nothing is left to train: {total:,} iterations are done; --max-iter or --epochs says how many more"


def overriding(asked: RecipeRequest, stages: Sequence[Stage]) -> Iterator[str]:
    """What is asked for of every stage, and what the stages say themselves."""
    own: dict[str, Callable[[Recipe], object]] = {
        "epochs": lambda recipe: recipe.length,
        "batch": lambda recipe: recipe.batch,
        "max_iter": lambda recipe: recipe.length,
        "lr": lambda recipe: recipe.lr.base,
        "seed": lambda recipe: recipe.seed,
    }
    for name, said in own.items():
        value = getattr(asked, name)
        if stages and value is not None:
            instead = ", ".join(f"{said(stage.recipe)} ({stage.name})" for stage in stages)
            option = f"--{name.replace('_', '-')} {value:g}"
            yield f"{option} is for every stage, instead of {instead}; --only STAGE trains one of them"


def matched_text(matched: Matched) -> str:
    """What came of weights that were given."""
    text = f"{counted(len(matched.loaded), 'layer')} loaded"
    if matched.missing:
        start = "starts from its" if len(matched.missing) == 1 else "start from their"
        text += f"; {', '.join(matched.missing)} {start} fillers"
    if matched.unused:
        text += f"; the net has no {', '.join(matched.unused)}"
    return text


def conclusion(run: Run) -> Iterator[str]:
    """What came of a training, and what to do next."""
    stages = run.stages
    for stage in stages or [run]:
        evaluations = stage.evaluations
        names = told_by(evaluations[-1])
        best = min(evaluations, key=lambda line: line[names[0]])  # of equals the first, as the run kept it
        if stages:
            yield f"{stage.path.name}:"
        for name, line, weights in (("best", best, stage.best), ("last", evaluations[-1], stage.last)):
            errors = ", ".join(TEST_METRICS[each].said(line[each]) for each in names)
            yield f"{'  ' if stages else ''}{name}: {errors} after epoch {line['epoch']:.0f}: {weights}"
    own = "".join(f" --load {shlex.quote(path)}" for path in run.request.net.layer_files)
    path = shlex.quote(str(run.path))
    if is_stream(run.request.net.file):  # it can't be read again
        yield f"next: save the net, which came through a pipe, to a file: netdef evaluate FILE --weights {path}{own}"
    else:
        yield f"next: netdef evaluate {path}{own}"
