"""A net as a drawing: DOT, and what graphviz makes of it."""

from collections.abc import Iterator
from html import escape
from typing import Any

from netdef.compiler.layers.base import Layer
from netdef.compiler.net.net import Net, Node
from netdef.compiler.render.line import visible
from netdef.compiler.schema.message import Param, ProtoEnum
from netdef.compiler.shape import show
from netdef.compiler.size import Dim
from netdef.compiler.source import Span

SHOWN = {"num_output": "", "kernel": "", "stride": "/", "pad": "+", "pool": "", "operation": "", "dropout_ratio": ""}
"""Parameters that a node shows, and the sign before them: ``64 3x3 /2 +1``."""


def dot(net: Net) -> str:
    """The net as a DOT graph: nodes with parameters and costs, edges with shapes, blocks as clusters."""
    lines = [
        f"digraph {_quote(net.name or 'net')} {{",
        '  graph [rankdir=TB, fontname="Helvetica", nodesep=0.25, ranksep=0.3]',
        '  node [shape=box, style="rounded,filled", fontname="Helvetica", fontsize=11, margin="0.15,0.05"]',
        '  edge [fontname="Helvetica", fontsize=9, color="#666666"]',
        f"  label={_quote(f'{net.name}  {net.num_params:,} parameters  {net.macs:,} multiply-adds')}",
        *_clusters(net),
        *_edges(net),
        "}",
    ]
    return "\n".join(lines) + "\n"


def _clusters(net: Net) -> Iterator[str]:
    """The nodes in order; each call of a block in the file is a cluster."""
    open_call: object = None
    for index, node in enumerate(net.nodes):
        call = node.call
        if call != open_call:
            if open_call is not None:
                yield "  }"
            if call is not None:
                yield f"  subgraph cluster_{index} {{"
                yield f'    label={_quote(_call(call))} style="rounded" color="#bbbbbb" fontsize=10 fontcolor="#777777"'
            open_call = call
        indent = "    " if call is not None else "  "
        yield f"{indent}n{index} [label={_label(node)}, fillcolor={_quote(node.layer.colour.value)}]"
    if open_call is not None:
        yield "  }"


def _call(name: Span) -> str:
    """A block's call as written, from the place of its name."""
    text = name.source.text
    return text[name.start : text.find(")", name.end) + 1]


def _edges(net: Net) -> Iterator[str]:
    made_by = {top.id: index for index, node in enumerate(net.nodes) for top in node.tops}
    for index, node in enumerate(net.nodes):
        for bottom in node.bottoms:
            yield f"  n{made_by[bottom.id]} -> n{index} [label={_quote(show(bottom.shape))}]"


def _label(node: Node) -> str:
    """Name, type with parameters, weights and multiply-adds."""
    shown = " ".join(_parameters(node.layer))
    names = [f"<b>{escape(visible(line))}</b>" for line in node.name.splitlines() if line.strip()]
    lines = [*names, escape(visible(f"{node.type} {shown}".rstrip()))]
    if node.num_params:
        lines.append(f"{node.num_params:,} weights")
    if node.macs != 0:
        lines.append(f"{_short(node.macs)} MACs")
    return f"<{'<br/>'.join(lines)}>"


def _parameters(layer: Layer) -> Iterator[str]:
    for attribute, sign in SHOWN.items():
        param: Param | None = layer.params.get(attribute)
        value = getattr(layer, attribute, None)
        if param is not None and value not in (None, (), param.default):
            yield sign + _value(value)


def _value(value: Any) -> str:
    if isinstance(value, ProtoEnum):
        return value.name
    if isinstance(value, tuple):
        return show(value if len(value) > 1 else value * 2)
    return str(value)


def _short(count: Dim) -> str:
    if not isinstance(count, int):
        return f"{count:,}"
    for unit, size in (("G", 10**9), ("M", 10**6), ("k", 10**3)):
        if count >= size:
            return f"{count / size:.3g} {unit}"
    return str(count)


def _quote(text: str) -> str:
    escaped = visible(text.replace("\n", " ")).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
