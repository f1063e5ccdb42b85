"""Which layers are in the net: their rules, held against the phase, level and stages that it is for (net.cpp)."""

from collections.abc import Iterable, Sequence

from netdef.compiler.diagnostics import Diagnostic, Label, Report
from netdef.compiler.net.definition import Definition, LayerDefinition
from netdef.compiler.schema.caffe import State


def state_in(definition: Definition, state: State) -> State:
    """What the net is for: stages of the file's own ``state`` hold too; its phase and level don't, as in Caffe."""
    own = definition.frame.state
    return state if own is None else state.replace(stage=(*own.stage, *state.stage))


def is_in(layer: LayerDefinition, state: State, report: Report) -> bool:
    """Whether a layer is in the net, by its rules; what is wrong with these goes to ``report``."""
    frame = layer.frame
    if frame.include and frame.exclude:
        label = Label(layer.places["include"][0], "and include")
        message = f"{layer.title} has both include and exclude rules"
        help = "say when it is in the net, or when it is not"
        report.add(Diagnostic("N504", message, Label(layer.places["exclude"][0]), (label,), help=help))
    if frame.include:
        return any(state.meets(rule) for rule in frame.include)
    if frame.exclude:
        return not any(state.meets(rule) for rule in frame.exclude)
    return frame.phase in (None, state.phase)


def has_rules(definition: Definition) -> bool:
    """Whether any layer says when it is in the net; without such rules it has the same layers in each phase."""
    frames = (layer.frame for layer in definition.layers)
    return any(frame.include or frame.exclude or frame.phase is not None for frame in frames)


def stages_of(layers: Iterable[LayerDefinition]) -> list[str]:
    """The stages that the layers' rules name, in the file's order."""
    rules = [rule for layer in layers for rule in (*layer.frame.include, *layer.frame.exclude)]
    return [*dict.fromkeys(stage for rule in rules for stage in (*rule.stage, *rule.not_stage))]


def levels_of(layers: Iterable[LayerDefinition]) -> list[int]:
    """The levels that the layers' rules name, in the file's order."""
    rules = [rule for layer in layers for rule in (*layer.frame.include, *layer.frame.exclude)]
    return [*dict.fromkeys(at for rule in rules for at in (rule.min_level, rule.max_level) if at is not None)]


def listed(words: Sequence[str]) -> str:
    """``val, deploy or train``."""
    *before, last = words
    return f"{', '.join(before)} or {last}" if before else last
