"""What differs between two nets, as lines to read and as data for tools."""

import json
from collections.abc import Iterable, Iterator
from typing import Any

from netdef.compiler.counted import counted, first_named
from netdef.compiler.difference.changes import Change
from netdef.compiler.difference.compare_nets import Difference, LayerChange, compare_nets
from netdef.compiler.difference.weights_that_load import Fate
from netdef.compiler.net.net import Net, Node
from netdef.compiler.override import override
from netdef.compiler.shape import show, sizes_or_none
from netdef.compiler.views.windows import window_in_words

_MOST_NAMED = 8


class ShownDifference(Difference):
    """A difference that shows itself: ``str()`` of it is what ``netdef diff`` prints."""

    @override
    def __str__(self) -> str:
        return as_text(self)


def diff(before: Net, after: Net) -> ShownDifference:
    """What differs between two nets: ``is_same`` says whether anything does, ``str()`` of it what.

    Args:
        before: a net, as ``load`` gives it.
        after: another, in the same phase or in another.

    Raises:
        UsageError: if one of them is no net.
    """
    return ShownDifference(*compare_nets(before, after))


def as_text(difference: Difference) -> str:
    """Lines: ``+`` a layer more, ``-`` one less, ``~`` one that changed; then the net as a whole, then weights."""
    old, new = (net.definition.path for net in (difference.before, difference.after))
    if difference.is_same:
        net = difference.after
        sums = f"{counted(len(net.nodes), 'layer')}, {counted(net.num_params, 'parameter')}"
        return f"{old} and {new} are the same net: {sums}"
    parts = [[f"--- {old}", f"+++ {new}", *_layers(difference)], _net(difference), _weights(difference)]
    return "\n\n".join("\n".join(part) for part in parts if part)


def _layers(difference: Difference) -> list[str]:
    """Changes in the second net's order; what it lacks stands where the first net has it."""
    old, new, matching = difference.before.nodes, difference.after.nodes, difference.matching
    changes = {each.number: each for each in difference.changed}
    partners = {now: was for was, now in matching.pairs}
    removed = {*matching.removed}
    lines: list[str] = []
    reached = 0
    for number, node in enumerate(new):
        if number not in partners:
            lines.append(f"+ {_described(node)}")
            continue
        passed = range(reached, partners[number])
        reached = max(reached, partners[number])
        lines += [f"- {_described(old[each])}" for each in passed if each in removed]
        if number in changes:
            lines += _changed(changes[number])
    return [*lines, *(f"- {_described(old[each])}" for each in range(reached, len(old)) if each in removed)]


def _described(node: Node) -> str:
    words = [f"{node.name} {node.type}", window_in_words(node.layer)]
    facts = [", ".join(show(top.shape) for top in node.tops)]
    facts += [counted(node.num_params, "parameter")] if node.num_params else []
    facts += [f"{node.macs:,} MACs"] if node.macs else []
    return f"{' '.join(filter(None, words))}: {', '.join(facts)}"


def _changed(change: LayerChange) -> Iterator[str]:
    name = change.after.name
    if change.is_renamed:
        yield f"~ {change.before.name} is {name} now"
    for field in change.fields:
        yield f"~ {name}.{_arrow(field)}"
    if change.results:
        yield f"~ {name}: {'; '.join(f'{each.what} {_values(each)}' for each in change.results)}"


def _arrow(change: Change) -> str:
    return f"{change.what}: {_values(change)}"


def _values(change: Change) -> str:
    return f"{change.before or 'none'} -> {change.after or 'none'}"


def _net(difference: Difference) -> list[str]:
    return [f"net.{_arrow(change)}" for change in difference.of_net]


_HEADINGS = {
    Fate.LOADS: "load",
    Fate.RESHAPED: "load in another shape (Caffe itself refuses them)",
    Fate.REFUSED: "don't fit, and would be refused",
    Fate.FILLED: "are not there, and stay as their fillers make them",
}


def _weights(difference: Difference) -> list[str]:
    loading = difference.loading
    if not loading.layers and not loading.unused:
        return []
    lines = ["weights of the first net in the second:"]
    for fate, heading in _HEADINGS.items():
        layers = [layer for layer in loading.layers if layer.fate is fate]
        if layers and fate is Fate.LOADS:
            names = first_named([layer.name for layer in layers], _MOST_NAMED)
            lines.append(f"  {len(layers)} of {counted(len(loading.layers), 'layer')} {heading}: {names}")
        elif layers:
            lines.append(f"  {len(layers)} {heading}:")
            lines += [f"    {layer.name}: {layer.reason}" for layer in layers]
    if loading.unused:
        lines.append(f"  {len(loading.unused)} are asked for by nobody: {first_named(loading.unused, _MOST_NAMED)}")
    return lines


_UNMATCHED: dict[str, Any] = {"matched": None, "changes": []}


def as_json(difference: Difference) -> str:
    """The same as an object, with every layer that differs."""
    before, after = difference.before, difference.after
    layers = [
        *(
            {"a": _layer(node), "b": None, "matched": None, "changes": []}
            for node in _nodes(before, difference.matching.removed)
        ),
        *(
            {"a": None, "b": _layer(node), "matched": None, "changes": []}
            for node in _nodes(after, difference.matching.added)
        ),
        *map(_pair, difference.changed),
    ]
    data = {
        "same": difference.is_same,
        "a": _sums(before),
        "b": _sums(after),
        "net": [*map(_change, difference.of_net)],
        "layers": layers,
        "weights": {
            "layers": [
                {"name": each.name, "fate": each.fate, "reason": each.reason} for each in difference.loading.layers
            ],
            "unused": [*difference.loading.unused],
        },
    }
    return json.dumps(data, indent=2, ensure_ascii=False)


def _nodes(net: Net, numbers: Iterable[int]) -> Iterator[Node]:
    return (net.nodes[number] for number in numbers)


def _sums(net: Net) -> dict[str, Any]:
    return {
        "path": net.definition.path,
        "name": net.name,
        "phase": net.phase,
        "num_layers": len(net.nodes),
        "num_params": net.num_params,
        "macs": net.macs,
    }


def _layer(node: Node) -> dict[str, Any]:
    return {
        "name": node.name,
        "type": node.type,
        "shapes": {top.name: sizes_or_none(top.shape) for top in node.tops},
        "num_params": node.num_params,
    }


def _pair(change: LayerChange) -> dict[str, Any]:
    changes = [*_kinds("field", change.fields), *_kinds("result", change.results)]
    return {
        "a": _layer(change.before),
        "b": _layer(change.after),
        "matched": "structure" if change.is_renamed else "name",
        "changes": changes,
    }


def _kinds(kind: str, changes: Iterable[Change]) -> Iterator[dict[str, str]]:
    yield from ({"kind": kind, **_change(change)} for change in changes)


def _change(change: Change) -> dict[str, str]:
    return {"what": change.what, "a": change.before, "b": change.after}


FORMATS = {"text": as_text, "json": as_json}
