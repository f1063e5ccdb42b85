"""What can be wrong where tokens don't fit the grammar: the wording, and fixes."""

import re

from netdef.compiler.diagnostics import Diagnostic, Label, closest
from netdef.compiler.fixes import Applicability, delete, insert_after, insert_before, replace
from netdef.compiler.source import Span
from netdef.compiler.syntax.token_errors import quote

_SAFE, _UNSAFE = Applicability.SAFE, Applicability.UNSAFE
_SEVERAL = r"(?a)[\w.+-]+(?:[ \t]*,[ \t]*[\w.+-]+|[ \t]+[\w.+-]+)+"

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


_OTHER_LANGUAGES = {
    **dict.fromkeys(("for", "foreach", "loop", "while"), "repeat"),
    **dict.fromkeys(("def", "func", "function", "macro", "define"), "block"),
    **dict.fromkeys(("var", "const", "set"), "let"),
    **dict.fromkeys(("import", "require"), "include"),
}
"""What other languages call our constructs."""


def meant_construct(word: str) -> str | None:
    """The word of a construct that somebody who wrote ``word`` most likely meant."""
    if word in _OTHER_LANGUAGES:
        return _OTHER_LANGUAGES[word]
    meant = closest(word, [terminal.lower() for terminal in FORMS])
    return meant if meant is not None and meant != word and abs(len(meant) - len(word)) < 2 else None


def stray_word(at: Span, meant: str | None = None) -> Diagnostic:
    """A word that is neither a field nor a construct; ``meant`` is the construct that goes on like this."""
    meant = meant or meant_construct(at.text)
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


def stray_letter(at: Span) -> Diagnostic:
    """A letter that a slip of the hand left behind a brace."""
    message = f"a stray `{at.text}` behind a brace"
    return Diagnostic("N110", message, Label(at), help="delete it", fix=delete(at, _SAFE))


def several_values(name: Span, values: Span, extra: Span) -> Diagnostic:
    """More than one value after a field's name."""
    listed = ", ".join(re.split(r"[ \t]*,[ \t]*|[ \t]+", values.text))
    return Diagnostic(
        "N111",
        f"more than one value for `{name.text}`",
        Label(extra, "one too many"),
        help=f"write a list, {name.text}: [{values.text}], or the whole field once for each value",
        fix=replace(values, f"[{listed}]", _UNSAFE) if re.fullmatch(_SEVERAL, values.text) else None,
    )


def value_alone(at: Span) -> Diagnostic:
    """A value that no field's name stands before."""
    return Diagnostic(
        "N111", f"{quote(at)} is no field's value", Label(at), help=f"write the field's name before it: name: {at.text}"
    )


def no_colon(name: Span, value: Span, *, is_sure: bool) -> Diagnostic:
    """A field's name right before its value; unless that ``is_sure``, the value may stand in the colon's place."""
    return Diagnostic(
        "N112",
        f"a `:` is missing between {quote(name)} and its value",
        Label(value),
        help=f"write {name.text}: {value.text}",
        fix=insert_after(name, ":", _SAFE if is_sure else _UNSAFE),
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


def sign_for_colon(name: Span, at: Span, *, in_a_call: bool = False, is_sure: bool = True) -> Diagnostic:
    """``num_output = 64``, ``num_output, 64``, or ``stage(depth = 2)``."""
    between = name._replace(start=name.end, end=at.end)
    field = f"a field is written `{name.text}: ...`, a variable `let {name.text} = ...`"
    return Diagnostic(
        "N118",
        f"`{at.text}` where a `:` belongs",
        Label(at),
        help=f"an argument is written `{name.text}: ...`" if in_a_call else field,
        fix=replace(between if between.text.strip() == at.text else at, ":", _SAFE if is_sure else _UNSAFE),
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


def no_keyword(word: str, at: Span) -> Diagnostic:
    """What only a construct can go on like, without the word that begins it."""
    return Diagnostic(
        "N122",
        f"`{word}` is missing before {quote(at)}",
        Label(at),
        help=f"write {FORMS[word.upper()]}",
        fix=insert_before(at, f"{word} ", _UNSAFE),
    )


def no_quotes(keyword: Span, path: Span) -> Diagnostic:
    """An include whose file stands there without quotes."""
    said = bad_form(keyword, FORMS["INCLUDE"], path)
    return said._replace(help=f'write include "{path.text}"', fix=replace(path, f'"{path.text}"'))


def no_comma(before: Span, at: Span, *, is_sure: bool) -> Diagnostic:
    """Two values in a list or a call with nothing between them; unless that ``is_sure``, one may be too many."""
    return Diagnostic(
        "N123",
        f"a `,` is missing before {quote(at)}",
        Label(at),
        help="commas stand between values",
        fix=insert_after(before, ",", _SAFE if is_sure else _UNSAFE),
    )


def separator_too_many(at: Span, expected: str, separator: Span, *, is_sure: bool = True) -> Diagnostic:
    """A comma or semicolon that stands between nothing; unless that ``is_sure``, a value may be missing there."""
    label = Label(at, f"expected {expected}")
    help = f"drop the `{separator.text}`"
    return Diagnostic(
        "N101", f"{quote(at)} has no place here", label, help=help, fix=delete(separator, _SAFE if is_sure else _UNSAFE)
    )


def unexpected(at: Span, expected: str, help: str | None) -> Diagnostic:
    """Any other token that the grammar has no place for."""
    return Diagnostic("N101", f"{quote(at)} has no place here", Label(at, f"expected {expected}"), help=help)
