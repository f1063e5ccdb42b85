"""Where a forgotten closing brace belongs: indentation knows what the braces no longer say."""

from collections.abc import Iterator
from typing import NamedTuple

from netdef.compiler.diagnostics import Report
from netdef.compiler.source import Span
from netdef.compiler.syntax import token_errors
from netdef.compiler.syntax.tokens import Token, Tokens


class _Gap(NamedTuple):
    """A place that lacks a closing brace: before a token, and in FIELDS before one of its fields."""

    token: int
    field: int
    opener: Token
    before: Span
    after: Span
    """What stands last before it."""


def made_up(type: str, sign: str, after: Span) -> Token:
    """A token that the text lacks, right after what it has."""
    token = Token(type, sign, Span(after.source, after.end, after.end))
    token.is_doubtful = True
    return token


def is_first_on_line(at: Span) -> bool:
    """Whether only blanks stand before it on its line."""
    text, before = at.source.text, at.start - 1
    while before >= 0 and text[before] in " \t\r\f\v":  # a line may be as long as a file, and have as many tokens
        before -= 1
    return before < 0 or text[before] == "\n"


def close_braces(tokens: Tokens, unclosed: int, report: Report) -> None:
    """Put in the ``unclosed`` closing braces that a text lacks, and report where they belong.

    If the text is not indented as its braces say, they go to the end, and the brace that was left open is named.
    """
    gaps = list(_gaps(tokens.all))
    if len(gaps) == unclosed:
        for gap in gaps:
            is_known = not gap.field and gap.token < len(tokens.all) and tokens.all[gap.token].is_doubtful
            if not is_known:  # what stands in the brace's place was not reported
                report.add(token_errors.unclosed(gap.opener.at, gap.before, gap.after, _own_line(gap.opener)))
        for gap in reversed(gaps):
            _fill(tokens.all, gap)
        return
    openers: list[Token] = []
    for token in tokens.all:
        if token.type == "LBRACE":
            openers.append(token)
        elif token.type == "RBRACE":
            openers.pop()
    end = len(tokens.source.text)
    last = tokens.all[-1].at
    report.add(
        token_errors.unclosed(openers[-1].at, Span(tokens.source, end, end), last, _own_line(*reversed(openers)))
    )
    tokens.all += [made_up("RBRACE", "}", tokens.all[-1].at) for _ in openers]


def _own_line(*openers: Token) -> str:
    """Closing braces on lines of their own, each as deep as the line of its opening one."""
    lines = [opener.at.source.lines[opener.at.line - 1] for opener in openers]
    return "".join(f"\n{line[: len(line) - len(line.lstrip())]}}}" for line in lines)


def _gaps(tokens: list[Token]) -> Iterator[_Gap]:
    """The places where a line begins no deeper than the line of a brace that is still open."""
    openers: list[tuple[Token, int]] = []
    for index, token in enumerate(tokens):
        starts = [field.at for field in token.value] if token.type == "FIELDS" else [token.at]
        for field, at in enumerate(starts):
            if not is_first_on_line(at):
                continue
            indent = indent_of(at)
            closes = token.type == "RBRACE"
            while openers and (indent < openers[-1][1] or (indent == openers[-1][1] and not closes)):
                after = token.value[field - 1].end if field else tokens[index - 1].at
                yield _Gap(index, field, openers.pop()[0], at, after)
        if token.type == "LBRACE":
            openers.append((token, indent_of(token.at)))
        elif token.type == "RBRACE" and openers:
            openers.pop()
    end = tokens[-1].at.source
    for opener, _ in reversed(openers):
        yield _Gap(len(tokens), 0, opener, Span(end, len(end.text), len(end.text)), tokens[-1].at)


def indent_of(at: Span) -> int:
    """How deep the line of a place is indented."""
    text = at.source.text
    line = text[text.rfind("\n", 0, at.start) + 1 : at.start + 1].expandtabs(8)
    return len(line) - len(line.lstrip())


def _fill(tokens: list[Token], gap: _Gap) -> None:
    index = gap.token
    if gap.field:  # take the run of fields apart
        fields = tokens[index]
        rest = fields.value[gap.field :]
        fields.value = fields.value[: gap.field]
        index += 1
        if rest:
            tokens.insert(index, Token("FIELDS", rest, Span(fields.at.source, gap.before.start, fields.at.end)))
            fields.at = fields.value[0].at.to(fields.value[-1].end)
    tokens.insert(index, made_up("RBRACE", "}", tokens[index - 1].at))
