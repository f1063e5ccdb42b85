"""What can be wrong before a text is parsed, in its characters and brackets: the wording, and fixes."""

import re
from collections.abc import Iterable, Sequence

from netdef.compiler.diagnostics import Diagnostic, Label, again
from netdef.compiler.fixes import Applicability, Fix, delete, insert_after, insert_before, replace
from netdef.compiler.source import Span

_LONGEST = 30  # characters of the user's text in a message
_SAFE, _UNSAFE = Applicability.SAFE, Applicability.UNSAFE
_SUFFIXED = r"(?a)(?:\d+\.?\d*|\.\d+)[dDlLuU]{1,3}"  # 0.5d, 64L: other languages' numbers


def quote(at: Span) -> str:
    """What the text says there, for a message."""
    text = at.text.split("\n", 1)[0]
    if not text:
        return "the end of the text"
    return f"`{text}`" if len(text) <= _LONGEST else f"`{text[:_LONGEST]}...`"


def too_deep(at: Span, most: int) -> Diagnostic:
    """More brackets or operators in each other than anybody writes."""
    return Diagnostic(
        "N114",
        f"this nests more than {most} deep",
        Label(at, "one too many"),
        help="close a brace before this one, or give a part of the expression a name with `let`",
    )


def too_long(at: Span, most: int) -> Diagnostic:
    """More in one text than anybody writes."""
    message = f"this text has more than {most:,} words, numbers, signs and comments"
    return Diagnostic("N124", message, Label(at, "read up to here"), help="write what repeats with `repeat`")


def too_wrong(at: Span, most: int) -> Diagnostic:
    """More mistakes than anybody reads."""
    message = f"more than {most} mistakes: what follows is not read"
    return Diagnostic("N125", message, Label(at, "read up to here"), help="is this a net at all?")


CLOSERS = {"{": "}", "(": ")", "[": "]", "<": ">"}
"""The sign that closes what another opens."""


def unclosed(opener: Span, before: Span, after: Span, closers: str) -> Diagnostic:
    """A bracket that was never closed, and what shows that it should have been.

    ``closers`` belong right behind ``after``: that of the bracket, and of those around it that end there, too.
    """
    sign = opener.text
    closer = CLOSERS[sign]
    is_sure = set(closers) <= {")", "]"} and not _is_lost_behind(after)
    if before.text:
        found = f"{quote(before)} stands here, with the `{sign}` still open"
        where = f"before line {before.line}" if before.line != opener.line else f"before {quote(before)}"
    else:
        found, where = "the text ends", "where it belongs"
    return Diagnostic(
        "N102",
        f"`{sign}` is never closed",
        Label(opener, "opened here"),
        (Label(before, found),),
        help=f"add `{closer}` {where}",
        fix=insert_after(after, closers, _SAFE if is_sure else _UNSAFE),
    )


_WHOLE = r"""[^"'#]+|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|\#[^\n]*\n"""


def _is_lost_behind(at: Span) -> bool:
    """Whether its text ends in a string without its end, or in a comment, which would swallow what follows it."""
    rest = at.text
    while (whole := re.match(_WHOLE, rest)) is not None:
        rest = rest[whole.end() :]
    return bool(rest)


def stray_closer(at: Span) -> Diagnostic:
    """A closing bracket that closes nothing."""
    return Diagnostic(
        "N103",
        f"`{at.text}` closes nothing",
        Label(at),
        help="delete it, or look above it for a bracket that was closed too early",
        fix=delete(at, _UNSAFE),
    )


def unopened(closer: Span, head: Span) -> Diagnostic:
    """A closing brace that closes nothing, because the head of what it closes has no opening one."""
    return Diagnostic(
        "N103",
        f"a `{{` is missing behind {quote(head)}",
        Label(head),
        (Label(closer, "so this closes nothing"),),
        help="write `{` there",
        fix=None if _is_lost_behind(head) else insert_after(head, " {"),
    )


def missing_opener(sign: str, following: Span) -> Diagnostic:
    """A closing bracket that closes nothing, because the opening one is missing."""
    return Diagnostic(
        "N103",
        f"a `{sign}` is missing before {quote(following)}",
        Label(following),
        help="write it there, or delete the bracket that closes it",
        fix=insert_before(following, sign, _UNSAFE),
    )


def unended_string(at: Span) -> Diagnostic:
    """A quote without its fellow on the same line."""
    quotes = at.text[0]
    return Diagnostic(
        "N104",
        "a string does not end on its line",
        Label(Span(at.source, at.start, at.start + 1), "it begins here"),
        help=f"end it with {quotes} (a line break inside a string is written \\n)",
        fix=_end_of_string(at),
    )


def _end_of_string(at: Span) -> Fix:
    """The quote that a string lacks: sure where one word stands between it and the end of the line."""
    quotes, text = at.text[0], at.text.rstrip()
    last = at._replace(start=at.start + len(text) - 1, end=at.start + len(text))
    if len(text) > 1 and last.text in "\"'" and last.text != quotes:  # begun with one, ended with the other
        return replace(last, quotes)
    is_sure = re.fullmatch(r"[\w./-]*", text[1:], re.ASCII) is not None
    return insert_after(last, quotes, _SAFE if is_sure else _UNSAFE)


def bad_escape(at: Span) -> Diagnostic:
    """A backslash before something that it means nothing with."""
    return Diagnostic(
        "N105",
        f"`{at.text}` means nothing in a string",
        Label(at),
        help="for a backslash write \\\\ (a file's path may have / instead, everywhere)",
        fix=insert_before(at, "\\", _UNSAFE),
    )


def bad_number(at: Span) -> Diagnostic:
    """Digits that make no number."""
    text = at.text
    digits = len(text) - len(text.lstrip("0123456789"))
    help, fix = "numbers are written 3, 0.5, 1e-05, 0x1F or 1_000", None
    if text[:1] == "0" and text.isdigit():
        help = f"a number that begins with 0 is octal: write {text.lstrip('0')}"
        fix = replace(at, text.lstrip("0"))
    elif re.fullmatch(_SUFFIXED, text):
        number = text.rstrip("dDlLuU")
        help, fix = f"write {number}", replace(at, number)
    elif text[digits:].isidentifier():
        help = f"put a space between {text[:digits]} and {text[digits:]}, or quotes around the whole"
        fix = insert_before(at._replace(start=at.start + digits), " ", _UNSAFE)
    return Diagnostic("N106", f"{quote(at)} is not a number", Label(at), help=help, fix=fix)


def bad_characters(at: Span) -> Diagnostic:
    """Characters that have no place outside of strings and comments."""
    from unicodedata import normalize

    names = ", ".join(f"U+{ord(character):04X}" for character in at.text[:3])
    shown = quote(at) if at.text.isprintable() and not at.text.isspace() else names
    notes = () if at.text.isascii() else (f"it is {names}",)
    plain = normalize("NFKC", at.text)
    help, fix = "delete it", delete(at, _UNSAFE)
    if plain != at.text and set(plain) <= set(" ,:;{}()[]"):  # a wide colon, or a blank that is none
        help = f"write {plain}" if plain.strip() else "put a blank there"
        fix = replace(at, plain)
    elif not any(character.isprintable() for character in at.text):
        fix = delete(at)
    message = f"{shown} has no place outside of strings and comments"
    return Diagnostic("N107", message, Label(at), notes=notes, help=help, fix=fix)


def curly_quotes(at: Span) -> Diagnostic:
    """A string between the quotes of a word processor."""
    return Diagnostic(
        "N107",
        f"{at.text[0]} and {at.text[-1]} are no quotes of a string",
        Label(at),
        help=f'write "{at.text[1:-1]}"',
        fix=replace(at, f'"{at.text[1:-1]}"'),
    )


def foreign_comments(places: Sequence[Span]) -> Diagnostic:
    """Comments of another language."""
    mark = places[0].text[:2]
    primary, others = again(*_first_of(Span(at.source, at.start, at.start + 2) for at in places))
    fixes = [_as_comment(at) for at in places]
    edits = tuple(edit for fix in fixes if fix is not None for edit in fix.edits)
    return Diagnostic(
        "N108",
        f"`{mark}` does not begin a comment here",
        primary,
        others,
        help="a comment begins with # and ends with its line",
        fix=Fix(edits, _SAFE) if all(fix is not None for fix in fixes) else None,
    )


def placeholder(places: Sequence[Span]) -> Diagnostic:
    """What a script was to replace, at each of its places."""
    primary, others = again(places[0], places[1:])
    help = "a script was to put a value there: write it, or run the script that this file is a template of"
    return Diagnostic("N126", f"the placeholder {quote(places[0])} was never filled in", primary, others, help=help)


def _first_of(spans: Iterable[Span]) -> tuple[Span, list[Span]]:
    first, *others = spans
    return first, others


def _as_comment(at: Span) -> Fix | None:
    """The same comment with ``#``; none where something follows it on its line."""
    if at.text.startswith("//"):
        return replace(at._replace(end=at.start + 2), "#")
    line_end = at.source.text.find("\n", at.end)
    rest = at.source.text[at.end : None if line_end < 0 else line_end]
    if rest.strip():
        return None
    lines = at.text.removeprefix("/*").removesuffix("*/").rstrip().split("\n")
    return replace(at, "\n".join(f"# {line.strip().lstrip('*').strip()}".rstrip() for line in lines))


def merge_marker(at: Span) -> Diagnostic:
    """What git leaves where two versions disagree."""
    return Diagnostic(
        "N109",
        "a merge conflict was left unresolved",
        Label(at, "git's marker"),
        help="keep one of the two versions, and delete the lines of <<<<<<<, ======= and >>>>>>>",
    )


def stray_path(at: Span) -> Diagnostic:
    """A file's name on a line of its own."""
    return Diagnostic(
        "N110",
        f"the file name {quote(at)} stands alone on a line",
        Label(at),
        help=f"delete it, or make it a comment: # {at.text}",
        fix=insert_before(at, "# "),
    )
