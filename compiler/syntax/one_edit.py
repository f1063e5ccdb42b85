"""What is said several times is one mistake if one edit mends it all.

A slip of the hand, a sign too many, too few, or another one in its place, may be noticed at several places: by the
scanner at a bracket that then closes nothing, and by the parser wherever the text can't go on. To find out what belongs
together, small edits are tried around the first of these places. If the text reads well after one, that is the
mistake: it is said once, where the edit is; the text is understood as edited, and the statement that the edit is in
counts as lost, so that nothing follows from the guess. (LR parsers' minimum-cost repairs, as in Corchuelo et al.,
"Repairing syntax errors in LR parsers", 2002, with one edit as the most.)
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import NamedTuple

from netdef.compiler.diagnostics import Diagnostic
from netdef.compiler.edits import Edit, overlap
from netdef.compiler.source import Source, Span
from netdef.compiler.syntax import syntax_errors, token_errors
from netdef.compiler.syntax.braces import is_first_on_line
from netdef.compiler.syntax.damage import damage
from netdef.compiler.syntax.reading import Place, Reading, place_of, read_amended, reads_well

_MOST_JOINED = 6
"""A text with more mistakes than this is told all of them: that is no slip any more."""
_MOST_TRIES = 400
"""For one mistake; several of a text share them, since the more there are the less it is a slip."""
_MOST_AMENDED, _MOST_READ = 5, 500_000
"""For one mistake: each reads the whole text anew, so that a long one is read less often; the latter in characters."""
_LONGEST_REGION = 3000  # characters
_FURTHEST = 24  # words and signs from the first place where a slip was noticed to the slip itself

_TOKEN = re.compile(
    r"""\#[^\n]*+ | (?P<token> "(?:[^"\\\n]|\\[^\n])*+" | '(?:[^'\\\n]|\\[^\n])*+' | [A-Za-z_]\w*+
    | \d(?:(?<=[eE])[+-](?=\d)|\w|\.(?!\.))*+ | \.\. | [=!<>]= | [^\s] )""",
    re.VERBOSE | re.ASCII,
)
_BEGIN_OF_A_STATEMENT = re.compile(r"""^(?!else\b)[A-Za-z_"']""", re.MULTILINE)
_SIGNS = (":", ",", "=", "{", "}", "(", ")", "[", "]", "+", "?", "..")
_FIRST_WORDS = ("layer", "let", "block", "if", "repeat", "input")
_EXAMPLES = ("x", "1", '"x"')
_DEPTH = {"{": (1, 0, 0), "}": (-1, 0, 0), "(": (0, 1, 0), ")": (0, -1, 0), "[": (0, 0, 1), "]": (0, 0, -1)}
_NONE = (0, 0, 0)

_COST_OF_A_SIGN, _COST_OF_A_WORD, _COST_OF_AN_EXAMPLE = 1.0, 1.5, 2.0
_COST_OF_LOSING_A_SIGN, _COST_OF_LOSING_A_WORD, _COST_OF_LOSING_A_DOUBLE = 0.8, 2.6, 0.5
_COST_OF_A_SWAP, _COST_OF_A_STEP = 0.9, 0.5


class _Try(NamedTuple):
    """An edit that may be the mistake; the dearer the less likely."""

    cost: float
    edit: Edit


def say_once(source: Source, reading: Reading) -> tuple[tuple[Diagnostic, ...], Reading | None]:
    """The mistakes of a text, each said once, and the text read as mended; None where no edit mends anything."""
    left = {place_of(each): each for each in reading.found}
    edits: list[Edit] = []
    places: list[Span] = []
    said: list[Diagnostic] = []
    mended: Reading | None = None
    most_tries = _MOST_TRIES // len(left)
    for first in () if len(left) > _MOST_JOINED else reading.found:
        best: tuple[Edit, Reading, frozenset[Place]] | None = None
        most = min(_MOST_AMENDED, 1 + _MOST_READ // len(source.text)) if place_of(first) in left else 0
        mending = _mending(source, first, iter(range(most_tries)))
        beside = (edit for edit in mending if not any(overlap(edit, other) for other in edits))
        for edit in islice(beside, most):
            amended, wrong = read_amended(source, [*edits, edit])
            mends = place_of(first) not in wrong and wrong <= left.keys()
            if mends and (best is None or len(wrong) < len(best[2])):
                best = edit, amended, wrong
            if best is not None and not best[2]:
                break
        if best is not None:
            edit, mended, wrong = best
            gone = [each for place, each in left.items() if place not in wrong]
            said.append(_said(edit, gone))
            left = {place: left[place] for place in left if place in wrong}
            edits.append(edit)
            places += [edit.span, *(each.primary.span for each in gone if each.primary is not None)]
    found = (*left.values(), *said)
    return found, None if mended is None else _doubted(mended, edits, places)


def _said(edit: Edit, gone: Sequence[Diagnostic]) -> Diagnostic:
    """What to say of an edit: the opening bracket, or the construct's word, that it puts in.

    Of any other, the nearest mistake that it mends.
    """
    sign, place = edit.replacement.strip(), edit.span
    following = None if place.text else _TOKEN.match(place.source.text, place.start)
    if following is not None:
        at = Span(place.source, *following.span())
        if sign in "([{":
            return token_errors.missing_opener(sign, at)
        if sign in _FIRST_WORDS and at.text not in (*_FIRST_WORDS, "{", "[", "("):
            return syntax_errors.no_keyword(sign, at)
    return min(gone, key=lambda each: abs(place_of(each)[1] - place.start))


def _doubted(mended: Reading, edits: Sequence[Edit], places: Sequence[Span]) -> Reading:
    """The same, with what was changed, and where that was noticed, marked as lost or broken."""
    body = mended.body
    for place in places:
        body = damage(body, place)
    for edit in edits:
        if not {"{", "}"}.isdisjoint((edit.span.text, edit.replacement.strip())):
            mended.tokens.is_sound = False
    return mended._replace(body=body)


def _mending(source: Source, mistake: Diagnostic, num_tries: Iterator[int]) -> Iterator[Edit]:
    """Edits after which the statements around a mistake read well, the likeliest first.

    Those in the very statements that it stands in are tried there, and at last among the neighbours.
    """
    regions = _regions(source, mistake)
    tries = [
        (region != regions[0] and _is_within(edit.span, regions[0]), cost, edit, region)
        for region in regions
        for cost, edit in _tries(region, mistake)
    ]
    yielded: set[Edit] = set()
    for _, _, edit, region in sorted(tries, key=lambda each: each[:2]):
        if next(num_tries, None) is None:
            return
        text, start, end = region.text, edit.span.start - region.start, edit.span.end - region.start
        if edit not in yielded and reads_well(text[:start] + edit.replacement + text[end:]):
            yielded.add(edit)
            yield edit


def _is_within(span: Span, region: Span) -> bool:
    return region.start <= span.start and span.end <= region.end


def _regions(source: Source, mistake: Diagnostic) -> list[Span]:
    """The statements of the file itself that a mistake stands in; then the same, with their neighbours."""
    text, (first, last) = source.text, _reach(mistake)
    line_end = text.find("\n", last)
    before = _BEGIN_OF_A_STATEMENT.finditer(text, max(0, first - _LONGEST_REGION), first + 1)
    behind = islice(_BEGIN_OF_A_STATEMENT.finditer(text, line_end), 2) if line_end >= 0 else ()
    begins = [0, 0, *(found.start() for found in before)]
    ends = [*(found.start() for found in behind), len(text), len(text)]
    narrow, wide = Span(source, begins[-1], ends[0]), Span(source, begins[-2], ends[1])
    return [region for region in dict.fromkeys((narrow, wide)) if region.end - region.start <= _LONGEST_REGION]


def _reach(mistake: Diagnostic) -> tuple[int, int]:
    """The first and the last character that a mistake is noticed at."""
    assert mistake.primary is not None, "whatever is wrong with a text has a place there"
    spans = [label.span for label in (mistake.primary, *mistake.secondary)]
    return min(span.start for span in spans), max(span.end for span in spans)


def _tries(region: Span, mistake: Diagnostic) -> Iterator[_Try]:
    """Edits of the words and signs around a mistake.

    Those that leave a bracket without its fellow are left out; and none is far behind the mistake, since up to there
    the text could go on well.
    """
    source, (_, last) = region.source, _reach(mistake)
    found = _TOKEN.finditer(source.text, region.start, region.end)
    tokens = [Span(source, *each.span()) for each in found if each["token"] is not None]
    assert mistake.primary is not None
    noticed = [_nearest(tokens, label.span.start) for label in (mistake.primary, *mistake.secondary)]
    depth = _depth([token.text for token in tokens])
    for index, token in enumerate(tokens):
        distance = min(abs(index - place) for place in noticed)
        is_behind = index > 1 and tokens[index - 2].start > last
        if distance > _FURTHEST or is_behind:
            continue
        before, following = (tokens[i] if 0 <= i < len(tokens) else None for i in (index - 1, index + 1))
        for cost, edit in _edits_at(token, before, following):
            more, less = _depth_of(edit.replacement.strip()), _depth_of(edit.span.text)
            if depth == (less[0] - more[0], less[1] - more[1], less[2] - more[2]):
                yield _Try(cost + distance * _COST_OF_A_STEP, edit)


def _nearest(tokens: Sequence[Span], offset: int) -> int:
    """Which token is nearest to a place."""
    return min(range(len(tokens)), key=lambda index: abs(tokens[index].start - offset), default=0)


def _edits_at(token: Span, before: Span | None, following: Span | None) -> Iterator[_Try]:
    """What may have gone wrong at a word or sign."""
    is_word = token.text[0].isalnum() or token.text[0] in "_\"'"
    is_double = following is not None and following.text == token.text
    cost = _COST_OF_LOSING_A_DOUBLE if is_double else _COST_OF_LOSING_A_WORD if is_word else _COST_OF_LOSING_A_SIGN
    yield _Try(cost, Edit(token, ""))
    place = token._replace(end=token.start)
    after = token._replace(start=token.end)
    for meant, cost in _meant(token, before):
        if meant not in _FIRST_WORDS or following is None or following.text != ":":
            yield _Try(cost + 0.1 * is_word, Edit(token, f" {meant} "))
        if meant not in _FIRST_WORDS or token.text != ":":  # no colon follows the word of a construct
            yield _Try(cost + 0.1, Edit(place, f"{meant} "))
        if following is None:
            yield _Try(cost, Edit(after, f" {meant} "))
    if following is not None:
        between = token.source.text[token.end : following.start]
        yield _Try(_COST_OF_A_SWAP, Edit(token.to(following), f"{following.text}{between} {token.text}"))


def _meant(token: Span, before: Span | None) -> Iterator[tuple[str, float]]:
    yield from ((sign, _COST_OF_A_SIGN) for sign in _SIGNS)
    yield from ((example, _COST_OF_AN_EXAMPLE) for example in _EXAMPLES)
    if before is not None and before.text == "}":
        yield "else", _COST_OF_A_WORD
    if "repeat" in token.source.text[token.source.text.rfind("\n", 0, token.start) + 1 : token.start]:
        yield "in", _COST_OF_A_WORD
    yield "==", _COST_OF_A_WORD
    yield "and", _COST_OF_A_WORD
    if is_first_on_line(token) or (before is not None and before.text in ("{", "}", "else")):
        yield from ((word, _COST_OF_A_WORD) for word in _FIRST_WORDS)


def _depth(tokens: Iterable[str]) -> tuple[int, int, int]:
    """How many more braces, parentheses and brackets open than close."""
    braces, parentheses, brackets = zip(_NONE, *map(_depth_of, tokens), strict=True)
    return sum(braces), sum(parentheses), sum(brackets)


def _depth_of(token: str) -> tuple[int, int, int]:
    return _DEPTH.get(token, _NONE)
