"""The safe fixes of a net, applied to its files until none is left."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from netdef.compiler.all_phases import AllPhases, analyse_phases
from netdef.compiler.apply_fixes import apply_fixes
from netdef.compiler.diagnostics import Diagnostic, Report
from netdef.compiler.files import DISK, STDIN, Files
from netdef.compiler.lints.levels import Setting
from netdef.compiler.request import NetRequest
from netdef.compiler.rewrite import rewrite
from netdef.compiler.schema.caffe import Phase

_MOST_ROUNDS = 100
"""A fix may uncover the next mistake; so many in a row are more than anybody makes."""


class FixedFiles(NamedTuple):
    """What fixes make of a net's files, none of which is written yet."""

    before: Mapping[str, str]
    """The texts that are changed, as they were."""
    texts: Mapping[str, str]
    """The same as they are now."""
    mended: tuple[Diagnostic, ...]
    left: AllPhases
    """What is known of the net after the fixes."""

    def write(self) -> Iterator[str]:
        """Write the files, each whole or not at all; yields those that are left: what they hold is not what was read.

        Raises:
            NetError: where a file can't be written.
        """
        for path, text in self.texts.items():
            if path == STDIN:
                continue
            if not rewrite(Path(path), self.before[path], text):
                yield path


def fix_files(
    request: NetRequest,
    files: Files = DISK,
    *,
    phases: Sequence[Phase] = tuple(Phase),
    levels: Sequence[Setting] = (),
) -> FixedFiles:
    """Apply safe fixes, and those of what they uncover, until nothing more can be mended."""
    before: dict[str, str] = {}
    texts: dict[str, str] = {}
    mended: list[Diagnostic] = []
    first = found = analyse_phases(request, files, phases=phases, levels=levels)
    for _ in range(_MOST_ROUNDS):
        fixed = apply_fixes(found.report)
        if not fixed.mended:
            return FixedFiles(before, texts, tuple(mended), found)
        for path, text in fixed.texts.items():
            source = files.open(path, Report())
            assert source is not None, "it was read a moment ago"
            before.setdefault(path, source.text)
            files = files.over(path, text)
        texts |= fixed.texts
        mended += fixed.mended
        found = analyse_phases(request, files, phases=phases, levels=levels)
    return FixedFiles({}, {}, (), first)  # what is mended comes again and again: it is better left to a person
