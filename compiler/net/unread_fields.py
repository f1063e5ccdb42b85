"""Fields that nobody here reads, in files that may be a fork's: each kind is said once, with all its places."""

from collections.abc import Iterable, Iterator

from netdef.compiler.diagnostics import Diagnostic, Severity, again

UNREAD = "N401"


def once_each(said: Iterable[Diagnostic]) -> Iterator[Diagnostic]:
    """The diagnostics, those of one unread field of one message as one; what mends them mends all places."""
    kinds: dict[str, list[Diagnostic]] = {}
    for each in said:
        if each.code == UNREAD and each.severity is Severity.WARNING and each.primary is not None:
            kinds.setdefault(each.message, []).append(each)
        else:
            yield each
    for found in kinds.values():
        first, *others = (each.primary.span for each in found if each.primary is not None)
        primary, labels = again(first, others)
        fix = found[0].fix
        edits = tuple(edit for each in found if each.fix is not None for edit in each.fix.edits)
        yield found[0]._replace(primary=primary, secondary=labels, fix=fix and fix._replace(edits=edits))
