"""Mistakes are data; ``compiler.render`` draws them.

A code is one letter and a number, whose hundreds say which room it comes from (``CODE_GROUPS``).
``compiler/explain/`` holds each code's explanation and example.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from enum import StrEnum
from functools import lru_cache
from itertools import islice
from typing import NamedTuple

from netdef.compiler.counted import counted
from netdef.compiler.fixes import Fix
from netdef.compiler.override import override
from netdef.compiler.source import Span

CODE_GROUPS = {
    "N0": "files, folders, and what is installed or there",
    "N1": "the text itself",
    "N2": "a layer: its parameters and its shapes",
    "N3": "blocks, variables, includes and other constructs",
    "N4": "fields and values",
    "N5": "how layers are joined",
    "N6": "claims, and what is only a warning",
    "N7": "data",
    "N8": "recipes, training and its runs",
    "N9": "weights",
    "N10": "PyTorch, ONNX and verification",
    "N11": "evaluation, prediction and features",
}
"""What the hundreds of a code say."""


def group_of(code: str) -> str:
    """The group that a code belongs to: a code without its last two digits."""
    return code[:-2]


_MANY = 100
MOST_KNOWN = 1000
"""Words that a misspelt one is compared with."""
_LONGEST_WORD = 200
MOST_OF_ONE_CODE = 1000
"""Mistakes of one code that a report keeps: a net of a hundred thousand layers may have one in each."""


class Severity(StrEnum):
    """How bad: an error stops the compiler after all others are found; a warning does not."""

    ERROR = "error"
    WARNING = "warning"


class Label(NamedTuple):
    """A place and what to say about it; an empty text only points."""

    span: Span
    text: str = ""


class Diagnostic(NamedTuple):
    """One mistake: what was found, where, what was expected, and something to type.

    ``message`` alone must make sense: it is what concise output shows. ``subject`` tells apart what else would count
    as one mistake (see ``Report``): the field that is missing, where several may be missing at one place.
    """

    code: str
    message: str
    primary: Label | None = None
    secondary: tuple[Label, ...] = ()
    notes: tuple[str, ...] = ()
    help: str | None = None
    severity: Severity = Severity.ERROR
    subject: str = ""
    fix: Fix | None = None


class Report:
    """The diagnostics of one run, each once, in the order of their places.

    One code at one place of the text about one subject is one mistake, by however many calls of a block or turns of a
    loop it came: the first one's words stand for all. What has no place is told apart by its message.

    A report is walked as a list is; it is true where anything was found, though that be warnings alone.
    """

    def __init__(self, diagnostics: Iterable[Diagnostic] = ()) -> None:
        self._found: dict[tuple[object, ...], Diagnostic] = {}
        self._times: dict[str, int] = {}
        self._kept: dict[str, int] = {}
        self._calls: dict[tuple[str, int, str], Span | None] = {}
        """The call by which a code first came to a place."""
        self.extend(diagnostics)

    def add(self, diagnostic: Diagnostic) -> None:
        """Note one mistake."""
        place = _place(diagnostic)
        call = diagnostic.primary.span.via if diagnostic.primary else None
        if self._calls.setdefault(place, call) == call:
            subject = diagnostic.subject if diagnostic.primary else diagnostic.message
            self._times[diagnostic.code] = self._times.get(diagnostic.code, 0) + 1
            self._keep((*place, subject), diagnostic)

    def _keep(self, key: tuple[object, ...], diagnostic: Diagnostic) -> None:
        """Note what is new, up to so many of a code; the next stands for all others."""
        num = self._kept.get(diagnostic.code, 0)
        if num > MOST_OF_ONE_CODE or key in self._found:
            return
        self._kept[diagnostic.code] = num + 1
        self._found[key] = diagnostic if num < MOST_OF_ONE_CODE else _and_more(diagnostic)

    def extend(self, diagnostics: Iterable[Diagnostic]) -> None:
        """Note several."""
        for diagnostic in diagnostics:
            self.add(diagnostic)

    def agreed(self, other: "Report") -> "Report":
        """What another report says, too: of two readings of one text, what is wrong in either."""
        return Report(each for key, each in self._found.items() if key in other._found)

    def revise(self, judge: Callable[[Diagnostic], Diagnostic | None]) -> None:
        """Put what ``judge`` makes of each mistake in its place; None drops it."""
        judged = {key: judge(each) for key, each in self._found.items()}
        self._found = {key: each for key, each in judged.items() if each is not None}

    def merge(self, code: str) -> None:
        """Make one of the mistakes of a code that say the same, with all their places."""
        alike: dict[str, list[tuple[tuple[object, ...], Diagnostic]]] = {}
        for key, each in self._found.items():
            if each.code == code and all(label.text.startswith(_AGAIN) for label in each.secondary):
                alike.setdefault(each.message, []).append((key, each))
        for found in alike.values():
            if len(found) > 1:
                (first, stands), *others = sorted(found, key=lambda each: _place(each[1]))
                self._found[first] = _merged([stands, *(each for _, each in others)])
                for key, _ in others:
                    del self._found[key]

    def has_many(self, code: str) -> bool:
        """Whether a code has come so often that nobody reads each one's help, which takes time to find."""
        return self._times.get(code, 0) >= _MANY

    def __iter__(self) -> Iterator[Diagnostic]:
        return iter(sorted(self._found.values(), key=_place))

    def __len__(self) -> int:
        return len(self._found)

    @override
    def __repr__(self) -> str:
        return f"<Report: {', '.join(f'{each.severity} {each.code}' for each in self) or 'nothing is wrong'}>"

    @property
    def errors(self) -> list[Diagnostic]:
        """Those that stop the compiler."""
        return [d for d in self if d.severity is Severity.ERROR]

    @property
    def warnings(self) -> list[Diagnostic]:
        """Those that do not."""
        return [d for d in self if d.severity is Severity.WARNING]


def _and_more(first: Diagnostic) -> Diagnostic:
    """What is said for all mistakes of a code from this one on, which aren't kept."""
    message = f"more than {MOST_OF_ONE_CODE:,} mistakes of this kind: the others are not listed"
    label = None if first.primary is None else Label(first.primary.span, "from here on")
    return Diagnostic(first.code, message, label, severity=first.severity, subject=first.subject)


def _merged(alike: Sequence[Diagnostic]) -> Diagnostic:
    """One for several that say the same at other places; notes that only some have are left out."""
    labels = [label for each in alike for label in (each.primary, *each.secondary) if label is not None]
    primary, secondary = again(labels[0].span, [label.span for label in labels[1:]])
    notes = tuple(note for note in alike[0].notes if all(note in each.notes for each in alike))
    return alike[0]._replace(primary=primary, secondary=secondary, notes=notes, fix=None)


def _place(diagnostic: Diagnostic) -> tuple[str, int, str]:
    if diagnostic.primary is None:
        return "", 0, diagnostic.code
    span = diagnostic.primary.span
    return span.source.path, span.start, diagnostic.code


_AGAIN = "and here"
_MOST_PLACES = 5
"""As many of one mistake's places are shown beside the first."""


def again(first: Span, others: Iterable[Span]) -> tuple[Label, tuple[Label, ...]]:
    """Labels of one mistake that is made at several places: the first's, and the others'; a loop comes often to one."""
    spans = [first, *others]
    times = Counter(span[:3] for span in spans)
    places = [*{span[:3]: span for span in reversed(spans)}.values()][::-1]
    said = [f"({times[span[:3]]} times)" if times[span[:3]] > 1 else "" for span in places]
    labels = [Label(span, f"{_AGAIN} {often}".strip()) for span, often in zip(places[1:], said[1:], strict=True)]
    if len(labels) > _MOST_PLACES:
        more = f"{_AGAIN}, and at {counted(len(labels) - _MOST_PLACES, 'place')} more"
        labels = [*labels[: _MOST_PLACES - 1], labels[_MOST_PLACES - 1]._replace(text=more)]
    return Label(places[0], said[0]), tuple(labels)


def closest(word: str, known: Iterable[str]) -> str | None:
    """The known word that somebody who typed ``word`` most likely meant, if any is near.

    Of very many known ones, the first are looked at.
    """
    return _closest(word, tuple(islice(known, MOST_KNOWN))) if len(word) <= _LONGEST_WORD else None


@lru_cache(1000)
def _closest(word: str, known: tuple[str, ...]) -> str | None:
    """The same; one misspelt field of a fork may stand in every layer."""
    from difflib import get_close_matches  # only mistakes need it

    by_lower = {k.lower(): k for k in reversed(known)}
    typed = word.lower()
    longer = [k for k in reversed(by_lower) if len(typed) > 2 and typed in k]
    begun = [k for k in longer if k.startswith(typed)]
    near = begun[:1] or get_close_matches(typed, by_lower, n=1, cutoff=0.6) or longer
    return by_lower[near[0]] if near else None


def did_you_mean(word: str, known: Iterable[str]) -> str | None:
    """A help line that names the closest known word, or None."""
    near = closest(word, known)
    return f'did you mean "{near}"?' if near else None
