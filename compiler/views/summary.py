"""A net as a table, JSON, CSV or Markdown: a row for each layer, or for each block."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

from netdef.compiler.analysis.costs import activation_bytes, batch_of, costs, costs_of_run
from netdef.compiler.counted import counted
from netdef.compiler.net.net import Net, Node
from netdef.compiler.shape import known, number_or_none, product, show, sizes_or_none
from netdef.compiler.size import Dim
from netdef.compiler.views import columns
from netdef.compiler.views.blocks import Block, blocks
from netdef.compiler.views.graph import joined_layers
from netdef.compiler.views.narrow import Column, Row, Step, fitted, painted, rounded, wrapped
from netdef.compiler.views.windows import window_in_numbers, window_in_words

WORDS = ("layer", "type", "window", "top", "shape")
NUMBERS = ("weights", "MACs", "receptive field", "stride", "activations")
COLUMNS = (*(Column(word, is_words=True) for word in WORDS), *map(Column, NUMBERS))
BLOCK_COLUMNS = (
    *(Column(word, is_words=True) for word in ("block", "shape")),
    *map(Column, ("layers", *NUMBERS[:2], "of all MACs", *NUMBERS[2:])),
)
STEPS = (
    Step(["activations"]),
    Step(rounds=True),
    Step(["stride", "of all MACs"]),
    Step(["receptive field"]),
    Step(["top"]),
    Step(["window"]),
    Step(["type", "layers"]),
    Step(["MACs"]),
    Step(["shape"]),
)
"""What a narrow terminal does without, the least important first."""
NOTES = {
    "receptive field": "receptive field and stride in pixels of the input",
    "activations": "activations in bytes",
}
"""What is said below of columns that are shown."""
CSV = ("layer", "type", "top", "shape", "weights", "MACs", "receptive field", "stride", "activations", "window")
"""CSV's columns keep their places; what comes to them comes last."""


class Look(NamedTuple):
    """How a summary looks.

    width   columns of the terminal; None for as many as it needs
    color   whether it is drawn in colour
    blocks  a row for each block, not for each layer
    """

    width: int | None = None
    color: bool = False
    blocks: bool = False


AS_IT_IS = Look()


def render(net: Net, format: str, look: Look = AS_IT_IS) -> str:
    """The summary in one of ``FORMATS``; JSON has layers and blocks, however it looks."""
    return FORMATS[format](net, look)


def totals(net: Net) -> list[str]:
    """The last lines: what the whole net takes."""
    cost = costs(net)
    batch = batch_of(net)
    frozen = f" ({cost.num_statistics:,} of them statistics, which no gradient changes)" if cost.num_statistics else ""
    macs, held = f"{cost.macs:,} multiply-adds", f"{_megabytes(cost.activation_bytes)} of activations"
    if batch is not None:
        macs, held = f"{macs} for {batch.in_words}", f"{held} for {batch.in_words}"
        if batch.size > 1:
            macs += f", {_each(cost.macs, batch.size)} for one"
            held += f" ({_megabytes(cost.activation_bytes / batch.size)} for one)"
    lines = [
        f"{counted(cost.num_params, 'parameter')}{frozen}, {counted(net.num_weight_layers, 'weight layer')}",
        macs,
        f"{_megabytes(cost.weight_bytes)} of weights, {held}, in float32",
    ]
    more = zip(costs_of_run(net), ("multiply-adds", "bytes of activations"), strict=True)
    if told := " and ".join(f"{number:,} {what}" for number, what in more if number != 0):
        lines.append(f"more, which only a run can tell: {told}")
    return lines


# ---- for people
def _left_out(net: Net) -> Iterator[str]:
    """What the table of a net with mistakes lacks."""
    total = len(joined_layers(net)) if net.report.errors else len(net.nodes)
    if missing := total - len(net.nodes):
        yield f"{missing} of {total} layers are left out: they have a mistake, or read what such a layer would make"


def _table(net: Net, look: Look) -> str:
    batch = batch_of(net)
    of_batch = f", {batch.in_words}" if batch is not None and batch.size > 1 else ""
    title = f"{net.name or net.definition.path}, phase {net.phase}{of_batch}"
    rows = list(_rows_of_blocks(net) if look.blocks else _rows_in_blocks(net))
    lines = fitted(BLOCK_COLUMNS if look.blocks else COLUMNS, rows, STEPS, width=look.width, color=look.color)
    note = ", ".join(text for heading, text in NOTES.items() if heading in lines[0])
    told = [line for text in (*totals(net), *_left_out(net)) for line in wrapped(text, look.width)]
    return "\n".join(
        [
            *(painted(line, "bold", look.color) for line in wrapped(title, look.width)),
            "",
            *lines,
            *told,
            *(painted(line, "dim", look.color) for line in wrapped(note, look.width) if note),
        ]
    )


def _rows_in_blocks(net: Net) -> Iterator[Row]:
    """A row for each layer, those of a large block under a heading with its sums."""
    for block in blocks(net):
        if block.is_large:
            counts = {"weights": sum(node.num_params for node in block.nodes), "MACs": _macs(block.nodes)}
            yield Row(_counted(counts), block.title, "bold", _rounded(counts))
        for node in block.nodes:
            row = _row(node)
            yield row._replace(cells={**row.cells, "layer": f"  {node.name}"}) if block.is_large else row


def _row(node: Node) -> Row:
    counts = {"weights": node.num_params, "MACs": node.macs, "activations": activation_bytes(node)}
    words = {
        "layer": node.name,
        "type": node.type,
        "window": window_in_words(node.layer),
        "top": " ".join(top.name for top in node.tops),
        "shape": " ".join(show(top.shape) for top in node.tops),
    }
    style = "" if node.num_params or counts["activations"] != 0 else "dim"
    return Row({**words, **_field(node), **_counted(counts)}, style=style, short=_rounded(counts))


def _rows_of_blocks(net: Net) -> Iterator[Row]:
    for block in blocks(net):
        last = block.nodes[-1]
        macs = _macs(block.nodes)
        counts = {
            "layers": len(block.nodes),
            "weights": sum(node.num_params for node in block.nodes),
            "MACs": macs,
            "activations": sum((activation_bytes(node) for node in block.nodes), start=0),
        }
        words = {
            "block": block.title or last.name,
            "shape": " ".join(show(top.shape) for top in last.tops),
            "of all MACs": f"{known(macs) / net.macs:.1%}" if net.macs and macs != 0 else "",
        }
        style = "" if known(macs) or counts["weights"] else "dim"
        yield Row({**words, **_field(last), **_counted(counts)}, style=style, short=_rounded(counts))


def _field(node: Node) -> dict[str, str]:
    field = node.receptive_field
    return {"receptive field": _size(field.size), "stride": _size(field.stride)} if field else {}


def _macs(nodes: Sequence[Node]) -> Dim:
    return sum((node.macs for node in nodes), start=0)


def _counted(counts: dict[str, Dim]) -> dict[str, str]:
    return {heading: "" if count == 0 else f"{count:,}" for heading, count in counts.items()}


def _rounded(counts: dict[str, Dim]) -> dict[str, str]:
    return {heading: rounded(count) for heading, count in counts.items() if isinstance(count, int) and count}


def _size(pair: tuple[int, int]) -> str:
    return str(pair[0]) if pair[0] == pair[1] else f"{pair[0]}x{pair[1]}"


def _megabytes(count: float) -> str:
    return f"{count / 2**20:,.1f} MiB"


def _each(count: int, batch: int) -> str:
    return f"{count // batch:,}" if count % batch == 0 else f"about {count / batch:,.0f}"


# ---- for tools
def _markdown(net: Net, look: Look) -> str:
    headings, rows, left = _cells(net, look, [column.heading for column in COLUMNS])
    return "\n".join([*columns.markdown(headings, rows, left), "", *(f"* {line}" for line in totals(net))])


def _csv(net: Net, look: Look) -> str:
    headings, rows, left = _cells(net, look, CSV)
    return columns.csv(headings, rows, left, right=headings[-1] == "window")


def _cells(net: Net, look: Look, headings: Sequence[str]) -> tuple[Sequence[str], list[list[str]], int]:
    """The headings, a row of cells for each layer or block, and how many of the columns, the first ones, are words."""
    rows = list(_rows_of_blocks(net)) if look.blocks else [_row(node) for node in net.nodes]
    if look.blocks:
        headings = [column.heading for column in BLOCK_COLUMNS]
    left = next(index for index, heading in enumerate(headings) if heading in ("layers", "weights"))
    return headings, [[row.cells.get(heading, "") for heading in headings] for row in rows], left


def _json(net: Net, _look: Look) -> str:
    import json  # only this format needs it

    return json.dumps(as_dict(net), indent=2)


def as_dict(net: Net) -> dict[str, Any]:
    """The summary as JSON has it; a size that only a run can tell is None."""
    batch = batch_of(net)
    return {
        "name": net.name,
        "phase": net.phase,
        "layers": [_layer(node) for node in net.nodes],
        "blobs": {name: sizes_or_none(shape) for name, shape in net.blobs.items()},
        "inputs": {name: sizes_or_none(shape) for name, shape in net.inputs.items()},
        "outputs": net.outputs,
        **costs(net)._asdict(),
        "batch": None if batch is None else batch.size,
        "blocks": [_block(block) for block in blocks(net) if block.title],
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
        "window": window_in_numbers(node.layer),
        "line": (node.call or node.at).line,
    }


def _block(block: Block) -> dict[str, Any]:
    return {"title": block.title, "layers": [node.name for node in block.nodes]}


FORMATS: dict[str, Callable[[Net, Look], str]] = {"table": _table, "json": _json, "csv": _csv, "markdown": _markdown}
"""By the word of ``--format``."""
