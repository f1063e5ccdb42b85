"""A plan: several trainings in a row, each from weights of one before; in the VGG paper A, then deeper nets.

A plan's folder holds a manifest with the stages' names, and a run for each of them.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from netdef.compiler.diagnostics import Diagnostic, NetError, did_you_mean
from netdef.compiler.weights import read_weights
from netdef.runtime.module import Weights
from netdef.runtime.training.recipe import Init, Stage
from netdef.runtime.training.run import Run, best_weights


def folders(stages: Sequence[Stage]) -> list[str]:
    """The names of the stages' folders, which sort as the stages go."""
    return [f"{number}-{stage.name}" for number, stage in enumerate(stages, start=1)]


def first_weights(plan: Run, stages: Sequence[Stage], init: Init) -> Weights:
    """The weights that a stage begins with.

    Raises:
        NetError: if it names a layer that those have not.
    """
    names = [stage.name for stage in stages]
    path = best_weights(plan.path / folders(stages)[names.index(init.stage)])
    found = read_weights(path)
    for layer in init.layers:
        if layer not in found:
            cure = did_you_mean(layer, found) or f"it has {', '.join(found)}"
            raise NetError(Diagnostic("N793", f"stage {init.stage} has no weights of {layer}", help=cure))
    return {layer: found[layer] for layer in init.layers} if init.layers else found


def stage_named(name: str, stages: Sequence[Stage]) -> Stage:
    """The stage with a name.

    Raises:
        NetError: if there is none.
    """
    for stage in stages:
        if stage.name == name:
            return stage
    names = [stage.name for stage in stages]
    cure = did_you_mean(name, names) or (f"the stages are {', '.join(names)}" if names else "it is not a plan")
    raise NetError(Diagnostic("N793", f"the recipe has no stage {name}", help=cure))


def without_first_weights(name: str, first: str) -> NetError:
    """What is said of a stage that is trained alone and needs another's weights."""
    cure = f"add --weights with those of {first}, such as the folder of its run"
    return NetError(Diagnostic("N793", f"stage {name} begins with the weights of stage {first}", help=cure))


def refuse_another_plan(plan: Run, stages: Sequence[Stage]) -> None:
    """Refuse to go on with a plan whose stages were others; what each stage is, its own run knows."""
    before: Mapping[str, Any] = plan.manifest
    if before.get("stages") != folders(stages):
        notes = (f"in the run: {', '.join(before.get('stages', ['no stages']))}", f"now: {', '.join(folders(stages))}")
        cure = f"resume with what the run began with: {before['command']}; or start anew without --resume"
        raise NetError(Diagnostic("N732", f"{plan.path} is a run of something else", notes=notes, help=cure))
