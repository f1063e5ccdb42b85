"""What is wrong with a recipe, at its place in YAML."""

import yaml

from netdef.compiler.diagnostics import Diagnostic, Label, Report
from netdef.compiler.source import Source, Span


class ReportedError(Exception):
    """Something was reported; what depends on it stays quiet."""


class Mistakes:
    """The mistakes of a recipe, and the texts that they stand in: its own, and those that it is like."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.sources = {source.path: source}
        self.report = Report()

    def complain(
        self,
        code: str,
        message: str,
        node: yaml.Node,
        help: str | None = None,
        *,
        secondary: tuple[Label, ...] = (),
        subject: str = "",
    ) -> ReportedError:
        """Note a mistake at a node; raising what is returned leaves the message that it stands in."""
        self.report.add(Diagnostic(code, message, Label(self.span(node)), secondary, help=help, subject=subject))
        return ReportedError()

    def span(self, node: yaml.Node) -> Span:
        """A node's place; of a mapping, its first key's."""
        if isinstance(node, yaml.MappingNode) and node.value:
            node = node.value[0][0]
        if node.start_mark is None:  # an empty file
            return Span(self.source, 0, 0)
        return Span(self.sources[node.start_mark.name], node.start_mark.index, node.end_mark.index)
