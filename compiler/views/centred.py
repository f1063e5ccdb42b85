"""A drawing whose texts stand in the middle of their boxes in whatever font the reader has.

Graphviz places each line of a box from the left, by the width that it takes the line to have. Where the reader's font
is narrower or wider, such lines stand askew; a line that is tied to the middle of its box never does.
"""

import re
from collections.abc import Iterator

_SHAPE = re.compile(r'<(?:path|polygon) .*? (?:d|points)="([^"]*)"')
_X = re.compile(r"(-?[\d.]+),-?[\d.]+")
_FROM_LEFT = re.compile(r'^(<text [^>]*?)text-anchor="start" x="[^"]*"')


def centred(svg: str) -> str:
    """The SVG of a graph as Graphviz or its port writes it, each line of a box tied to the middle of the box.

    A text in no box (the title of a frame) and one that is tied to its middle already (a shape at an arrow) stay.
    """
    return "".join(_centred_lines(svg.splitlines(keepends=True)))


def _centred_lines(lines: list[str]) -> Iterator[str]:
    """Each element is a line; a box comes before its text, and the ground of the whole drawing before the title."""
    middle: float | None = None
    for line in lines:
        if line.startswith("<g "):
            middle = None
        elif shape := _SHAPE.match(line):
            across = [float(x) for x in _X.findall(shape[1])]
            middle = (min(across) + max(across)) / 2
        yield line if middle is None else _FROM_LEFT.sub(rf'\1text-anchor="middle" x="{middle:.2f}"', line)
