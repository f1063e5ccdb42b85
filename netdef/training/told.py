"""What training tells before it begins, and at its end."""

import argparse
import shlex
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from netdef.training.job import recipe_path

if TYPE_CHECKING:
    from netdef.compiler.weights.match import Matched
    from netdef.runtime.training.checkpoint import Checkpoint
    from netdef.runtime.training.recipe.recipe import Recipe, Stage
    from netdef.runtime.training.run import Run
    from netdef.runtime.training.train import Job


def introduction(
    args: argparse.Namespace, job: "Job", run: "Run", start: "Checkpoint | None", source: str | None
) -> Iterator[str]:
    """What is about to happen."""
    from netdef.runtime.data.normalise import AsStored

    net, recipe, data = job.module.net, job.recipe, job.data
    on = f"{job.division.group.size} times {job.device.type}" if job.division.group.size > 1 else str(job.device)
    yield f"{net.name or args.file}: {net.num_params:,} parameters, on {on}: {job.settings.text}"
    if job.division.num_parts > 1 and job.module.statistics:
        parts = f"each of the {job.division.num_parts} parts"
        if args.sync_batchnorm:
            of_a_pass = "" if job.division.num_own == 1 else " of one pass"
            parts = f"all devices' parts{of_a_pass} together"
        remembered = "; tests use what the first device remembers" if job.division.group.size > 1 else ""
        yield f"BatchNorm takes its mean and variance from {parts} of a batch{remembered}"
    yield f"{data.source}: {len(data.train):,} training and {len(data.test):,} test images; {data.split}"
    if source is not None and start is None:
        yield f"{source}: {matched_text(job.module.matched)}"
    if start is not None and args.weights != run.manifest["arguments"].get("weights"):
        yield f"the run goes on from its checkpoint; {args.weights} is not read"
    if net.preprocess is None and not isinstance(job.feeding.normalise, AsStored):
        yield f"the net has no preprocess {{ }}; an image becomes its input by {job.feeding.normalise.text}"
    total = recipe.num_iterations(len(data.train))
    yield f"{recipe_path(args) or 'built-in recipe'}: {total:,} iterations of {recipe.batch} images"
    yield f"{run.path}: " + (f"going on after iteration {start.iteration:,}" if start else "a new run")


def overriding(args: argparse.Namespace, stages: "Sequence[Stage]") -> Iterator[str]:
    """What the command line says for every stage of a plan, and what the stages say themselves."""
    own: dict[str, Callable[[Recipe], object]] = {
        "epochs": lambda recipe: recipe.length,
        "batch": lambda recipe: recipe.batch,
        "lr": lambda recipe: recipe.lr.base,
        "seed": lambda recipe: recipe.seed,
    }
    for name, said in own.items():
        value = getattr(args, name)
        if stages and value is not None:
            instead = ", ".join(f"{said(stage.recipe)} ({stage.name})" for stage in stages)
            yield f"--{name} {value:g} is for every stage, instead of {instead}; --only STAGE trains one of them"


def matched_text(matched: "Matched") -> str:
    """What came of weights that were given."""
    text = f"{len(matched.loaded)} layers loaded"
    if matched.missing:
        text += f"; {', '.join(matched.missing)} start from their fillers"
    if matched.unused:
        text += f"; the net has no {', '.join(matched.unused)}"
    return text


def conclusion(args: argparse.Namespace, run: "Run") -> Iterator[str]:
    """What came of it, and what to do next."""
    stages = run.stages
    for stage in stages or [run]:
        evaluations = stage.evaluations
        names = [name for name in evaluations[-1] if name.endswith("_error")] or ["test_loss"]
        best = min(evaluations, key=lambda line: line[names[0]])  # of equals the first, as the run kept it
        if stages:
            yield f"{stage.path.name}:"
        for name, line, weights in (("best", best, stage.best), ("last", evaluations[-1], stage.last)):
            errors = ", ".join(_in_words(each, line[each]) for each in names)
            yield f"{'  ' if stages else ''}{name}: {errors} after epoch {line['epoch']:.0f}: {weights}"
    if names == ["test_loss"]:  # no class scores that netdef evaluate could count
        yield f"next: netdef plot {shlex.quote(str(run.path))}"
        return
    data = "" if args.data is None else f" --data {shlex.quote(args.data)}"
    yield f"next: netdef evaluate {shlex.quote(args.file)} --weights {shlex.quote(str(run.path))}{data}"


def _in_words(name: str, value: float) -> str:
    """A number of the metrics with its name: ``top-1 error 12.00 %``, ``test loss 0.1234``."""
    words = name.replace("top", "top-").replace("_", " ")
    return f"{words} {100 * value:.2f} %" if name.endswith("_error") else f"{words} {value:.4f}"
