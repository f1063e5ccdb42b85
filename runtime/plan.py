"""Which ops run, in what order, and when a blob's memory is given up; worked out once."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from netdef.compiler.diagnostics import Diagnostic, NetError, did_you_mean
from netdef.compiler.net import Net, Node
from netdef.compiler.shape import Shape
from netdef.runtime.lowering.base import Op


class Step(NamedTuple):
    """An op to run. Blobs' versions are numbers here.

    overwrites  whether the top is written over the bottom
    stopped     for each bottom, whether gradients end there (``propagate_down: false``); empty if none do
    spent       versions that nobody needs any more
    """

    node: Node
    op: Op
    overwrites: bool
    bottoms: tuple[int, ...]
    stopped: tuple[bool, ...]
    tops: tuple[int, ...]
    spent: tuple[int, ...]


class Plan(NamedTuple):
    """What is fed, what runs, and what is left at the end.

    inputs    what must be fed
    wanted    what is left, by name
    weighed   what counts in the loss, and how much
    fitting   sizes of inputs that were found to fit: what the plan learns
    """

    inputs: Mapping[str, int]
    steps: tuple[Step, ...]
    wanted: Mapping[str, int]
    weighed: tuple[tuple[float, int], ...]
    fitting: set[tuple[Shape, ...]]


def make_plan(net: Net, ops: Mapping[int, Op], wanted: Sequence[str], *, with_loss: bool = False) -> Plan:
    """The plan that makes some blobs, and the loss if asked for; what they don't need is left out.

    Raises:
        NetError: if the net has no such blob, or nothing in it counts in the loss.
    """
    current: dict[str, int] = {}
    bottoms, tops = [], []
    for node in net.nodes:
        bottoms.append(tuple(current[bottom.id] for bottom in node.bottoms))
        first = sum(len(made) for made in tops)
        tops.append(tuple(range(first, first + len(node.tops))))
        current |= {top.id: number for top, number in zip(node.tops, tops[-1], strict=True)}
    for name in wanted:
        if name not in current:
            raise NetError(Diagnostic("N758", f"there is no blob {name}", help=did_you_mean(name, current)))
    weighed = tuple(
        (weight, number)
        for node, made in zip(net.nodes, tops, strict=True)
        for weight, number in zip(node.loss_weights, made, strict=True)
        if weight and with_loss
    )
    if with_loss and not weighed:
        help = "load it with phase TRAIN, or add a layer such as SoftmaxWithLoss"
        raise NetError(Diagnostic("N759", f"nothing in {net.name or 'the net'} counts in a loss", help=help))
    kept = {*(current[name] for name in wanted), *(number for _, number in weighed)}
    needed = _needed(kept, bottoms, tops)
    return Plan(
        inputs={
            top.name: number
            for node, made in zip(net.nodes, tops, strict=True)
            for top, number in zip(node.tops, made, strict=True)
            if node.layer.fed and number in needed
        },
        steps=_steps(net, ops, kept, needed, bottoms, tops),
        wanted={name: current[name] for name in wanted},
        weighed=weighed,
        fitting=set(),
    )


def _needed(kept: set[int], bottoms: Sequence[tuple[int, ...]], tops: Sequence[tuple[int, ...]]) -> set[int]:
    """The versions that must be made."""
    needed = set(kept)
    for read, made in zip(reversed(bottoms), reversed(tops), strict=True):
        if needed.intersection(made):
            needed.update(read)
    return needed


def _steps(
    net: Net,
    ops: Mapping[int, Op],
    kept: set[int],
    needed: set[int],
    bottoms: Sequence[tuple[int, ...]],
    tops: Sequence[tuple[int, ...]],
) -> tuple[Step, ...]:
    runs = [index for index in ops if needed.intersection(tops[index])]
    readers: dict[int, list[int]] = {}
    makers: dict[int, int] = {}
    for index in runs:
        makers |= dict.fromkeys(tops[index], index)
        for number in bottoms[index]:
            readers.setdefault(number, []).append(index)
    last = {**makers, **{number: found[-1] for number, found in readers.items()}}
    spent: dict[int, list[int]] = {}
    for number, index in last.items():
        if number not in kept:
            spent.setdefault(index, []).append(number)

    def overwrites(index: int) -> bool:
        """Whether nobody else wants what the op would write over."""
        (number, *_) = bottoms[index]
        return readers[number] == [index] and number not in kept and number in makers and ops[makers[number]].may_be_replaced

    return tuple(
        Step(
            node=(node := net.nodes[index]),
            op=ops[index],
            overwrites=ops[index].replaces_input and overwrites(index),
            bottoms=bottoms[index],
            stopped=tuple(not down for down in node.propagate_down) if not all(node.propagate_down) else (),
            tops=tops[index],
            spent=tuple(spent.get(index, ())),
        )
        for index in runs
    )
