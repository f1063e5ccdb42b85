"""Whether what is fed fits the net: said before anything runs, in the words of the layers."""

from collections.abc import Mapping, Sequence

from torch import Tensor

from netdef.compiler.diagnostics import Diagnostic, Label, Report, did_you_mean
from netdef.compiler.layers.base import Weight
from netdef.compiler.memory import refuse_too_large
from netdef.compiler.net.net import Net, Node
from netdef.compiler.net.shapes import Inferred, Refused, Step, changed_weight, infer_shapes
from netdef.compiler.net_error import NetError, stop_on_errors
from netdef.compiler.schema.decode import place_of
from netdef.compiler.schema.message import Refusal
from netdef.compiler.shape import Shape, Shapes, show
from netdef.runtime.execution import ExecutionPlan


def check_fed(net: Net, plan: ExecutionPlan, fed: Mapping[str, Tensor]) -> None:
    """Refuse blobs that are no inputs, inputs that are missing or have another rank, and sizes that a layer refuses.

    Raises:
        NetError: with what is wrong.
    """
    report = Report()
    for name in fed:
        if name not in net.inputs:
            help = did_you_mean(name, net.inputs) or f"inputs: {', '.join(net.inputs)}"
            report.add(Diagnostic("N1002", f"the net has no input {name}", help=help))
    for name in plan.inputs:
        shape = net.inputs[name]
        if name not in fed:
            report.add(Diagnostic("N1002", f"the input {name} is missing", help=f"{name} is {show(shape, batch=True)}"))
        elif len(shape) != fed[name].dim():
            message = f"{name} has {fed[name].dim()} axes, and should have {len(shape)}"
            report.add(Diagnostic("N1002", message, help=f"{name} is {show(shape, batch=True)}"))
    stop_on_errors(report)
    sizes = tuple(tuple(fed[name].shape) for name in plan.inputs)
    if sizes not in plan.accepted:
        _check_sizes(plan, sizes)
        plan.accepted.add(sizes)


def _check_sizes(plan: ExecutionPlan, sizes: tuple[Shape, ...]) -> None:
    """Infer every blob's shape as the compiler does, and hold it against memory, and weights against what it needs."""
    steps = (Step(step.node, step.op.layer, step.bottoms, step.tops, step.node.size_names) for step in plan.steps)
    for found in infer_shapes(steps, dict(zip(plan.inputs.values(), sizes, strict=True))):
        node = found.step.of
        refusal = found.refusal if isinstance(found, Refused) else _other_weights(node, found.weights)
        if refusal is not None:
            raise NetError(refused(node, refusal, found.bottoms))
        if isinstance(found, Inferred):
            for top, shape in zip(node.tops, found.tops, strict=True):
                refuse_too_large(top.name, shape)


def _other_weights(node: Node, weights: Sequence[Weight]) -> Refusal | None:
    """A no to bottoms that weights were not made for; ``weights`` are those that they need."""
    changed = changed_weight([own.weight for own in node.weights], weights)
    if changed is None:
        return None
    own, now = changed
    message = f"the {now.name} is {show(own.shape)}, and this bottom needs one of {show(now.shape)}"
    help = f"{node.bottoms[0].name} was {show(node.bottoms[0].shape, batch=True)} when the net was loaded"
    if node.layer.flattens:
        help += "; dense=True there, or --dense, takes larger images"
    return Refusal("N1003", message, at="bottom 0", help=help)


def refused(node: Node, refusal: Refusal, bottoms: Shapes) -> Diagnostic:
    """A layer's no to what is fed, at its place, with the sizes that led to it."""
    at = place_of(refusal.at, node.definition.places, node.at)
    notes = tuple(f"{value.name} is {show(shape)}" for value, shape in zip(node.bottoms, bottoms, strict=True))
    return Diagnostic(
        refusal.code, f"{node.name}: {refusal.message}", Label(at), (), notes, refusal.help, subject=refusal.subject
    )
