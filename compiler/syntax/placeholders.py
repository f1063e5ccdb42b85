"""Placeholders that a script was to fill in: ``${NUM}``, ``$NUM``, ``{{ num }}``, ``%d``, ``<num>``, ``@NUM@``.

They are no text of any language here. One that stands several times is one mistake; each stands for a value that nobody
knows, so that what depends on it stays quiet. Words without signs (``CLASSES_NUM``) are told by the fields that need a
number.
"""

import re

from netdef.compiler.source import Span
from netdef.compiler.syntax import token_errors
from netdef.compiler.syntax.scan import BEFORE_A_VALUE, Scan
from netdef.compiler.syntax.tree import Broken

_IN_BRACES = r"(?a)\{\{-?[^{}\n]*\}\}\w*|\{%[^{}\n]*%\}"
_VALUES = {
    "{": r"(?a)\{[ \t]*\w+[ \t]*\}",
    "<": r"(?a)<\w+>",
    "%": r"(?a)%(?:\(\w+\))?[-+ #0]*\d*(?:\.\d+)?[a-z]\b",
}
"""What stands in a value's place, by its first sign: a word in brackets is no message there, and no remainder."""


def begins(scan: Scan, at: Span) -> bool:
    """Whether a brace, an angle bracket or a percent sign begins a placeholder; then it is read."""
    sign = at.text
    found = re.compile(_IN_BRACES).match(scan.text, at.start, scan.end) if sign == "{" else None
    if found is None and scan.before in (BEFORE_A_VALUE if sign == "%" else ("COLON",)):
        found = re.compile(_VALUES[sign]).match(scan.text, at.start, scan.end)
    if found is None:
        return False
    scan.position = found.end()
    read_placeholder(scan, found[0], Span(scan.source, *found.span()))
    return True


def read_placeholder(scan: Scan, text: str, at: Span) -> None:
    """One that stands for a value, a part of one, or statements."""
    scan.placeholders.setdefault("{%" if text.startswith("{%") else text, []).append(at)  # one tag ends another
    tokens = scan.tokens.all
    if tokens and scan.text[at.start - 1].isalnum() and tokens[-1].at.end == at.start:
        last = tokens[-1]
        if last.type == "FIELDS":
            last.value[-1] = last.value[-1]._replace(value=Broken(at))
        elif last.type in ("NAME", "NUMBER"):
            last.type = "BROKEN" if scan.before_that in BEFORE_A_VALUE else last.type
    elif scan.before in BEFORE_A_VALUE or (scan.before == "COMMA" and scan.is_inside):
        scan.add("BROKEN", None, at)
    else:
        scan.is_doubtful = True


def say_all(scan: Scan) -> None:
    """Report each once, with all its places."""
    for places in scan.placeholders.values():
        scan.say(token_errors.placeholder(places))
