"""Which ops run, in what order, and when a blob's memory is given up; worked out once."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from netdef.compiler.diagnostics import Diagnostic, did_you_mean
from netdef.compiler.net.net import Net, Node
from netdef.compiler.net_error import NetError
from netdef.compiler.shape import Shape
from netdef.runtime.lowering.base import Op


class Step(NamedTuple):
    """An op to run. Blobs' versions are numbers here.

    in_place   whether the top is written over the bottom
    stopped    for each bottom, whether gradients end there (``propagate_down: false``); empty if none do
    freed      versions that nobody needs any more
    """

    node: Node
    op: Op
    in_place: bool
    bottoms: tuple[int, ...]
    stopped: tuple[bool, ...]
    tops: tuple[int, ...]
    freed: tuple[int, ...]


class ExecutionPlan(NamedTuple):
    """What is fed, what runs, and what is left at the end.

    inputs       what must be fed
    wanted       what is left, by name
    loss_terms   what counts in the loss, and how much
    accepted     sizes of inputs that were found to fit: what the plan learns
    """

    inputs: Mapping[str, int]
    steps: tuple[Step, ...]
    wanted: Mapping[str, int]
    loss_terms: tuple[tuple[float, int], ...]
    accepted: set[tuple[Shape, ...]]


class _Flow(NamedTuple):
    """The versions of blobs, numbered: those that each node reads and makes, and by name those that are left last."""

    bottoms: list[tuple[int, ...]]
    tops: list[tuple[int, ...]]
    names: dict[str, int]


def make_plan(net: Net, ops: Mapping[int, Op], wanted: Sequence[str], *, with_loss: bool = False) -> ExecutionPlan:
    """The plan that makes some blobs, and what counts in the loss if asked for; nothing else is run or fed.

    Raises:
        NetError: if the net has no such blob.
    """
    flow = _flow(net)
    for name in wanted:
        if name not in flow.names:
            raise NetError(Diagnostic("N1004", f"there is no blob {name}", help=did_you_mean(name, flow.names)))
    loss_terms = tuple(
        (weight, number)
        for node, made in zip(net.nodes, flow.tops, strict=True)
        for weight, number in zip(node.loss_weights, made, strict=True)
        if weight and with_loss
    )
    kept = {*(flow.names[name] for name in wanted), *(number for _, number in loss_terms)}
    needed = _needed(kept, flow)
    return ExecutionPlan(
        inputs={
            top.name: number
            for node, made in zip(net.nodes, flow.tops, strict=True)
            for top, number in zip(node.tops, made, strict=True)
            if node.layer.fed and number in needed
        },
        steps=_steps(net, {i: op for i, op in ops.items() if needed.intersection(flow.tops[i])}, kept, flow),
        wanted={name: flow.names[name] for name in wanted},
        loss_terms=loss_terms,
        accepted=set(),
    )


def _flow(net: Net) -> _Flow:
    flow = _Flow([], [], {})
    num = 0
    for node in net.nodes:
        flow.bottoms.append(tuple(flow.names[bottom.id] for bottom in node.bottoms))
        flow.tops.append(tuple(range(num, num + len(node.tops))))
        flow.names.update(zip((top.id for top in node.tops), flow.tops[-1], strict=True))
        num += len(node.tops)
    return flow


def _needed(kept: set[int], flow: _Flow) -> set[int]:
    """The versions that must be made for those that are kept."""
    needed = set(kept)
    for bottoms, tops in zip(reversed(flow.bottoms), reversed(flow.tops), strict=True):
        if needed.intersection(tops):
            needed.update(bottoms)
    return needed


def _steps(net: Net, ops: Mapping[int, Op], kept: set[int], flow: _Flow) -> tuple[Step, ...]:
    last = {number: index for index in ops for number in (*flow.tops[index], *flow.bottoms[index])}
    free = overwritable(ops, kept, flow)
    freed: dict[int, list[int]] = {}
    for number, index in last.items():
        if number not in kept:
            freed.setdefault(index, []).append(number)
    return tuple(
        Step(
            node=net.nodes[index],
            op=op,
            in_place=op.supports_inplace and flow.bottoms[index][0] in free,
            bottoms=flow.bottoms[index],
            stopped=_stopped(net.nodes[index].propagate_down),
            tops=flow.tops[index],
            freed=tuple(freed.get(index, ())),
        )
        for index, op in ops.items()
    )


def overwritable(ops: Mapping[int, Op], kept: set[int], flow: _Flow) -> set[int]:
    """The versions that their reader may write over: an op made them anew, and nobody else reads them."""
    readers = Counter(number for index in ops for number in flow.bottoms[index])
    made = (number for index, op in ops.items() if op.returns_fresh_memory for number in flow.tops[index])
    return {number for number in made if readers[number] == 1} - kept


def _stopped(propagate_down: tuple[bool, ...]) -> tuple[bool, ...]:
    return () if all(propagate_down) else tuple(not down for down in propagate_down)
