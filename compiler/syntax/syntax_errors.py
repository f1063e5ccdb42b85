"""The wording of what can be wrong with a text itself."""

from netdef.compiler.diagnostics import Diagnostic, Label, closest
from netdef.compiler.fixes import delete, insert_after, replace
from netdef.compiler.source import Span

_LONGEST = 30  # characters of the user's text in a message


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


def unclosed(opener: Span, before: Span) -> Diagnostic:
    """A bracket that was never closed, and what shows that it should have been."""
    sign = opener.text
    closer = {"{": "}", "(": ")", "[": "]", "<": ">"}[sign]
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
    )


def stray_closer(at: Span) -> Diagnostic:
    """A closing bracket that closes nothing."""
    return Diagnostic(
        "N103",
        f"`{at.text}` closes nothing",
        Label(at),
        help="delete it, or look above it for a bracket that was closed too early",
    )


def unended_string(at: Span) -> Diagnostic:
    """A quote without its fellow on the same line."""
    quotes = at.text[0]
    return Diagnostic(
        "N104",
        "a string does not end on its line",
        Label(Span(at.source, at.start, at.start + 1), "it begins here"),
        help=f"end it with {quotes} (a line break inside a string is written \\n)",
    )


def bad_escape(at: Span) -> Diagnostic:
    """A backslash before something that it means nothing with."""
    return Diagnostic(
        "N105",
        f"`{at.text}` means nothing in a string",
        Label(at),
        help="for a backslash write \\\\ (a file's path may have / instead, everywhere)",
    )


def bad_number(at: Span) -> Diagnostic:
    """Digits that make no number."""
    text = at.text
    digits = len(text) - len(text.lstrip("0123456789"))
    advice = "numbers are written 3, 0.5, 1e-05, 0x1F or 1_000"
    if text[:1] == "0" and text.isdigit():
        advice = f"a number that begins with 0 is octal: write {text.lstrip('0')}"
    elif text[digits:].isidentifier():
        advice = f"put a space between {text[:digits]} and {text[digits:]}, or quotes around the whole"
    return Diagnostic("N106", f"{quote(at)} is not a number", Label(at), help=advice)


def bad_characters(at: Span) -> Diagnostic:
    """Characters that have no place outside of strings and comments."""
    names = ", ".join(f"U+{ord(character):04X}" for character in at.text[:3])
    shown = quote(at) if at.text.isprintable() and not at.text.isspace() else names
    note = () if at.text.isascii() else (f"it is {names}",)
    return Diagnostic(
        "N107", f"{shown} has no place outside of strings and comments", Label(at), notes=note, help="delete it"
    )


def curly_quotes(at: Span) -> Diagnostic:
    """A string between the quotes of a word processor."""
    return Diagnostic(
        "N107", f"{at.text[0]} and {at.text[-1]} are no quotes of a string", Label(at), help=f'write "{at.text[1:-1]}"'
    )


def foreign_comment(at: Span) -> Diagnostic:
    """A comment of another language."""
    mark = at.text[:2]
    return Diagnostic(
        "N108",
        f"`{mark}` does not begin a comment here",
        Label(Span(at.source, at.start, at.start + 2)),
        help="a comment begins with # and ends with its line",
    )


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
        )
    return Diagnostic(
        "N110",
        f"`{at.text}` stands alone",
        Label(at),
        help=f"write `{at.text}: value` or `{at.text} {{ ... }}`, or delete it",
    )


def several_values(name: Span, values: Span, extra: Span) -> Diagnostic:
    """More than one value after a field's name."""
    return Diagnostic(
        "N111",
        f"more than one value for `{name.text}`",
        Label(extra, "one too many"),
        help=f"write a list, {name.text}: [{values.text}], or the whole field once for each value",
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
    return Diagnostic(
        "N117", f"`{word}` is a word of the language", Label(at), help=f"choose another name, for instance {word}_"
    )


def equals_for_colon(name: Span, at: Span) -> Diagnostic:
    """``num_output = 64``."""
    return Diagnostic(
        "N118",
        "`=` where a `:` belongs",
        Label(at),
        help=f"a field is written `{name.text}: ...`, a variable `let {name.text} = ...`",
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
