"""Whether a layer names as many bottoms and tops as its type takes, and says as much of them as there are."""

from netdef.compiler.counted import counted
from netdef.compiler.diagnostics import Diagnostic, Label, Report
from netdef.compiler.layers.base import Arity, Layer
from netdef.compiler.layers.roles import Makes
from netdef.compiler.net.definition import LayerDefinition


def arity_holds(definition: LayerDefinition, layer: Layer, report: Report) -> bool:
    """Whether bottoms and tops are right in number; what is not goes to ``report``."""
    frame = definition.frame
    num_bottoms, num_tops = len(frame.bottom), num_tops_of(definition, layer)
    wrong = [
        _refused(definition, what, count, arity)
        for what, count, arity in (("bottom", num_bottoms, layer.bottoms), ("top", num_tops, layer.tops))
        if count < arity.least or (arity.most is not None and count > arity.most)
    ]
    report.extend(wrong)
    if len(frame.loss_weight) not in (0, num_tops):
        message = f"{counted(len(frame.loss_weight), 'loss weight')} for {counted(num_tops, 'top')}"
        place = definition.places["loss_weight"][0]
        report.add(Diagnostic("N505", message, Label(place), help="give one for each top, or none"))
    if len(frame.propagate_down) not in (0, num_bottoms):
        message = f"{len(frame.propagate_down)} propagate_down for {counted(num_bottoms, 'bottom')}"
        place = definition.places["propagate_down"][0]
        report.add(Diagnostic("N505", message, Label(place), help="give one for each bottom, or none"))
    return not wrong


def num_tops_of(definition: LayerDefinition, layer: Layer) -> int:
    """How many tops a layer has; Caffe gives one to a loss that names none."""
    return len(definition.frame.top) or int(layer.makes is Makes.LOSS)


def _refused(definition: LayerDefinition, what: str, count: int, arity: Arity) -> Diagnostic:
    kind = definition.frame.type
    blobs = what if arity.most == 1 or arity == (1, None) else f"{what}s"
    message = f"{kind} takes {arity} {blobs}, and has {count}"
    place = definition.places[what][-1] if count > arity.least and what in definition.places else definition.at
    help = f'add {what}: "..."' if count < arity.least else f"drop a {what}"
    return Diagnostic("N503", message, Label(place), help=help, subject=what)
