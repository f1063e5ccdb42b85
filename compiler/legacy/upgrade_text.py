"""A net or solver of any age as a text in Caffe's newest format, with its comments, in its order."""

from collections.abc import Sequence

from netdef.compiler.diagnostics import Diagnostic, Label, Report
from netdef.compiler.edits import apply_edits
from netdef.compiler.expand import expand
from netdef.compiler.layers.base import Layer
from netdef.compiler.legacy.inputs import with_fixed_statistics, with_input_layer
from netdef.compiler.legacy.layout import UnevenTextError
from netdef.compiler.legacy.rewrite import edits_to
from netdef.compiler.legacy.shorten import short_form
from netdef.compiler.legacy.solver import with_type_of_solver
from netdef.compiler.legacy.upgrade import upgraded
from netdef.compiler.net.definition import Definition, define
from netdef.compiler.net.no_net import SOLVER_FIELDS, first_net, is_layer
from netdef.compiler.net_error import NetError, stop_on_errors
from netdef.compiler.net_in_solver import FIELDS
from netdef.compiler.schema.caffe import LayerFrame
from netdef.compiler.source import Source
from netdef.compiler.syntax.parser import parse
from netdef.compiler.syntax.tree import Expanded, Group, Plain


def upgrade_text(source: Source, report: Report) -> str:
    """The text in V2, as Caffe's own upgrade has it; one that is in V2 already as it is.

    What Caffe drops goes to the report as a warning.

    Raises:
        NetError: if the text can't be read, or mixes formats.
    """
    expanded = expand(parse(source, report), {}, report)
    stop_on_errors(report)
    new = _newest(expanded, report)
    stop_on_errors(report)
    try:
        return apply_edits(source, edits_to(source, expanded.body, new))
    except UnevenTextError as error:
        message = f"{error} has several layers in one place, of which one can't be changed"
        raise NetError(Diagnostic("N418", message, Label(error.at), help="write each by itself")) from None


def short_text(source: Source, report: Report) -> str:
    """The text of a net in netdef's short form; one that has constructs already only in V2.

    Raises:
        NetError: as ``upgrade_text`` does, and where the short form can't say the same: to it, a field that nobody
            knows is a mistake.
    """
    newest = Source(source.path, upgrade_text(source, report))
    expanded = expand(parse(newest, Report()), {}, Report())
    if expanded.has_constructs:
        return newest.text
    _refuse_unknown_fields(source, report)
    text = apply_edits(newest, short_form(newest, expanded.body))
    found = Report()
    again = define(expand(parse(Source(source.path, text), found), {}, found), found)
    if found.errors or _layers(again) != _layers(define(expanded, Report())):
        message = f"the short form of {source.path} would be another net"
        raise NetError(Diagnostic("N418", message, help="keep it in V2: leave out --short"))
    return text


def _refuse_unknown_fields(source: Source, report: Report) -> None:
    expanded = upgraded(expand(parse(source, Report()), {}, Report()), Report())
    for layer in define(expanded._replace(has_constructs=True), report).layers:
        report.extend(layer.report)
    stop_on_errors(report)


def _layers(net: Definition) -> list[tuple[LayerFrame, Layer | None]]:
    return [(each.frame, each.layer) for each in net.layers]


def _newest(expanded: Expanded, report: Report) -> Sequence[Plain]:
    """The statements of a net, or of a solver."""
    if any(map(is_layer, expanded.body)) or not any(s.name in SOLVER_FIELDS for s in expanded.body):
        return _newest_net(expanded, report)
    return with_type_of_solver([_newest_within(s, expanded, report) for s in expanded.body])


def _newest_within(statement: Plain, solver: Expanded, report: Report) -> Plain:
    """A statement of a solver; a net in it as any other net."""
    if not isinstance(statement, Group) or statement.name not in FIELDS:
        return statement
    net = _newest_net(solver._replace(body=statement.fields), report)
    return statement._replace(body=tuple(net))


def _newest_net(expanded: Expanded, report: Report) -> Sequence[Plain]:
    first_net(expanded, report)
    found = upgraded(expanded, report)
    defined = Report()
    define(found, defined)
    report.extend(defined.errors)
    if report.errors:
        return found.body
    return [with_fixed_statistics(s) for s in with_input_layer(found.body)]
