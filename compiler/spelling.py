"""What a misspelt word was meant to be, said as help and made as a fix."""

from collections.abc import Iterable
from typing import NamedTuple

from netdef.compiler.diagnostics import closest
from netdef.compiler.fixes import Fix, rename
from netdef.compiler.source import Span


class Guess(NamedTuple):
    """The help of a diagnostic, and its fix if a known word is near."""

    help: str
    fix: Fix | None


def guess(word: str, known: Iterable[str], at: Span, otherwise: str) -> Guess:
    """What was meant by a word that stands at a place; ``otherwise`` is the help where no known word is near."""
    near = closest(word, known)
    return Guess(otherwise, None) if near is None else Guess(f'did you mean "{near}"?', rename(at, word, near))
