"""The state of one walk over a text: what came before, and what is open."""

from typing import Any, NamedTuple

from netdef.compiler.diagnostics import Diagnostic, Report
from netdef.compiler.source import Source, Span
from netdef.compiler.syntax import token_errors
from netdef.compiler.syntax.tokens import Token, Tokens
from netdef.compiler.syntax.tree import Lost

MOST_PIECES = 1_500_000
"""Tokens, plain fields and comments of one text: a net of 100,000 layers has about a million."""
MOST_MISTAKES = 100
MOST_NESTED = 100
"""Braces, brackets, or operators of one expression in each other: who walks a tree may recurse this deep."""

SIGNS = {
    ":": "COLON", ",": "COMMA", ";": "SEMICOLON", "=": "EQUAL", "?": "QMARK", "..": "DOTS",
    "+": "PLUS", "-": "MINUS", "*": "TIMES", "/": "TIMES", "%": "TIMES",
    "<": "LESSTHAN", ">": "MORETHAN", "==": "COMPARE", "!=": "COMPARE", "<=": "COMPARE", ">=": "COMPARE",
    "{": "LBRACE", "}": "RBRACE", "(": "LPAR", ")": "RPAR", "[": "LSQB", "]": "RSQB",
}  # fmt: skip
OPERATORS = frozenset({"PLUS", "MINUS", "TIMES", "COMPARE", "LESSTHAN", "MORETHAN", "AND", "OR", "NOT", "QMARK"})
STATEMENTS = frozenset({"LAYER", "INPUT", "LET", "BLOCK", "REPEAT", "IF", "INCLUDE", "OPAQUE"})
BEFORE_A_VALUE = OPERATORS | {"COLON", "EQUAL", "IN", "IF", "LAYER", "REPEAT", "LET", "BLOCK", "DOTS", "LPAR", "LSQB"}
_NEVER_IN_PROTOTXT = STATEMENTS | {"LPAR"} | (OPERATORS - {"MINUS", "LESSTHAN", "MORETHAN"})


class Opener(NamedTuple):
    """A bracket that waits to be closed."""

    sign: str
    token: Token
    is_then: bool
    """Whether an ``else`` may follow what it opens."""


class Scan:
    """How far a text is read; it knows just enough of what came before to tell keywords from names."""

    def __init__(self, source: Source, report: Report, start: int, end: int, *, takes_groups: bool = False) -> None:
        self.tokens = Tokens(source)
        self.report = report
        self.source = source
        self.text = source.text
        self.position = start
        self.end = end
        self.takes_groups = takes_groups  # that are plain, whole: nobody sees their braces then
        self.before = ""  # the type of the token before this one
        self.before_that = ""
        self.openers: list[Opener] = []
        self.expects_in = False  # between `repeat` and its `in`
        self.expects_then = False  # between `if` and its body
        self.after_then = False  # right after the body of an `if`
        self.choices = 0  # `?` whose `:` is still to come
        self.operators = 0  # since the expression began
        self.num_fields = 0  # in FIELDS, with the names and braces of groups
        self.else_ifs = 0  # since the `if` that began them
        self.in_conflict = False  # after git's <<<<<<<
        self.placeholders: dict[str, list[Span]] = {}  # by what stands there
        self.foreign: list[Span] = []  # comments of other languages
        self.is_doubtful = False  # something before this was reported and left out
        self.is_to_be_checked = self.may_be_too_long = end - start > MOST_PIECES  # no piece is without a character

    def add(self, type: str, value: Any, at: Span) -> None:
        """One token more."""
        if type in _NEVER_IN_PROTOTXT or (type == "MINUS" and self.before not in BEFORE_A_VALUE | {"COMMA"}):
            self.tokens.has_constructs = True
        token = Token(type, value, at)
        if self.is_doubtful:
            token.is_doubtful = True
            self.is_doubtful = False
        self.tokens.all.append(token)
        self.before_that, self.before = self.before, type
        self.after_then = False

    def say(self, mistake: Diagnostic) -> None:
        """Report a mistake."""
        self.report.add(mistake)
        self.is_to_be_checked = True

    def check_size(self) -> None:
        """Stop where a text has more in it than anybody writes, or more mistakes than anybody reads."""
        self.is_to_be_checked = self.may_be_too_long
        num_pieces = len(self.tokens.all) + len(self.tokens.comments) + self.num_fields
        if num_pieces > MOST_PIECES:
            self._stop(token_errors.too_long(self._here, MOST_PIECES))
        elif len(self.report) > MOST_MISTAKES:
            self._stop(token_errors.too_wrong(self._here, MOST_MISTAKES))

    @property
    def _here(self) -> Span:
        """The place that is reached, as far as there is a character."""
        return Span(self.source, min(self.position, self.end), min(self.position + 1, self.end))

    def check_depth(self, at: Span) -> None:
        """Stop where brackets or operators nest deeper than anybody writes."""
        if max(len(self.openers), self.operators, self.else_ifs) > MOST_NESTED:
            self._stop(token_errors.too_deep(at, MOST_NESTED))

    def _stop(self, said: Diagnostic) -> None:
        """Read no more, and forget what was read: half of it would only make more mistakes."""
        self.report.add(said)
        assert said.primary is not None, "there is a place at which we stop"
        at = said.primary.span
        self.tokens.all[:] = [Token("LOST", Lost(at), at)]
        self.tokens.is_sound = False
        self.openers.clear()
        self.position = self.end

    @property
    def is_inside(self) -> bool:
        """Whether we are in parentheses, in a list, or in the middle of ``c ? a : b``: where no statement stands."""
        return self.choices > 0 or self.is_in_brackets

    @property
    def is_in_brackets(self) -> bool:
        """Whether what was opened last, and is open, is a parenthesis or a list."""
        return bool(self.openers) and self.openers[-1].sign in "(["
