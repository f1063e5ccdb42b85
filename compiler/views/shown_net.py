"""A net that shows itself: what ``netdef.load`` gives, for a Python shell and for notebooks.

Law: what draws and lays out is imported when it is asked for; loading a net takes none of it.
"""

from os import PathLike
from pathlib import Path
from typing import Self, overload

from netdef.compiler.diagnostics import Report
from netdef.compiler.net.net import Net
from netdef.compiler.net_error import NetError
from netdef.compiler.override import override
from netdef.compiler.schema.caffe import Phase

MOST_DRAWN = 300
"""Layers of a net that a notebook draws by itself: the layout of more takes seconds."""
MOST_LINES = 1000
"""Lines of a summary that a notebook shows by itself."""


class Shown(str):
    """A text that a Python shell shows as it is, line by line."""

    __slots__ = ()

    @override
    def __repr__(self) -> str:
        return str(self)


class Drawing(str):
    """A drawing as SVG, which a notebook shows."""

    __slots__ = ()

    def _repr_svg_(self) -> str:
        return str(self)

    @override
    def __repr__(self) -> str:
        return f'<Drawing: {len(self):,} characters of SVG; a notebook shows it, and net.draw("net.svg") writes it>'


class ShownNet(Net):
    """A checked net in one phase: its layers, shapes, weights and costs."""

    @classmethod
    def of(cls, net: Net) -> Self:
        """The same net, able to show itself."""
        return cls(net.definition, net.state, net.sizes, nodes=net.nodes, outputs=tuple(net.outputs), report=net.report)

    def in_phase(self, phase: Phase, report: Report) -> Self:
        """The same layers in another phase, with what is wrong there."""
        state, nodes, outputs = self.state.replace(phase=phase), self.nodes, tuple(self.outputs)
        return type(self)(self.definition, state, self.sizes, nodes=nodes, outputs=outputs, report=report)

    def summary(self, format: str = "table") -> Shown:
        """The net layer by layer, as ``netdef summary`` prints it: shapes, weights, multiply-adds, receptive fields.

        Args:
            format: ``"table"``, ``"json"``, ``"csv"`` or ``"markdown"``.

        Raises:
            UsageError: if there is no such format.
        """
        from netdef.compiler.request import UsageError
        from netdef.compiler.views.summary import FORMATS, render

        if format not in FORMATS:
            raise UsageError(f"format: {format!r} is not {' or '.join(FORMATS)}")
        return Shown(render(self, format))

    @overload
    def draw(self) -> Drawing: ...

    @overload
    def draw(self, path: str | PathLike[str]) -> Path: ...

    def draw(self, path: str | PathLike[str] | None = None) -> Path | Drawing:
        """Draw the net, as ``netdef draw`` does: layers with parameters and costs, blobs with shapes.

        Args:
            path: the file, whose suffix chooses the form: .dot, .svg, .pdf, .png or .html; None for SVG as a text,
                which a notebook shows.

        Returns:
            the file, or the text.

        Raises:
            NetError: if no drawing has this suffix, what lays it out isn't installed, or the file can't be written.
        """
        if path is None:
            return self._drawing()
        from netdef.compiler.views.draw import draw

        draw(self, Path(path))
        return Path(path)

    def _drawing(self) -> Drawing:
        from netdef.compiler.views.dot import dot
        from netdef.compiler.views.graphviz_program import laid_out

        svg = laid_out(dot(self), "svg").decode()
        return Drawing(svg[svg.index("<svg") :])

    def _repr_html_(self) -> str:
        """What a notebook shows: the summary, and below it the drawing."""
        from html import escape

        lines = self.summary().splitlines()
        if len(lines) > MOST_LINES:
            lines[MOST_LINES:] = [f"and {len(lines) - MOST_LINES:,} lines more: print(net.summary())"]
        table = f'<pre style="overflow:auto;line-height:1.25">{escape(chr(10).join(lines))}</pre>'
        return f'{table}\n<div style="overflow:auto;max-height:60em">{self._drawn_in_page()}</div>'

    def _drawn_in_page(self) -> str:
        if len(self.nodes) > MOST_DRAWN:
            return f'<p>{len(self.nodes):,} layers are many to draw here: net.draw("net.svg") draws them.</p>'
        from html import escape

        try:
            return self._drawing()
        except NetError as error:
            (mistake, *_) = error.report
            return f"<p>not drawn: {escape(mistake.message)} ({escape(mistake.help or '')})</p>"
