"""What can be wrong with a text itself: the wording, and what a program can do about it."""

import re
from unicodedata import normalize

from netdef.compiler.diagnostics import Diagnostic, Label, closest
from netdef.compiler.fixes import Applicability, Fix, delete, insert_after, insert_before, replace
from netdef.compiler.source import Span

_LONGEST = 30  # characters of the user's text in a message
_SAFE, _UNSAFE = Applicability.SAFE, Applicability.UNSAFE
_SUFFIXED = re.compile(r"(?:\d+\.?\d*|\.\d+)[dDlLuU]{1,3}", re.ASCII)  # 0.5d, 64L: other languages' numbers
_SEVERAL = re.compile(r"[\w.+-]+(?:[ \t]*,[ \t]*[\w.+-]+|[ \t]+[\w.+-]+)+", re.ASCII)


def quote(at: Span) -> str:
    """What the text says there, for a message."""
    text = at.text.split("\n", 1)[0]
    if not text:
        return "the end of the text"
    return f"`{text}`" if len(text) <= _LONGEST else f"`{text[:_LONGEST]}...`"


# ---- met by the lexer
def too_deep(at: Span, most: int) -> Diagnostic:
    """More brackets or operators in each other than anybody writes."""
    return Diagnostic(
        "N114",
        f"this nests more than {most} deep",
        Label(at, "one too many"),
        help="close a brace before this one, or give a part of the expression a name with `let`",
    )


CLOSERS = {"{": "}", "(": ")", "[": "]", "<": ">"}
"""The sign that closes what another opens."""


def unclosed(opener: Span, before: Span, after: Span, closers: str) -> Diagnostic:
    """A bracket that was never closed, and what shows that it should have been.

    ``closers`` belong right behind ``after``: that of the bracket, and of those around it that end there, too.
    """
    sign = opener.text
    closer = CLOSERS[sign]
    is_sure = set(closers) <= {")", "]"}
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


def stray_closer(at: Span) -> Diagnostic:
    """A closing bracket that closes nothing."""
    return Diagnostic(
        "N103",
        f"`{at.text}` closes nothing",
        Label(at),
        help="delete it, or look above it for a bracket that was closed too early",
        fix=delete(at, _UNSAFE),
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
    if len(text) > 1 and last.text in "\"'":  # begun with one quote, ended with the other
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
    elif _SUFFIXED.fullmatch(text):
        number = text.rstrip("dDlLuU")
        help, fix = f"write {number}", replace(at, number)
    elif text[digits:].isidentifier():
        help = f"put a space between {text[:digits]} and {text[digits:]}, or quotes around the whole"
        fix = insert_before(at._replace(start=at.start + digits), " ", _UNSAFE)
    return Diagnostic("N106", f"{quote(at)} is not a number", Label(at), help=help, fix=fix)


def bad_characters(at: Span) -> Diagnostic:
    """Characters that have no place outside of strings and comments."""
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


def foreign_comment(at: Span) -> Diagnostic:
    """A comment of another language."""
    mark = at.text[:2]
    return Diagnostic(
        "N108",
        f"`{mark}` does not begin a comment here",
        Label(Span(at.source, at.start, at.start + 2)),
        help="a comment begins with # and ends with its line",
        fix=_as_comment(at),
    )


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


# ---- met by the parser
FORMS = {
    "LAYER": 'layer "name" Type { ... }',
    "INPUT": 'input "name" [1, 3, 224, 224]',
    "LET": "let name = value",
    "BLOCK": "block name(a, b = 1) { ... }",
    "REPEAT": "repeat i in 1..n { ... }",
    "IF": "if condition { ... } else { ... }",
    "INCLUDE": 'include "file.net"',
    "OPAQUE": 'opaque "Type" { top_shape: [1, 10] }',
}
"""How each construct is written, by the token that begins it."""


def meant_construct(word: str) -> str | None:
    """The word of a construct that somebody who wrote ``word`` most likely meant."""
    meant = closest(word, [terminal.lower() for terminal in FORMS])
    return meant if meant is not None and meant != word and abs(len(meant) - len(word)) < 2 else None


def stray_word(at: Span) -> Diagnostic:
    """A word that is neither a field nor a construct."""
    meant = meant_construct(at.text)
    if meant is not None:
        return Diagnostic(
            "N110",
            f"`{at.text}` is no construct",
            Label(at),
            help=f"did you mean `{meant}`, as in {FORMS[meant.upper()]}",
            fix=replace(at, meant, _SAFE if at.text.lower() == meant else _UNSAFE),
        )
    return Diagnostic(
        "N110",
        f"`{at.text}` stands alone",
        Label(at),
        help=f"write `{at.text}: value` or `{at.text} {{ ... }}`, or delete it",
    )


def several_values(name: Span, values: Span, extra: Span) -> Diagnostic:
    """More than one value after a field's name."""
    listed = ", ".join(re.split(r"[ \t]*,[ \t]*|[ \t]+", values.text))
    return Diagnostic(
        "N111",
        f"more than one value for `{name.text}`",
        Label(extra, "one too many"),
        help=f"write a list, {name.text}: [{values.text}], or the whole field once for each value",
        fix=replace(values, f"[{listed}]", _UNSAFE) if _SEVERAL.fullmatch(values.text) else None,
    )


def value_alone(at: Span) -> Diagnostic:
    """A value that no field's name stands before."""
    return Diagnostic(
        "N111", f"{quote(at)} is no field's value", Label(at), help=f"write the field's name before it: name: {at.text}"
    )


def no_colon(name: Span, value: Span) -> Diagnostic:
    """A field's name right before its value."""
    return Diagnostic(
        "N112",
        f"a `:` is missing between {quote(name)} and its value",
        Label(value),
        help=f"write {name.text}: {value.text}",
        fix=insert_after(name, ":"),
    )


def no_value(name: Span, at: Span) -> Diagnostic:
    """A field or a variable without a value."""
    return Diagnostic(
        "N113",
        f"`{name.text}` has no value",
        Label(name),
        (Label(at, "a value belongs before this"),),
        help="write the value, or delete the name",
    )


def no_name(at: Span) -> Diagnostic:
    """A brace that nothing stands before."""
    return Diagnostic(
        "N115",
        "a message without a name before its `{`",
        Label(at, "what does this open?"),
        help="write the field's name before it, for instance `layer {`",
    )


def chained_comparison(first: Span, at: Span) -> Diagnostic:
    """``a < b < c``."""
    return Diagnostic(
        "N116",
        "comparisons do not chain",
        Label(at, "the second one"),
        (Label(first, "the first one"),),
        help="write two of them with `and`: a < b and b < c",
    )


def reserved_word(at: Span, word: str) -> Diagnostic:
    """A block, parameter or variable that is called like a word of the language."""
    help = f"choose another name, for instance {word}_"
    return Diagnostic("N117", f"`{word}` is a word of the language", Label(at), help=help)


def equals_for_colon(name: Span, at: Span) -> Diagnostic:
    """``num_output = 64``."""
    between = name._replace(start=name.end, end=at.end)
    return Diagnostic(
        "N118",
        "`=` where a `:` belongs",
        Label(at),
        help=f"a field is written `{name.text}: ...`, a variable `let {name.text} = ...`",
        fix=replace(between if between.text.strip() == "=" else at, ":"),
    )


def bare_condition(at: Span) -> Diagnostic:
    """A comparison or a choice in a field, without parentheses."""
    return Diagnostic(
        "N119",
        f"`{at.text}` needs parentheses in a field's value",
        Label(at),
        help="put the whole value in parentheses: pad: (k == 3 ? 1 : 0)",
    )


def bad_template(at: Span) -> Diagnostic:
    """A ``${`` with no expression after it."""
    return Diagnostic(
        "N120",
        "`${` needs an expression and a `}`",
        Label(at),
        help="write ${name}, or \\${ for these very characters",
        fix=insert_before(at, "\\", _UNSAFE),
    )


def else_without_if(at: Span) -> Diagnostic:
    """An ``else`` that follows no ``if``."""
    return Diagnostic(
        "N121", "`else` without an `if` before it", Label(at), help="it stands right after the `}` of its `if`"
    )


def bad_form(keyword: Span, form: str, at: Span) -> Diagnostic:
    """A construct that is not written as it should be."""
    return Diagnostic(
        "N122",
        f"`{keyword.text}` cannot go on with {quote(at)}",
        Label(at),
        (Label(keyword, "begun here"),) if keyword.line != at.line else (),
        help=f"write {form}",
    )


def no_quotes(keyword: Span, path: Span) -> Diagnostic:
    """An include whose file stands there without quotes."""
    said = bad_form(keyword, FORMS["INCLUDE"], path)
    return said._replace(help=f'write include "{path.text}"', fix=replace(path, f'"{path.text}"'))


def no_comma(before: Span, at: Span) -> Diagnostic:
    """Two values in a list or a call with nothing between them."""
    return Diagnostic(
        "N123",
        f"a `,` is missing before {quote(at)}",
        Label(at),
        help="commas stand between values",
        fix=insert_after(before, ","),
    )


def separator_too_many(at: Span, expected: str, separator: Span) -> Diagnostic:
    """A comma or semicolon that stands between nothing."""
    label = Label(at, f"expected {expected}")
    help = f"drop the `{separator.text}`"
    return Diagnostic("N101", f"{quote(at)} has no place here", label, help=help, fix=delete(separator))


def unexpected(at: Span, expected: str, advice: str | None) -> Diagnostic:
    """Any other token that the grammar has no place for."""
    return Diagnostic("N101", f"{quote(at)} has no place here", Label(at, f"expected {expected}"), help=advice)
