"""A net in both its phases, and what is wrong in either: a net that only one of them has is checked, too."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from netdef.compiler.collection import no_collection
from netdef.compiler.diagnostics import Diagnostic, Report
from netdef.compiler.files import DISK, Files
from netdef.compiler.lints.comments import not_understood, revised
from netdef.compiler.lints.levels import Setting
from netdef.compiler.lints.lint import lints
from netdef.compiler.lints.phases import differing_phases
from netdef.compiler.load import PLACEHOLDER, Analysis, in_training, join_net, read_net
from netdef.compiler.net.filter import has_rules
from netdef.compiler.request import NetRequest
from netdef.compiler.schema.caffe import Phase

_OF_ONE_PHASE = ("N602", "N603")
"""Claims are of one phase by what they say."""


class AllPhases(NamedTuple):
    """What is known of a net in each phase; the report says of what only one phase has that it is so."""

    analyses: Mapping[Phase, Analysis]
    report: Report


@no_collection()
def analyse_phases(
    request: NetRequest,
    files: Files = DISK,
    *,
    phases: Sequence[Phase] = tuple(Phase),
    levels: Sequence[Setting] = (),
) -> AllPhases:
    """All that is known of a net in any of these phases, whatever is wrong with it; warnings as loud as ``levels``."""
    read = read_net(request, files)
    analyses = _joined(read, request, files, phases)
    found = {phase: {_key(said): said for said in each} for phase, each in _said(analyses).items()}
    everywhere = set.intersection(*(set(of_phase) for of_phase in found.values()))
    report = Report()
    for phase, of_phase in found.items():
        for key, said in of_phase.items():
            is_everywhere = key in everywhere or said.code in _OF_ONE_PHASE
            only = () if is_everywhere else (f"in phase {phase.name} only",)
            report.add(said._replace(notes=(*said.notes, *only)))
    report.extend(_of_both(analyses))
    if read.tree is not None:
        report.extend(not_understood(read.tree.source))
    report.merge(PLACEHOLDER)
    report.revise(lambda said: revised(said, levels))
    return AllPhases(analyses, report)


def _said(analyses: Mapping[Phase, Analysis]) -> dict[Phase, list[Diagnostic]]:
    """What is wrong in each phase; where nothing is, what is hardly meant, too, which the layers alone tell."""
    found = {phase: [*analysis.report] for phase, analysis in analyses.items()}
    hardly_meant: dict[int, list[Diagnostic]] = {}
    """By the identity of the layers: phases that share theirs are looked at once."""
    for phase, analysis in analyses.items():
        net = analysis.net
        if net is not None and not analysis.report.errors:
            if id(net.nodes) not in hardly_meant:
                hardly_meant[id(net.nodes)] = [*lints(net)]
            found[phase] += hardly_meant[id(net.nodes)]
    return found


def _of_both(analyses: Mapping[Phase, Analysis]) -> Iterator[Diagnostic]:
    """What is hardly meant of two phases."""
    trained, tested = analyses.get(Phase.TRAIN), analyses.get(Phase.TEST)
    if trained is None or tested is None or trained.report.errors or tested.report.errors:
        return
    if trained.net is not None and tested.net is not None:
        yield from differing_phases(trained.net, tested.net)


def _joined(read: Analysis, request: NetRequest, files: Files, phases: Sequence[Phase]) -> dict[Phase, Analysis]:
    """The net in each phase; where it has the same layers in all, they are joined and shaped once."""
    if read.definition is None or len(phases) == 1 or request.dense or has_rules(read.definition):
        return {phase: join_net(read, request.replace(phase=phase.name), files=files) for phase in phases}
    tested = join_net(read, request.replace(phase=Phase.TEST.name), files=files)
    return {phase: tested if phase is Phase.TEST else in_training(tested) for phase in phases}


def _key(said: Diagnostic) -> object:
    span = said.primary.span if said.primary else None
    return said.code, said.message, span and (span.source.path, span.start)
