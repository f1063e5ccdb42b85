"""Text to tree."""

from netdef.compiler.collection import no_collection
from netdef.compiler.diagnostics import Diagnostic, Report
from netdef.compiler.fixes import Applicability
from netdef.compiler.source import Source
from netdef.compiler.syntax.reading import Reading, read
from netdef.compiler.syntax.tree import Tree

_KNOWN = frozenset({"N109", "N126"})
"""What nobody can mistake for anything else: git's markers, placeholders."""
_TOO_MANY = frozenset({"N101", "N102"})


@no_collection()
def parse(source: Source, report: Report) -> Tree:
    """Read a text as far as it makes sense; every mistake goes into the report, and none is raised."""
    reading = read(source)
    found, mended = reading.found, None
    if len(found) > 1 or not all(_is_sure(each) for each in found):
        from netdef.compiler.syntax.one_edit import say_once  # most texts are right

        found, mended = say_once(source, reading)
    report.extend(found)
    tree = _tree(source, reading)
    return tree if mended is None else tree._replace(mended=_tree(source, mended))


def _tree(source: Source, reading: Reading) -> Tree:
    tokens = reading.tokens
    return Tree(source, reading.body, tuple(tokens.comments), tokens.has_constructs, tokens.is_sound)


def _is_sure(mistake: Diagnostic) -> bool:
    """Whether there is no doubt what was meant, so that the text was read as if it were mended.

    Of a sign too many there is: it may stand in the place of what the text lacks.
    """
    if mistake.code in _KNOWN:
        return True
    is_safe = mistake.fix is not None and mistake.fix.applicability is Applicability.SAFE
    return is_safe and mistake.code not in _TOO_MANY
