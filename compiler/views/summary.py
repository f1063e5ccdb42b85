"""A net as a table, JSON, CSV or Markdown."""

from collections.abc import Callable, Iterable
from typing import Any

from netdef.compiler.analysis.costs import activation_bytes, costs, costs_of_run
from netdef.compiler.net.net import Net, Node
from netdef.compiler.shape import known, number_or_none, product, show, sizes_or_none
from netdef.compiler.size import Dim
from netdef.compiler.views import columns

HEADINGS = ("layer", "type", "top", "shape", "weights", "MACs", "receptive field", "stride", "activations")
LEFT = 4
"""How many columns are words, which stand on the left."""


def render(net: Net, format: str) -> str:
    """The summary in one of ``FORMATS``."""
    return FORMATS[format](net)


def _rows(net: Net) -> Iterable[tuple[str, ...]]:
    for node in net.nodes:
        field = node.receptive_field
        yield (
            node.name,
            node.type,
            " ".join(top.name for top in node.tops),
            " ".join(show(top.shape) for top in node.tops),
            _count(node.num_params),
            _count(node.macs),
            _size(field.size) if field else "",
            _size(field.stride) if field else "",
            _count(activation_bytes(node)),
        )


def _count(number: Dim) -> str:
    return "" if number == 0 else f"{number:,}"


def _size(pair: tuple[int, int]) -> str:
    return str(pair[0]) if pair[0] == pair[1] else f"{pair[0]}x{pair[1]}"


def _megabytes(count: int) -> str:
    return f"{count / 2**20:,.1f} MiB"


def totals(net: Net) -> list[str]:
    """The last lines: what the whole net takes."""
    cost = costs(net)
    frozen = f" ({cost.num_statistics:,} of them statistics, which no gradient changes)" if cost.num_statistics else ""
    lines = [
        f"{cost.num_params:,} parameters{frozen}, {net.num_weight_layers} weight layers",
        f"{cost.macs:,} multiply-adds",
        f"{_megabytes(cost.weight_bytes)} of weights, {_megabytes(cost.activation_bytes)} of activations, in float32",
    ]
    more = zip(costs_of_run(net), ("multiply-adds", "bytes of activations"), strict=True)
    if told := " and ".join(f"{number:,} {what}" for number, what in more if number != 0):
        lines.append(f"more, which only a run can tell: {told}")
    return lines


def _table(net: Net) -> str:
    title = f"{net.name or net.definition.path}, phase {net.phase}"
    note = "receptive field and stride in pixels of the input, activations in bytes"
    return "\n".join([title, "", *columns.table(HEADINGS, _rows(net), LEFT), *totals(net), note])


def _markdown(net: Net) -> str:
    return "\n".join([*columns.markdown(HEADINGS, _rows(net), LEFT), "", *(f"* {line}" for line in totals(net))])


def _csv(net: Net) -> str:
    return columns.csv(HEADINGS, _rows(net), LEFT)


def _json(net: Net) -> str:
    import json  # only this format needs it

    return json.dumps(as_dict(net), indent=2)


def as_dict(net: Net) -> dict[str, Any]:
    """The summary as JSON has it; a size that only a run can tell is None."""
    return {
        "name": net.name,
        "phase": net.phase,
        "layers": [_layer(node) for node in net.nodes],
        "blobs": {name: sizes_or_none(shape) for name, shape in net.blobs.items()},
        "inputs": {name: sizes_or_none(shape) for name, shape in net.inputs.items()},
        "outputs": net.outputs,
        **costs(net)._asdict(),
    }


def _layer(node: Node) -> dict[str, Any]:
    field = node.receptive_field
    return {
        "name": node.name,
        "type": node.type,
        "bottoms": [bottom.name for bottom in node.bottoms],
        "tops": [top.name for top in node.tops],
        "shapes": {top.name: sizes_or_none(top.shape) for top in node.tops},
        "params": [
            {"name": w.weight.name, "shape": list(w.weight.shape), "count": known(product(w.weight.shape))}
            for w in node.weights
        ],
        "num_params": node.num_params,
        "macs": number_or_none(node.macs),
        "receptive_field": field and {"size": list(field.size), "stride": list(field.stride)},
        "line": (node.call or node.at).line,
    }


FORMATS: dict[str, Callable[[Net], str]] = {"table": _table, "json": _json, "csv": _csv, "markdown": _markdown}
"""By the word of ``--format``."""
