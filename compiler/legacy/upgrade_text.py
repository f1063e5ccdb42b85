"""A net or solver of any age as a text in Caffe's newest format, with its comments, in its order."""

from collections.abc import Sequence

from netdef.compiler.diagnostics import Report
from netdef.compiler.edits import apply_edits
from netdef.compiler.expand import expand
from netdef.compiler.legacy.inputs import with_fixed_statistics, with_input_layer
from netdef.compiler.legacy.layout import Layout
from netdef.compiler.legacy.rewrite import Rewrite
from netdef.compiler.legacy.solver import with_type_of_solver
from netdef.compiler.legacy.upgrade import upgraded
from netdef.compiler.net.definition import define
from netdef.compiler.net.no_net import SOLVER_FIELDS
from netdef.compiler.net_error import stop_on_errors
from netdef.compiler.net_in_solver import FIELDS
from netdef.compiler.source import Source
from netdef.compiler.syntax.parser import parse
from netdef.compiler.syntax.tree import Expanded, Group, Plain


def upgrade_text(source: Source, report: Report) -> str:
    """The text in V2, as Caffe's own upgrade has it; one that is in V2 already as it is.

    What Caffe drops goes to the report as a warning.

    Raises:
        NetError: if the text can't be read, or mixes formats.
    """
    tree = parse(source, report)
    expanded = expand(tree, {}, report)
    stop_on_errors(report)
    rewrite = Rewrite(Layout(source, tree.comments, expanded.body))
    rewrite.body(expanded.body, _newest(expanded, report))
    stop_on_errors(report)
    return apply_edits(source, rewrite.edits())


def _newest(expanded: Expanded, report: Report) -> Sequence[Plain]:
    """A net's statements, or a solver's."""
    if not any(s.name in SOLVER_FIELDS for s in expanded.body):
        return _newest_net(expanded, report)
    nets = {id(s): expanded._replace(body=s.fields) for s in expanded.body if isinstance(s, Group) and s.name in FIELDS}
    body = [s._replace(body=tuple(_newest_net(nets[id(s)], report))) if id(s) in nets else s for s in expanded.body]
    return with_type_of_solver(body)


def _newest_net(expanded: Expanded, report: Report) -> Sequence[Plain]:
    found = upgraded(expanded, report)
    defined = Report()
    define(found, defined)
    report.extend(defined.errors)
    if report.errors:
        return found.body
    return [with_fixed_statistics(s) for s in with_input_layer(found.body)]
