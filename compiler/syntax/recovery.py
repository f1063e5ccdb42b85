"""What to say about a token that the grammar has no place for, and where to read on."""

from typing import Any

from lark.exceptions import UnexpectedInput, UnexpectedToken
from lark.parsers.lalr_analysis import Shift

from netdef.compiler.diagnostics import Diagnostic, Report
from netdef.compiler.source import Span
from netdef.compiler.syntax import syntax_errors
from netdef.compiler.syntax.tokens import Token, Tokens

_MOST_MISTAKES = 100
_END = "$END"
_LITERALS = frozenset({"NUMBER", "STRING", "MINUS", "PLUS"})
_VALUES = _LITERALS | {"NAME", "LSQB", "LPAR", "NOT"}
_AFTER_A_FIELD_NAME = frozenset({"COLON", "LBRACE", "LESSTHAN", "LSQB"})
_COMPARISONS = frozenset({"COMPARE", "LESSTHAN", "MORETHAN"})
_CONDITIONS = _COMPARISONS | {"AND", "OR", "NOT", "QMARK"}
_OPENING = frozenset({"LBRACE", "LPAR", "LSQB"})
_CLOSING = frozenset({"RBRACE", "RPAR", "RSQB"})
_OPERAND_BEGINS_AFTER = _OPENING | {"COLON", "EQUAL", "COMMA", "IF", "AND", "OR", "NOT", "QMARK", "RBRACE", "FIELDS"}
_EXPECTED = {
    "FIELDS": "a field",
    "RBRACE": "`}`",
    "NUMBER": "a value",
    "LBRACE": "`{`",
    "RSQB": "`]`",
    "RPAR": "`)`",
    "COMMA": "`,`",
    "COLON": "`:`",
    "EQUAL": "`=`",
    "IN": "`in`",
}
"""What the parser may wait for, in a person's words, what says most first."""


class Recovery:
    """Lark calls it with each mistake: it reports, makes the parser fit to read on, and tells it to."""

    def __init__(self, tokens: Tokens, report: Report) -> None:
        self.tokens = tokens
        self.report = report
        self.num_mistakes = 0
        self.furthest = -1  # the last token that was a mistake

    def __call__(self, error: UnexpectedInput) -> bool:
        """Report one mistake and step over it."""
        assert isinstance(error, UnexpectedToken)
        mistake = _Mistake(error, self.tokens)
        self.num_mistakes += 1
        if mistake.index <= self.furthest or mistake.is_known():
            mistake.read_on(mistake.index + (mistake.index <= self.furthest))
        else:
            self.report.add(mistake.resolve())
        if self.num_mistakes == _MOST_MISTAKES:
            self.tokens.next = len(self.tokens.all)
        is_stuck = mistake.bad.type == _END and self.furthest == mistake.index
        self.furthest = max(mistake.index, self.furthest)
        return not is_stuck


class _Mistake:
    """One token that the grammar has no place for, with what stands before it and the parser's state.

    Each ``_if_...`` knows one cause: it returns what to say, having made the parser fit to read on, or None.
    """

    def __init__(self, error: UnexpectedToken, tokens: Tokens) -> None:
        self.parser: Any = error.interactive_parser
        self.stacks: Any = self.parser.parser_state
        self.reader = tokens
        self.tokens = tokens.all
        source, end = tokens.source, len(tokens.source.text)
        if isinstance(error.token, Token):
            self.bad: Token = error.token
            self.index = tokens.next - 1
        else:
            self.bad = Token(_END, "", Span(source, end, end))
            self.index = len(self.tokens)
        self.before = self._token(self.index - 1)
        self.states: Any = self.stacks.parse_conf.states
        self.possible = {
            symbol for symbol in self.states[self.stacks.position] if symbol.isupper() and self._can(symbol)
        }

    def is_known(self) -> bool:
        """Whether this comes of something that was already reported."""
        return self.bad.is_doubtful or self.before.is_doubtful

    def resolve(self) -> Diagnostic:
        """Find the cause, and step over it."""
        causes = (
            self._if_after_a_word,
            self._if_without_value,
            self._if_condition,
            self._if_nameless,
            self._if_one_value_more,
            self._if_without_comma,
            self._if_in_a_construct,
        )
        for cause in causes:
            said = cause()
            if said is not None:
                return said
        return self._otherwise()

    # ---- the causes
    def _if_after_a_word(self) -> Diagnostic | None:
        word, bad = self.before, self.bad
        if word.type != "NAME" or self._is_statement_possible() or not {"COLON", "LBRACE"} <= self.possible:
            return None
        if bad.type == "EQUAL":
            self._feed("COLON", self.index + 1)
            return syntax_errors.equals_for_colon(word.at, bad.at)
        meant = syntax_errors.meant_construct(word.value)
        if meant in ("layer", "input", "include", "opaque") and bad.type == "STRING":
            self._pop()
            self._feed(meant.upper(), self.index)
            return syntax_errors.stray_word(word.at)
        follows_on = bad.type == "NAME" and not self._begins_statement(self.index) and bad.at.line == word.at.line
        if meant is None and (bad.type in _LITERALS or follows_on):
            self._feed("COLON", self.index)
            return syntax_errors.no_colon(word.at, bad.at)
        self.read_on(self.index)
        negation = self._token(self.index - 2)
        if negation.type == "NAME" and negation.value == "not":
            return syntax_errors.bare_condition(negation.at)
        return syntax_errors.stray_word(word.at)

    def _if_without_value(self) -> Diagnostic | None:
        before, bad = self.before, self.bad
        if before.type in ("COLON", "EQUAL") and bad.type not in _CONDITIONS:
            self.read_on(self.index)
            return syntax_errors.no_value(self._token(self.index - 2).at, bad.at)
        # `kernel_size:` and on the next line `stride: 2`: what looked like the value is the next field's name.
        follows_colon = before.type == "NAME" and self._token(self.index - 2).type == "COLON"
        if follows_colon and bad.type in _AFTER_A_FIELD_NAME and self._is_statement_possible():
            name = self._token(self.index - 3)
            if bad.type in ("COLON", "LBRACE") or before.at.line != name.at.line:
                self._pop()
                self.read_on(self.index - 1)
                return syntax_errors.no_value(name.at, before.at)
        return None

    def _if_condition(self) -> Diagnostic | None:
        bad = self.bad
        if bad.type not in _CONDITIONS:
            return None
        first = self._comparison_before() if bad.type in _COMPARISONS else None
        if first is None and not self._is_statement_possible() and self.before.type != "COLON":
            return None
        self.read_on(self.index + 1)
        return (
            syntax_errors.bare_condition(bad.at)
            if first is None
            else syntax_errors.chained_comparison(first.at, bad.at)
        )

    def _if_nameless(self) -> Diagnostic | None:
        if self.bad.type != "LBRACE" or not self._is_statement_possible():
            return None
        if any(isinstance(value, Token) and value.type == "LBRACE" for value in self.stacks.value_stack):
            self.read_on(self.index)
        else:
            self._feed("NAME", self.index, "layer")
        return syntax_errors.no_name(self.bad.at)

    def _if_one_value_more(self) -> Diagnostic | None:
        is_operand = self.bad.type in _LITERALS or (self.bad.type in ("LSQB", "LPAR") and self.before.type != "NAME")
        if not is_operand or not self._is_statement_possible():
            return None
        end = self.index + 1
        while self._token(end).type in _LITERALS | {"COMMA"} or (
            self._token(end).type == "NAME" and not self._begins_statement(end)
        ):
            end += 1
        begin = self.index
        while self._token(begin - 1).type in _LITERALS | {"COMMA", "NAME"} and self._token(begin - 1).type != "COLON":
            begin -= 1
        last = self._token(end - 1).at
        self.read_on(end)
        name = self._token(begin - 2)
        if self._token(begin - 1).type == "COLON" and name.type == "NAME":
            return syntax_errors.several_values(name.at, self._token(begin).at.to(last), self.bad.at)
        if self.before.type == "FIELDS":
            field = self.before.value[-1]
            return syntax_errors.several_values(field.at, field.value.at.to(last), self.bad.at)
        return syntax_errors.value_alone(self.bad.at)

    def _if_without_comma(self) -> Diagnostic | None:
        in_brackets = "COMMA" in self.possible and not self.possible.isdisjoint({"RSQB", "RPAR"})
        if self.bad.type not in _VALUES or not in_brackets or self._is_statement_possible():
            return None
        self._feed("COMMA", self.index)
        return syntax_errors.no_comma(self.bad.at)

    def _if_in_a_construct(self) -> Diagnostic | None:
        for token in reversed(self.stacks.value_stack):
            if isinstance(token, Token):
                if token.type in _OPENING:
                    break
                if token.type in syntax_errors.FORMS:
                    if not self._is_statement_possible():
                        self.read_on(self.index)
                        return syntax_errors.bad_form(token.at, syntax_errors.FORMS[token.type], self.bad.at)
                    break
        return None

    def _otherwise(self) -> Diagnostic:
        bad, after_value = self.bad, self._token(self.index - 2).type == "COLON"
        advice = None
        if bad.type == "LPAR" and after_value:
            advice = "a call is a statement: it has no value"
        elif bad.type == "LSQB" and self.before.type in ("NAME", "RSQB", "RPAR"):
            advice = "nothing is indexed here: take a list apart with `repeat x in list` or `repeat (a, b) in rows`"
        expected = [words for terminal, words in _EXPECTED.items() if terminal in self.possible]
        self.read_on(self.index + (bad.type in ("COMMA", "SEMICOLON")))
        return syntax_errors.unexpected(bad.at, " or ".join(expected[:2]) or "a name", advice)

    # ---- looking around
    def _token(self, index: int) -> Token:
        if 0 <= index < len(self.tokens):
            return self.tokens[index]
        return Token(_END, "", Span(self.reader.source, 0, 0))

    def _is_statement_possible(self) -> bool:
        return "FIELDS" in self.possible

    def _begins_statement(self, index: int) -> bool:
        kind = self._token(index).type
        if kind == "NAME":
            return self._token(index + 1).type in _AFTER_A_FIELD_NAME | {"LPAR"}
        return kind == "FIELDS" or kind in syntax_errors.FORMS

    def _comparison_before(self) -> Token | None:
        nested = 0
        for token in reversed(self.tokens[: self.index]):
            if not nested and token.type in _OPERAND_BEGINS_AFTER:
                return None
            if not nested and token.type in _COMPARISONS:
                return token
            nested += (token.type in _CLOSING) - (token.type in _OPENING)
        return None

    # ---- getting fit again
    def read_on(self, index: int) -> None:
        """Leave the statement and go on with the first that begins at the token ``index`` or later."""
        while not self._can("FIELDS"):
            self._pop()
        ends = {"RBRACE", "MORETHAN"} if self._can("MORETHAN") else {"RBRACE"}
        nested = 0
        while index < len(self.tokens):
            kind = self.tokens[index].type
            if not nested and (kind in ends or self._begins_statement(index)):
                break
            nested = max(0, nested + (kind in _OPENING) - (kind in _CLOSING))
            index += 1
        self.reader.next = index

    def _can(self, terminal: str) -> bool:
        """Whether the parser takes this terminal now: it may first reduce what it has, and only then find out."""
        states = list(self.stacks.state_stack)
        while True:
            action, rule = self.states[states[-1]].get(terminal, (None, None))
            if action is None or action is Shift:
                return action is Shift
            del states[len(states) - len(rule.expansion) :]
            states.append(self.states[states[-1]][rule.origin.name][1])

    def _pop(self) -> None:
        self.stacks.state_stack.pop()
        self.stacks.value_stack.pop()

    def _feed(self, type: str, index: int, value: str = "") -> None:
        """Give the parser a token that the text lacks, and read on at ``index``."""
        self.parser.feed_token(Token(type, value, self.bad.at))
        self.reader.next = index
