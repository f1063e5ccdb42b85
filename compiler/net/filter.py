"""Which layers are in the net: their rules, held against the phase, level and stages that it is for (net.cpp)."""

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
