"""Brackets while a text is read: what leaves here is always balanced."""

import re

from netdef.compiler.source import Span
from netdef.compiler.syntax import token_errors
from netdef.compiler.syntax.braces import close_braces, is_first_on_line, made_up
from netdef.compiler.syntax.heads import open_forgotten
from netdef.compiler.syntax.scan import BEFORE_A_VALUE, SIGNS, Opener, Scan
from netdef.compiler.syntax.words import TRIVIA

_CLOSES = {"}": "{", ")": "(", "]": "["}
_EXTENSION = rf"(?a)\[\s*([A-Za-z_][\w./-]*)\s*\](?={TRIVIA}[:{{<])"


def open_bracket(scan: Scan, sign: str, at: Span) -> None:
    """Note an opening bracket; a brace closes what was forgotten before it."""
    if sign == "{" and scan.is_in_brackets and scan.before not in ("LSQB", "COMMA"):
        close_forgotten(scan, begin_of_statement(scan), at)
    is_then = sign == "{" and scan.expects_then and not scan.is_inside
    if sign == "{":
        scan.expects_then = scan.expects_in = False
        scan.choices = scan.operators = 0
    scan.add(SIGNS[sign], sign, at)
    scan.openers.append(Opener(sign, scan.tokens.all[-1], is_then))
    scan.check_depth(at)


def close_bracket(scan: Scan, sign: str, at: Span) -> None:
    """Pair a closing bracket with its opening one, or report it."""
    opener = _CLOSES[sign]
    # A brace closes what was forgotten inside it; other brackets close nothing outside of their braces.
    within = [each.sign for each in scan.openers]
    if sign != "}":
        within = within[max((i for i, each in enumerate(within) if each == "{"), default=-1) + 1 :]
    if opener not in within:
        if sign == "}" and open_forgotten(scan, at):
            return
        scan.say(token_errors.stray_closer(at))
        scan.tokens.is_sound = scan.tokens.is_sound and sign != "}"
        scan.is_doubtful = True
        return
    if scan.openers[-1].sign != opener:
        close_forgotten(scan, len(scan.tokens.all), at, opener)
    is_then = scan.openers.pop().is_then
    if sign == "}":
        scan.choices = scan.operators = 0
    scan.add(SIGNS[sign], sign, at)
    scan.after_then = is_then


def close_forgotten(scan: Scan, index: int, found: Span, until: str = "{") -> None:
    """Close, before the token ``index``, all that is open inside the last ``until``; report the innermost.

    ``found`` is what gave it away, unless it is that token.
    """
    tokens = scan.tokens.all
    innermost = scan.openers[-1].token
    forgotten: list[str] = []
    while scan.openers and scan.openers[-1].sign != until:
        forgotten.append(scan.openers.pop().sign)
    scan.tokens.is_sound = scan.tokens.is_sound and not {"{", "<"} & set(forgotten)
    before = tokens[index].at if index < len(tokens) else found
    closers = "".join(token_errors.CLOSERS[sign] for sign in forgotten)
    scan.say(token_errors.unclosed(innermost.at, before, tokens[index - 1].at, closers))
    for closer in closers:
        tokens.insert(index, made_up(SIGNS[closer], closer, tokens[index - 1].at))
        index += 1
    scan.choices = scan.operators = 0
    scan.before = tokens[-1].type


def close_all(scan: Scan) -> None:
    """At the end of the text."""
    if scan.openers and scan.openers[-1].sign != "{":
        close_forgotten(scan, len(scan.tokens.all), Span(scan.source, scan.end, scan.end))
    unclosed = sum(opener.sign == "{" for opener in scan.openers)
    if unclosed:
        scan.tokens.is_sound = False
        close_braces(scan.tokens, unclosed, scan.report)


def begin_of_statement(scan: Scan) -> int:
    """Where in the tokens the statement begins whose brace or colon is next, if its name begins a line."""
    tokens = scan.tokens.all
    index = len(tokens) - (bool(tokens) and tokens[-1].type == "COLON")
    if index and tokens[index - 1].type == "NAME" and is_first_on_line(tokens[index - 1].at):
        return index - 1
    return len(tokens)


def read_bracket(scan: Scan, sign: str, at: Span) -> None:
    """A bracket of the text; an extension's name in brackets is a name."""
    if sign in _CLOSES:
        close_bracket(scan, sign, at)
        return
    if sign == "[" and scan.before not in BEFORE_A_VALUE and not scan.is_inside:
        extension = re.compile(_EXTENSION).match(scan.text, at.start, scan.end)
        if extension is not None:
            scan.position = extension.end()
            scan.add("NAME", f"[{extension[1]}]", Span(scan.source, at.start, scan.position))
            return
    if sign == "(" and scan.before == "NAME":  # a call: a new statement
        scan.operators = 0
        if scan.is_in_brackets and begin_of_statement(scan) < len(scan.tokens.all):
            close_forgotten(scan, begin_of_statement(scan), at)
    open_bracket(scan, sign, at)
