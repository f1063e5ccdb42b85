"""A net as a DOT graph: boxes with parameters and costs, arrows with shapes, blocks as frames, a title and a legend.

Node ``n12`` is the box of the net's layer 12, counted from 0, and of those that are drawn with it. A frame's title is a
node beside its first box, because graphviz leads arrows around nodes, but through the titles of frames.
"""

from collections.abc import Iterator
from html import escape

from netdef.compiler.analysis.costs import batch_of
from netdef.compiler.counted import counted
from netdef.compiler.layers.base import Layer
from netdef.compiler.net.net import Net, Node
from netdef.compiler.render.line import visible
from netdef.compiler.shape import known, show
from netdef.compiler.views.graph import Box, Frame, Graph, Joined, graph_of
from netdef.compiler.views.narrow import cut, rounded
from netdef.compiler.views.windows import window_in_words

MISTAKEN = "#c8c8c8"
"""What fills the box of a layer that has a mistake."""
MOST_BESIDE = 8
"""Layers that a box names, beside its first one."""
LONGEST_TITLE = 60
"""Characters of a frame's title."""
_GREY = "#666666"
_STYLE = """\
  graph [rankdir=TB, fontname="Helvetica", nodesep=0.25, ranksep=0.3, labelloc=t]
  node [shape=box, style="rounded,filled", color="#777777", fontname="Helvetica", fontsize=11, margin="0.15,0.05"]
  edge [fontname="Helvetica", fontsize=9, color="#666666", fontcolor="#444444", arrowsize=0.7]"""


def dot(net: Net, *, all_layers: bool = False) -> str:
    """The net as a DOT graph; layers that only change values stand in the box of their layer, but with ``all_layers``.

    Layers that have a mistake, or a type that nobody knows, are grey, and sizes that depend on them a question mark.
    """
    graph = graph_of(net, all_layers=all_layers)
    lines = [
        f"digraph {_quote(net.name or 'net')} {{",
        _STYLE,
        f"  label={_title(net, graph)}",
        *_nodes(graph),
        *_edges(graph),
        "}",
    ]
    return "\n".join(lines) + "\n"


# ---- the title and the legend
def _title(net: Net, graph: Graph) -> str:
    batch = batch_of(net)
    of_what = "" if batch is None else f" for {batch.in_words}"
    is_whole = all(layer.node for frame in graph.frames for box in frame.boxes for layer in box.layers)
    sums = f"{counted(net.num_params, 'parameter')}, {rounded(net.macs)} multiply-adds{of_what}; phase {net.phase}"
    sums += "" if is_whole else " (as far as it is known)"
    name = escape(visible(cut(net.name or net.definition.path, 80)))
    colours = _legend(graph)
    span = f'colspan="{max(len(colours), 1)}"'
    cells = "".join(
        f'<td bgcolor="{fill}" border="1"><font point-size="10">{text}</font></td>' for fill, text in colours.items()
    )
    rows = [
        f'<td {span}><font point-size="16"><b>{name}</b></font></td>',
        f'<td {span}><font point-size="11">{escape(sums)}</font></td>',
        *([cells] if cells else []),
    ]
    table = "".join(f"<tr>{row}</tr>" for row in rows)
    return f'<<table border="0" cellborder="0" color="#bbbbbb" cellspacing="4" cellpadding="3">{table}</table>>'


def _legend(graph: Graph) -> dict[str, str]:
    """What each colour stands for here: the types that it fills the boxes of, the first three."""
    types: dict[str, dict[str, None]] = {}
    for frame in graph.frames:
        for box in frame.boxes:
            types.setdefault(_fill(box), {})[box.layers[0].definition.frame.type] = None
    words = {fill: [*names][:3] + ["..."] * (len(names) > 3) for fill, names in types.items() if fill != MISTAKEN}
    legend = {fill: escape(visible(", ".join(map(_short_name, names)))) for fill, names in words.items()}
    return {**legend, **({MISTAKEN: "mistakes"} if MISTAKEN in types else {})}


def _short_name(name: str) -> str:
    return cut(name, 24)


# ---- boxes
def _nodes(graph: Graph) -> Iterator[str]:
    """The boxes in order; each frame with a title is a cluster."""
    for frame in graph.frames:
        if frame.title:
            yield from _cluster(frame)
        else:
            yield from (f"  {_node(box)}" for box in frame.boxes)


def _cluster(frame: Frame) -> Iterator[str]:
    first, *others = frame.boxes
    name = f"t{first.number}"
    title = f'{name} [shape=plaintext, style="", fontsize=10, fontcolor="{_GREY}", label={_frame_title(frame.title)}]'
    yield f"  subgraph cluster_{first.number} {{"
    yield f'    label="" tooltip={_quote(frame.title)} style="rounded" color="#bbbbbb"'
    yield f"    {{ rank=same; {title}; {_node(first)} }}"
    yield from (f"    {_node(box)}" for box in others)
    yield "  }"


def _frame_title(title: str) -> str:
    """A call as written, its arguments under each other where it is long."""
    head, bracket, rest = " ".join(title.split()).partition("(")
    lines = [f"{head}{bracket}", *(f"  {part}" for part in rest.split(", "))] if len(title) > LONGEST_TITLE else [title]
    return '"' + "".join(f"{_escaped(cut(line, LONGEST_TITLE))}\\l" for line in lines) + '"'


def _node(box: Box) -> str:
    style = ', style="rounded,filled,dashed"' if box.layers[0].is_mistaken else ""
    return f"n{box.number} [label={_label(box)}, tooltip={_tooltip(box)}, fillcolor={_quote(_fill(box))}{style}]"


def _fill(box: Box) -> str:
    first = box.layers[0]
    return MISTAKEN if first.is_mistaken or first.layer is None else first.layer.colour.value


def _label(box: Box) -> str:
    """Name, type with parameters, what is drawn with it, weights and multiply-adds."""
    first, *others = box.layers
    name = first.definition.frame.name
    names = [
        f'<font point-size="12"><b>{escape(visible(cut(line, 60)))}</b></font>'
        for line in name.splitlines()
        if line.strip()
    ]
    lines = [*names, escape(visible(_described(first)))]
    if others:
        more = f", and {len(others) - MOST_BESIDE:,} more" if len(others) > MOST_BESIDE else ""
        lines.append(_small(", ".join(layer.definition.frame.type for layer in others[:MOST_BESIDE]) + more))
    if costs := ", ".join(_costs([layer.node for layer in box.layers if layer.node is not None])):
        lines.append(_small(costs))
    return f"<{'<br/>'.join(lines)}>"


def _small(text: str) -> str:
    return f'<font point-size="10" color="{_GREY}">{escape(visible(text))}</font>'


def _costs(nodes: list[Node]) -> Iterator[str]:
    if weights := sum(node.num_params for node in nodes):
        yield f"{rounded(weights)} weights"
    if macs := sum(known(node.macs) for node in nodes):
        yield f"{rounded(macs)} MACs"
    if any(not isinstance(node.macs, int) for node in nodes):
        yield "more MACs, which only a run can tell"


def _described(joined: Joined) -> str:
    """A layer's type, and what of its parameters a drawing needs."""
    settings = ", ".join(_settings(joined.layer)) if joined.layer else ""
    return f"{joined.definition.frame.type} {settings}".rstrip()


def _settings(layer: Layer) -> Iterator[str]:
    """``64 channels``, ``3x3, stride 2``, ``SUM``: what makes it differ from others of its type."""
    if (num := getattr(layer, "num_output", None)) is not None:
        yield f"{num:,}"
    if window := window_in_words(layer):
        yield window
    if (operation := getattr(layer, "operation", None)) is not None:
        yield str(operation.name)
    if (ratio := getattr(layer, "dropout_ratio", None)) is not None:
        yield f"{ratio:g}"


def _tooltip(box: Box) -> str:
    """All that is known of the layers, a paragraph for each of the first ones."""
    told = box.layers[: MOST_BESIDE + 1]
    return '"' + "\\n".join(_escaped(line) for layer in told for line in _told(layer)) + '"'


def _told(joined: Joined) -> Iterator[str]:
    definition, node = joined.definition, joined.node
    yield f"{definition.frame.name}: {_described(joined)}"
    if node is None:
        yield "  it has a mistake" if joined.is_mistaken else "  it depends on a layer that has a mistake"
        return
    for word, versions in (("bottom", node.bottoms), ("top", node.tops)):
        yield from (f"  {word} {version.name}: {show(version.shape)}" for version in versions)
    yield from (f"  {each.weight.name}: {show(each.weight.shape)}" for each in node.weights)
    if field := node.receptive_field:
        yield f"  receptive field {show(field.size)}, stride {show(field.stride)}"
    if node.macs != 0:
        yield f"  {node.macs:,} multiply-adds"
    yield f"  line {(node.call or node.at).line}"


# ---- arrows
def _edges(graph: Graph) -> Iterator[str]:
    for arrow in graph.arrows:
        shape = "?" if arrow.shape is None else show(arrow.shape)
        told = _quote(f"{arrow.blob}: {shape}")
        beside = _quote(f" {shape} ")  # spaces, or graphviz lets it touch the arrow
        yield f"  n{arrow.source} -> n{arrow.target} [label={beside}, tooltip={told}]"


def _quote(text: str) -> str:
    return f'"{_escaped(text)}"'


def _escaped(text: str) -> str:
    """A text within DOT's quotes, where graphviz reads escapes and XML's entities."""
    seen = visible(text.replace("\n", " ")).replace("\\", "\\\\")
    return seen.replace("&", "&amp;").replace('"', '\\"')
