"""What isn't ours: half strings, other languages' comments, git's markers, stray names and characters."""

import re

from netdef.compiler.source import Span
from netdef.compiler.syntax import syntax_errors, token_errors
from netdef.compiler.syntax.scan import Scan

_BRACKETS = frozenset("{}()[]<>")
_SECOND_VERSION = r"(?m)^=======[^\n]*(?:\n(?!>>>>>>>)[^\n]*)*+\n>>>>>>>[^\n]*"
_BAD_CHARACTERS = r"""(?a)[^\s\w#"'{}()\[\]:,;=?+\-*/%<>.]+|[\s\S]"""


def read_unended_string(scan: Scan, text: str, at: Span) -> None:
    """A quote without its fellow takes the rest of its line."""
    scan.say(token_errors.unended_string(at))
    scan.tokens.is_sound = scan.tokens.is_sound and _BRACKETS.isdisjoint(text)
    scan.is_doubtful = True
    scan.add("BROKEN", None, at)


def read_curly_string(scan: Scan, text: str, at: Span) -> None:
    """A string between quotes of a word processor."""
    scan.say(token_errors.curly_quotes(at))
    scan.add("STRING", text[1:-1], at)


def read_include_without_quotes(scan: Scan, keyword: Span, path: Span) -> None:
    """An include whose path stands there as it is."""
    scan.say(syntax_errors.no_quotes(keyword, path))
    scan.add("INCLUDE", keyword.text, keyword)
    scan.add("STRING", path.text, path)
    scan.position = path.end


def read_path(scan: Scan, text: str, at: Span) -> None:
    """A file's name on a line of its own."""
    scan.say(token_errors.stray_path(at))
    scan.is_doubtful = True


def read_foreign(scan: Scan, text: str, at: Span) -> None:
    """A comment of C++."""
    scan.foreign.append(at)
    scan.is_doubtful = True


def say_foreign(scan: Scan) -> None:
    """Report the comments of C++, as one mistake: who makes it once makes it again."""
    if scan.foreign:
        scan.say(token_errors.foreign_comments(scan.foreign))


def read_merge_marker(scan: Scan, text: str, at: Span) -> None:
    """A line of git's; the second version is left out."""
    second = re.compile(_SECOND_VERSION).match(scan.text, at.start) if scan.in_conflict else None
    if second is not None:
        scan.position = second.end()
    if not scan.in_conflict:
        scan.say(token_errors.merge_marker(at))
    scan.in_conflict = text.startswith("<")
    scan.is_doubtful = True


def skip_bad_characters(scan: Scan) -> None:
    """Characters that nothing begins with."""
    found = re.compile(_BAD_CHARACTERS).match(scan.text, scan.position, scan.end)
    assert found is not None
    scan.say(token_errors.bad_characters(Span(scan.source, *found.span())))
    scan.position = found.end()
    scan.is_doubtful = True
