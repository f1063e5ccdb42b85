"""Text to tokens: one walk with one regular expression, and a reader for each kind of token."""

import re
from collections.abc import Callable, Mapping

from netdef.compiler.diagnostics import Report
from netdef.compiler.source import Source, Span
from netdef.compiler.syntax import placeholders, strays, token_errors
from netdef.compiler.syntax.braces import is_first_on_line
from netdef.compiler.syntax.brackets import begin_of_statement, close_all, close_forgotten, open_bracket, read_bracket
from netdef.compiler.syntax.literals import read_number
from netdef.compiler.syntax.plain_fields import read_plain_fields
from netdef.compiler.syntax.scan import BEFORE_A_VALUE, OPERATORS, SIGNS, STATEMENTS, Scan
from netdef.compiler.syntax.tokens import Tokens
from netdef.compiler.syntax.words import KEYWORDS, begins, type_of

_TOKEN = re.compile(
    r"""[ \t\r\n\f\v]*+ (?:
      (?P<comment> \#[^\n]*+ )
    | (?P<path> ^\w[\w./-]*+(?:(?<=\.prototxt)|(?<=\.net)|(?<=\.txt)|(?<=\.pt))(?=[ \t\r]*$) )
    | (?P<word> [A-Za-z_]\w*+ )
    | (?P<number> 0[xX][0-9a-fA-F]++(?![\w.]) | (?: \d | \.\d ) (?: (?<=[eE])[+-](?=\d) | \w | \.(?!\.) )*+ )
    | (?P<string> "(?:[^"\\\n]|\\[^\n])*+" | '(?:[^'\\\n]|\\[^\n])*+' )
    | (?P<bracket> [{}()\[\]] )
    | (?P<foreign> //[^\n]*+ | /\*(?:[^*]|\*(?!/))*+(?:\*/)?+ )
    | (?P<merge> ^(?:<{7}|={7}|>{7}|\|{7})(?![<=>|])[^\n]*+ )
    | (?P<sign> \.\. | [=!<>]= | [:,;=?+\-*/%<>] )
    | (?P<unended> ["'][^\n]*+ )
    | (?P<placeholder> \$\{[^{}\n]*\}\w*+ | \$\([^()\n]*\)\w*+ | \$\w++ | @\w++@\w*+ )
    | (?P<curly> [\u2018-\u201F\u00AB\u00BB][^"'\n\u2018-\u201F\u00AB\u00BB]*+[\u2018-\u201F\u00AB\u00BB] )
    )?+""",
    re.VERBOSE | re.ASCII | re.MULTILINE,
)
"""Blanks, and a token behind them if there is one."""
_PATH_AFTER_INCLUDE = r"(?am)[ \t]++([\w./-]++(?<=\.net|\.txt)|[\w./-]++(?<=\.prototxt))(?=[ \t\r]*+(?:\#|$))"
_BEFORE_PLAIN_FIELDS = frozenset({"", "LBRACE", "RBRACE", "FIELDS"})


def scan(
    source: Source, report: Report, start: int = 0, end: int | None = None, *, takes_groups: bool = False
) -> Tokens:
    """The tokens of a text, or of the part of it that is an expression in a string.

    With ``takes_groups`` a plain group is a part of FIELDS: for who only asks whether and how a text fits the grammar.
    """
    start = max(start, source.text.startswith("\N{BYTE ORDER MARK}"))
    walk = Scan(source, report, start, len(source.text) if end is None else end, takes_groups=takes_groups)
    match = _TOKEN.match
    while walk.position < walk.end:
        if walk.before in _BEFORE_PLAIN_FIELDS:
            read_plain_fields(walk)
        found = match(walk.text, walk.position, walk.end)
        assert found is not None, "no blanks, and no token, are a match, too"
        kind = found.lastgroup
        if kind is not None:
            begin, walk.position = found.span(kind)
            _READERS[kind](walk, found[kind], Span(source, begin, walk.position))
        elif found.end() > walk.position:
            walk.position = found.end()
            continue
        else:
            strays.skip_bad_characters(walk)
        if walk.is_to_be_checked:
            walk.check_size()
    close_all(walk)
    strays.say_foreign(walk)
    placeholders.say_all(walk)
    return walk.tokens


def _read_comment(scan: Scan, text: str, at: Span) -> None:
    scan.tokens.comments.append(at)


def _read_word(scan: Scan, word: str, at: Span) -> None:
    if word == "include" and is_first_on_line(at) and not scan.is_inside:
        path = re.compile(_PATH_AFTER_INCLUDE).match(scan.text, scan.position, scan.end)
        if path is not None:
            strays.read_include_without_quotes(scan, at, Span(scan.source, *path.span(1)))
            return
    if word in KEYWORDS and scan.is_in_brackets and is_first_on_line(at) and begins(scan, word):
        close_forgotten(scan, len(scan.tokens.all), at)
    kind = type_of(scan, word, at)
    if kind in OPERATORS:
        _add_operator(scan, kind, word, at)
        return
    if kind in STATEMENTS:
        scan.choices = scan.operators = 0
        scan.expects_in = kind == "REPEAT"
        scan.expects_then = kind == "IF"
        if kind == "IF":
            scan.else_ifs = scan.else_ifs + 1 if scan.before == "ELSE" else 0
    elif kind == "IN":
        scan.expects_in = False
    scan.add(kind, word, at)
    scan.check_depth(at)


def _read_number(scan: Scan, text: str, at: Span) -> None:
    worth = read_number(text)
    if worth is None:
        scan.say(token_errors.bad_number(at))
        scan.is_doubtful = True
    scan.add("BROKEN" if worth is None else "NUMBER", worth, at)


def _read_string(scan: Scan, text: str, at: Span) -> None:
    scan.add("STRING", text[1:-1], at)


def _read_bracket(scan: Scan, sign: str, at: Span) -> None:
    if sign != "{" or not placeholders.begins(scan, at):
        read_bracket(scan, sign, at)


def _read_sign(scan: Scan, sign: str, at: Span) -> None:
    kind = SIGNS[sign]
    if sign in "<%" and placeholders.begins(scan, at):
        return
    if kind == "LESSTHAN" and _begins_a_message(scan):
        open_bracket(scan, "<", at)
    elif kind == "MORETHAN" and scan.openers and scan.openers[-1].sign == "<":
        scan.openers.pop()
        scan.add(kind, sign, at)
    elif kind in OPERATORS:
        scan.choices += kind == "QMARK"
        _add_operator(scan, kind, sign, at)
    else:
        if kind == "COLON" and scan.choices:
            scan.choices -= 1
        else:
            scan.operators = 0
        if kind == "COLON" and scan.before == "NAME" and scan.is_in_brackets and scan.openers[-1].sign == "[":
            close_forgotten(scan, begin_of_statement(scan), at)
        scan.add(kind, sign, at)


def _begins_a_message(scan: Scan) -> bool:
    """Whether a ``<`` here opens a message: it follows a field's name, or stands where a list's item begins."""
    if scan.is_inside:
        return scan.before in ("LSQB", "COMMA")
    return scan.before == "COLON" or (scan.before == "NAME" and scan.before_that not in BEFORE_A_VALUE)


def _add_operator(scan: Scan, type: str, value: str, at: Span) -> None:
    scan.operators += 1
    scan.add(type, value, at)
    scan.check_depth(at)


_READERS: Mapping[str, Callable[[Scan, str, Span], None]] = {
    "comment": _read_comment,
    "word": _read_word,
    "number": _read_number,
    "string": _read_string,
    "sign": _read_sign,
    "foreign": strays.read_foreign,
    "merge": strays.read_merge_marker,
    "path": strays.read_path,
    "unended": strays.read_unended_string,
    "curly": strays.read_curly_string,
    "placeholder": placeholders.read_placeholder,
    "bracket": _read_bracket,
}
"""The reader of each kind of token, by its name in the regular expression."""
