"""Fixes of a report, applied: texts after the edits, and which mistakes these mend."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from netdef.compiler.diagnostics import Diagnostic
from netdef.compiler.edits import Edit, apply_edits, overlap
from netdef.compiler.fixes import Applicability
from netdef.compiler.source import Source


class Fixed(NamedTuple):
    """Texts that fixes have changed, by their paths, and the mistakes that these mend."""

    texts: Mapping[str, str]
    mended: tuple[Diagnostic, ...]


def apply_fixes(diagnostics: Iterable[Diagnostic], applicability: Applicability = Applicability.SAFE) -> Fixed:
    """Apply the fixes that are so sure; of two that meet, the first one, and the other waits for another round."""
    sources: dict[str, Source] = {}
    edits: dict[str, list[Edit]] = {}
    mended = []
    for diagnostic in diagnostics:
        fix = diagnostic.fix
        if fix is None or fix.applicability is not applicability:
            continue
        if any(overlap(edit, other) for edit in fix.edits for other in edits.get(edit.span.source.path, ())):
            continue
        for edit in fix.edits:
            sources.setdefault(edit.span.source.path, edit.span.source)
            edits.setdefault(edit.span.source.path, []).append(edit)
        mended.append(diagnostic)
    texts = {path: apply_edits(sources[path], of_path) for path, of_path in edits.items()}
    return Fixed(texts, tuple(mended))
