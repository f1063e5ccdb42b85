"""Words: which begin a construct, which join conditions, and which are names. What follows a word tells."""

import re

from netdef.compiler.source import Span
from netdef.compiler.syntax.braces import is_first_on_line
from netdef.compiler.syntax.scan import BEFORE_A_VALUE, Scan

TRIVIA = r"(?:[ \t\r\n\f\v]|\#[^\n]*\n)*+"
"""Blanks and comments."""
_AFTER_TRIVIA = re.compile(TRIVIA)
_BEFORE_A_NAME = frozenset({"COLON", "LAYER", "REPEAT", "LET", "BLOCK"})

_QUOTES = "\"'"
_WORD = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_"
KEYWORDS = {
    "layer": ("LAYER", _QUOTES + _WORD),
    "input": ("INPUT", _QUOTES),
    "let": ("LET", _WORD),
    "block": ("BLOCK", _WORD),
    "repeat": ("REPEAT", _WORD + "("),
    "if": ("IF", _WORD + _QUOTES + "0123456789.(-+!"),
    "include": ("INCLUDE", _QUOTES),
    "opaque": ("OPAQUE", _QUOTES),
}
"""Words that begin a construct where a statement may stand, and the characters one of which must follow."""

# Patterns that most texts never need are words until then, when re compiles and keeps them.
_SURELY_BEGINS = rf"""(?ax)(?: let {TRIVIA} \w++ {TRIVIA} =(?!=) | block {TRIVIA} \w++ {TRIVIA} \(
    | repeat {TRIVIA} (?: \( | \w++ {TRIVIA} (?: , | in\b )) | (?:layer|input|include|opaque) {TRIVIA} ["'] )"""
"""A construct that no prototxt can be: behind a colon, at the begin of a line, the value before it was forgotten."""

_STRAYS = r"""(?a)(?:[ \t]*+[^\s\w#"'{}()\[\]:=?+\-*/%<>.!])++[ \t]*+([\w"'(])"""
"""Characters that nothing begins with, commas or semicolons, and what comes first behind them."""

_CONNECTIVES = {"and": "AND", "or": "OR"}
_AFTER_A_FIELD_NAME = ":{<["
_AFTER_A_MESSAGES_NAME = ":<["  # but for `{`, which an `else` has, too


def type_of(scan: Scan, word: str, at: Span) -> str:
    """The type of a word's token."""
    before = scan.before
    if word in KEYWORDS and before == "COLON" and is_first_on_line(at) and not scan.is_inside:
        if re.compile(_SURELY_BEGINS).match(scan.text, at.start, scan.end):
            return KEYWORDS[word][0]
    elif word in KEYWORDS and before not in _BEFORE_A_NAME:
        if begins(scan, word) and not scan.is_inside:
            return KEYWORDS[word][0]
    elif word == "in" and scan.expects_in:
        return "IN"
    elif word == "at" and before == "STRING" and scan.before_that == "OPAQUE" and _next(scan) in _QUOTES:
        return "AT"
    elif word == "else" and scan.after_then and _next(scan) not in _AFTER_A_MESSAGES_NAME:
        return "ELSE"
    elif word == "not" and before in BEFORE_A_VALUE | {"COMMA"} and (before != "COLON" or scan.is_inside):
        return "NOT"
    elif word in _CONNECTIVES and before not in BEFORE_A_VALUE and _next(scan) not in _AFTER_A_FIELD_NAME:
        return _CONNECTIVES[word]
    return "NAME"


def _next(scan: Scan) -> str:
    """The next character that is neither blank nor in a comment; none at the end."""
    found = _AFTER_TRIVIA.match(scan.text, scan.position, scan.end)
    assert found is not None
    return scan.text[found.end() : min(found.end() + 1, scan.end)]


def begins(scan: Scan, word: str) -> bool:
    """Whether a construct of this name begins here, as far as what follows tells."""
    following = _next(scan)
    if following in _AFTER_A_FIELD_NAME:  # so it is at the end, too: there the character is none
        return False
    return following in KEYWORDS[word][1] or _begins_behind_strays(scan, word)


def _begins_behind_strays(scan: Scan, word: str) -> bool:
    """Whether it does if what follows the word on its line, and has no place there, is left out."""
    found = re.compile(_STRAYS).match(scan.text, scan.position, scan.end)
    return found is not None and found[1] in KEYWORDS[word][1]
