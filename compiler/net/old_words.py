"""V1's words for types, which stand without quotes, in layers of V2: ``layer { type: CONVOLUTION }``."""

from collections.abc import Sequence

from netdef.compiler.diagnostics import Diagnostic, Label, again
from netdef.compiler.fixes import Fix, replace
from netdef.compiler.layers import catalogue
from netdef.compiler.syntax.tree import Field, Plain, Text, Word


def in_v2_words(statement: Plain, old_words: list[Diagnostic]) -> Plain:
    """A layer's ``type: CONVOLUTION``, V1's word, as the string that V2 has for it; all else as it is."""
    if not isinstance(statement, Field) or statement.name != "type" or not isinstance(statement.value, Word):
        return statement
    word, at = statement.value.value, statement.value.at
    kind = catalogue.named_in_v1(word)
    if kind is None:
        return statement
    message = f"type takes a string, and {word} is what layers {{ }} of older files call {kind}"
    fix = replace(at, f'"{kind}"') if at.text == word else None
    old_words.append(Diagnostic("N402", message, Label(at), help=f'write "{kind}"', fix=fix))
    return statement._replace(value=Text(kind, at))


def of_all(old_words: Sequence[Diagnostic]) -> Diagnostic:
    """One for all of V1's words that stand as types in V2's layers."""
    first, *others = old_words
    if not others:
        return first
    spans = [each.primary.span for each in old_words if each.primary is not None]
    primary, secondary = again(spans[0], spans[1:])
    fixes = [each.fix for each in old_words if each.fix is not None]
    fix = Fix(tuple(edit for each in fixes for edit in each.edits), fixes[0].applicability) if fixes else None
    help = f"{first.help}, and so on: `layer` is of V2"
    return first._replace(primary=primary, secondary=secondary, help=help, fix=fix)
