"""A recipe's stages: several trainings in a row, each from weights of one before; in the VGG paper A, then deeper nets.

Their folder holds a manifest with the stages' names, and a run for each of them.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from netdef.compiler.diagnostics import Diagnostic, Report, did_you_mean
from netdef.compiler.net.net import Net
from netdef.compiler.net_error import NetError
from netdef.compiler.weights.stored import Weights
from netdef.runtime.run import Run, stored_checkpoints
from netdef.runtime.training.recipe.recipe import Init, Stage


def folders(stages: Sequence[Stage]) -> list[str]:
    """The names of the stages' folders, which sort as the stages go."""
    return [f"{number}-{stage.name}" for number, stage in enumerate(stages, start=1)]


def first_weights(init: Init | None, found: Weights | None, source: str | None) -> Weights | None:
    """Of the weights that were found, those that a stage begins with, whoever found them; None is the fillers.

    Args:
        init: what the stage says of them, if it does.
        found: all layers' weights: those given, or of the stage that ``init`` names.
        source: whose those are, for messages.

    Raises:
        NetError: if ``init`` names a layer that those have not.
    """
    if found is None or init is None or not init.layers:
        return found
    for layer in init.layers:
        if layer not in found:
            help = did_you_mean(layer, found) or f"it has {', '.join(found)}"
            raise NetError(Diagnostic("N845", f"{source} has no weights of {layer}", help=help))
    return {layer: found[layer] for layer in init.layers}


def weights_like(net: Net) -> Weights:
    """What training a net leaves, as far as names and shapes go: all numbers are one, which takes no memory."""
    zero = np.zeros((), np.float32)
    return {layer: [np.broadcast_to(zero, shape) for shape in shapes] for layer, shapes in net.params.items()}


def stage_named(name: str, stages: Sequence[Stage]) -> Stage:
    """The stage with a name.

    Raises:
        NetError: if there is none.
    """
    for stage in stages:
        if stage.name == name:
            return stage
    names = [stage.name for stage in stages]
    help = did_you_mean(name, names) or (f"the stages are {', '.join(names)}" if names else "it has no stages")
    raise NetError(Diagnostic("N845", f"the recipe has no stage {name}", help=help))


def has_begun(run: Run) -> bool:
    """Whether a run has a checkpoint to go on from, and so needs no first weights."""
    return bool(stored_checkpoints(run.checkpoints))


def refuse_without_weights(stage: Stage, given: Weights | None) -> None:
    """Refuse to begin a stage alone without another's weights.

    Raises:
        NetError: which says whose weights are wanted.
    """
    if stage.init is not None and given is None:
        help = f"add --weights with those of {stage.init.stage}, such as the folder of its run"
        message = f"stage {stage.name} begins with the weights of stage {stage.init.stage}"
        raise NetError(Diagnostic("N845", message, help=help))


def stages_identity(stages: Sequence[Stage]) -> dict[str, Any]:
    """What stages are together, as plain values that can be compared; what each of them is, its own run knows."""
    return {"stages": dict(zip(folders(stages), map(_beginning, stages), strict=True))}


def _beginning(stage: Stage) -> str:
    if stage.init is None:
        return "begins anew"
    return f"begins with {', '.join(stage.init.layers) or 'all layers'} of {stage.init.stage}"


def own_run(staged: Run, name: str) -> Run:
    """The run of one stage in the folder of all.

    Raises:
        NetError: if it has not begun.
    """
    found = next((run for run in staged.stages if run.path.name.partition("-")[2] == name and run.is_there), None)
    if found is None:
        help = f"leave out --only to go on with all stages: netdef train --resume -o {staged.path}"
        raise NetError(Diagnostic("N882", f"stage {name} of {staged.path} has not begun", help=help))
    return found


def refuse_other_kind(run: Run, stages: Sequence[Stage]) -> None:
    """Refuse to go on with several stages as if they were one training, or the other way round.

    Raises:
        NetError: which says what the run is, and how to go on with it.
    """
    before = run.stages
    if bool(before) == bool(stages):
        return
    if before:
        message, notes = "a run of several stages", (f"its stages: {', '.join(each.path.name for each in before)}",)
        help = f"go on with all of it, netdef train --resume -o {run.path}, or with a stage: add --only and its name"
    else:
        message, notes = "a run of one net, without stages", (f"the recipe's stages: {', '.join(folders(stages))}",)
        help = f"go on with what the run began with: {run.manifest['command']}; or start anew without --resume"
    raise NetError(Diagnostic("N883", f"{run.path} is {message}", notes=notes, help=help))


def in_stage(stage: Stage, error: NetError) -> NetError:
    """A mistake that was found in one of several stages, with the stage's name."""
    return NetError(Report([each._replace(notes=(*each.notes, f"in stage {stage.name}")) for each in error.report]))
