"""What a misspelt word was meant to be, said as help and made as a fix."""

from collections.abc import Callable, Iterable
from itertools import islice
from typing import NamedTuple

from netdef.compiler.diagnostics import MOST_KNOWN, closest
from netdef.compiler.fixes import Fix, rename
from netdef.compiler.source import Span


class Guess(NamedTuple):
    """The help of a diagnostic, and its fix if a known word is near."""

    help: str
    fix: Fix | None


def guess(
    word: str,
    known: Iterable[str],
    at: Span,
    otherwise: str,
    nearest: Callable[[str, Iterable[str]], str | None] = closest,
) -> Guess:
    """What was meant by a word that stands at a place; ``otherwise`` is the help where no known word is near."""
    near = nearest(word, known)
    return Guess(otherwise, None) if near is None else Guess(f'did you mean "{near}"?', rename(at, word, near))


_COMPARISONS = 50_000
"""Of two words: about a second's work."""


class NearNames:
    """Near names as ``closest`` finds them, each looked for once, until that has taken a second for one text.

    A text may hold a hundred thousand unknown words: nobody reads what each was meant to be.
    """

    def __init__(self) -> None:
        self._found: dict[tuple[str, tuple[str, ...]], str | None] = {}
        self._left = _COMPARISONS

    def closest(self, word: str, known: Iterable[str]) -> str | None:
        """The known word that is nearest; None if none is near, or enough have been looked for."""
        if self._left <= 0:
            return None
        key = (word, tuple(islice(known, MOST_KNOWN)))
        if key not in self._found:
            self._left -= len(key[1])
            self._found[key] = closest(*key)
        return self._found[key]


def misspelt(word: str, known: Iterable[str]) -> str | None:
    """The known word of which another is a slip: but for capitals and signs, one letter off, or two in a longer one.

    Names of public things need this: a ROIPooling isn't a Pooling that somebody wrote badly.
    """
    typed = _letters(word)
    best: tuple[int, str] | None = None
    for each in known:
        letters = _letters(each)
        if not _begins_alike(typed, letters):
            continue
        most = min(2, min(len(typed), len(letters)) // 4)
        if abs(len(letters) - len(typed)) <= most and (off := _distance(typed, letters)) <= most:
            best = min(best or (off, each), (off, each))
    return best and best[1]


_LONG = 7
"""Letters: in names as long as this, a wrong first one is a slip, too."""


def _begins_alike(typed: str, meant: str) -> bool:
    """Whether the first letters allow a slip: in a short name, the first one makes another name (PReLU, CReLU)."""
    is_swapped = typed[:2] == meant[1::-1]
    return typed[:1] == meant[:1] or is_swapped or min(len(typed), len(meant)) >= _LONG


def _letters(word: str) -> str:
    return word.lower().replace("_", "").replace("-", "")


def _distance(one: str, other: str) -> int:
    """How many letters are put in, left out, changed, or swapped with their neighbours (optimal string alignment)."""
    before: list[int] = []
    last: list[int] = [*range(len(other) + 1)]
    for i, a in enumerate(one):
        row: list[int] = [i + 1]
        for j, b in enumerate(other):
            row.append(min(last[j + 1] + 1, row[j] + 1, last[j] + int(a != b)))
            if i and j and a == other[j - 1] and one[i - 1] == b:
                row[-1] = min(row[-1], before[j - 1] + 1)
        before, last = last, row
    return last[-1]
