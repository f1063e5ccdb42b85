"""What to say about a token that the grammar has no place for, and where to read on."""

from netdef.compiler.diagnostics import Diagnostic, Report
from netdef.compiler.syntax import syntax_errors
from netdef.compiler.syntax.braces import is_first_on_line
from netdef.compiler.syntax.parser_state import AFTER_A_FIELD_NAME, CLOSING, OPENING, ParserState
from netdef.compiler.syntax.parsing import Parser
from netdef.compiler.syntax.tables import END
from netdef.compiler.syntax.tokens import Token, Tokens
from netdef.compiler.syntax.tree import Broken, Lost, Text

_MOST_MISTAKES = 100
_LITERALS = frozenset({"NUMBER", "STRING", "BROKEN", "MINUS", "PLUS"})
_VALUES = _LITERALS | {"NAME", "LSQB", "LPAR", "NOT"}
_ENDS_OF_A_VALUE = frozenset({"FIELDS", "NUMBER", "STRING", "NAME", "RPAR", "RSQB", "BROKEN"})
_MOST_STRAY = 2
"""Letters right behind a brace that are taken for a slip of the hand."""
_SEPARATORS = frozenset({"COMMA", "SEMICOLON"})
_COMPARISONS = frozenset({"COMPARE", "LESSTHAN", "MORETHAN"})
_CONDITIONS = _COMPARISONS | {"AND", "OR", "NOT", "QMARK"}
_OPERAND_BEGINS_AFTER = OPENING | {"COLON", "EQUAL", "COMMA", "IF", "AND", "OR", "NOT", "QMARK", "RBRACE", "FIELDS"}
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
    """It is called with each mistake: it reports, makes the parser fit to read on, and tells it to."""

    def __init__(self, tokens: Tokens, report: Report) -> None:
        self.tokens = tokens
        self.report = report
        self.num_mistakes = 0
        self.furthest = -1  # the last token that was a mistake

    def __call__(self, parser: Parser) -> bool:
        """Report one mistake and step over it."""
        mistake = _Mistake(parser, self.tokens)
        self.num_mistakes += 1
        is_again = mistake.index <= self.furthest
        if is_again or mistake.is_known():
            mistake.leave(mistake.index + is_again)
        else:
            self.report.add(mistake.resolve())
        if self.num_mistakes == _MOST_MISTAKES:
            self.tokens.next = len(self.tokens.all)
        is_stuck = mistake.bad.type == END and self.furthest == mistake.index
        self.furthest = max(mistake.index, self.furthest)
        return not is_stuck


class _Mistake(ParserState):
    """One mistake. Each ``_if_...`` knows one cause: it returns what to say, having made the parser fit, or None."""

    def is_known(self) -> bool:
        """Whether this comes of something that was already reported."""
        is_brace_twice = self.bad.type == self.before.type == "LBRACE" and not self.reader.is_sound
        return self.bad.is_doubtful or self.before.is_doubtful or is_brace_twice

    def leave(self, index: int) -> None:
        """Go on after the value or the statement that is being read."""
        if not self.break_value(index):
            keyword = self.construct() or self.block_head()
            self.lose_statement(index, keyword.value if keyword else "", self._named_by(keyword))

    def resolve(self) -> Diagnostic:
        """Find the cause, and step over it."""
        causes = (
            self._if_without_type,
            self._if_without_layer,
            self._if_without_block,
            self._if_separator_inside,
            self._if_stray_letter,
            self._if_after_a_word,
            self._if_equals_in_a_call,
            self._if_without_value,
            self._if_condition,
            self._if_nameless,
            self._if_one_value_more,
            self._if_without_comma,
            self._if_separator_too_many,
            self._if_in_a_construct,
        )
        for cause in causes:
            said = cause()
            if said is not None:
                return said
        return self._otherwise()

    # ---- the causes
    def _if_without_type(self) -> Diagnostic | None:
        """``layer "relu1"``, and on the next line a call."""
        word, keyword = self.before, self.token(self.index - 3)
        if self.bad.type != "LPAR" or word.type != "NAME" or keyword.type != "LAYER" or word.at.line == keyword.at.line:
            return None
        self.parser.pop()
        self.lose_statement(self.index - 1, "layer")
        return syntax_errors.bad_form(keyword.at, syntax_errors.FORMS["LAYER"], word.at)

    def _if_without_layer(self) -> Diagnostic | None:
        """``"relu1" ReLU {``."""
        bad, kind, after = self.bad, self.token(self.index + 1), self.token(self.index + 2)
        if bad.type != "STRING" or kind.type != "NAME" or not self.is_statement_possible():
            return None
        is_head = after.type in ("LBRACE", END) or is_first_on_line(after.at)
        begins = self.before.type == "LBRACE" or is_first_on_line(bad.at)
        if not is_head or not begins or kind.at.line != bad.at.line:
            return None
        self.feed("LAYER", self.index)
        return syntax_errors.no_keyword("layer", bad.at)

    def _if_without_block(self) -> Diagnostic | None:
        """``conv(n, size = 3) {``."""
        end = self.index - 1 if self.bad.type == "LBRACE" and self.before.type == "RPAR" else self.index
        if end == self.index and self.bad.type != "EQUAL":
            return None
        nested, begin = int(end == self.index), end
        while begin >= 0 and (begin == end or nested):
            kind = self.token(begin).type
            nested += (kind == "RPAR") - (kind == "LPAR")
            begin -= 1
        name, body = self.token(begin), self.closer_of(begin + 1) + 1
        if name not in self.parser.values or not is_first_on_line(name.at) or self.token(body).type != "LBRACE":
            return None
        if end != self.index:
            while self.parser.pop() is not name:
                pass
        self.lose_statement(body, "block", name.value if name.value != "block" else "")
        if name.value == "block":
            return syntax_errors.bad_form(name.at, syntax_errors.FORMS["BLOCK"], self.token(begin + 1).at)
        return syntax_errors.no_keyword("block", name.at)

    def _if_separator_inside(self) -> Diagnostic | None:
        """``let , width = 8``, ``name , : "x"``: without it, the text goes on."""
        following = self.token(self.index + 1)
        is_colon_meant = (
            self.before.type == "NAME" and "COLON" in self.possible and following.type not in ("COLON", "LPAR")
        )
        if self.bad.type not in _SEPARATORS or self.is_statement_possible() or is_colon_meant:
            return None
        if self.before.type in ("LPAR", "LSQB", "COMMA") or not self.parser.can(following.type):
            return None
        expected = self._expected()
        self.reader.next = self.index + 1
        return syntax_errors.separator_too_many(self.bad.at, expected, self.bad.at)

    def _if_stray_letter(self) -> Diagnostic | None:
        """``}z``."""
        word, brace = self.before, self.token(self.index - 2)
        is_behind = word.type == "NAME" and brace.type == "RBRACE" and brace.at.end == word.at.start
        if not is_behind or len(word.value) > _MOST_STRAY or self.bad.type in _LITERALS | {"EQUAL"}:
            return None
        self.parser.pop()
        self.reader.next = self.index
        return syntax_errors.stray_letter(word.at)

    def _if_after_a_word(self) -> Diagnostic | None:
        word, bad = self.before, self.bad
        if word.type != "NAME" or self.is_statement_possible() or not {"COLON", "LBRACE"} <= self.possible:
            return None
        form = syntax_errors.FORMS.get(word.value.upper()) if word.value.islower() else None
        goes_wrong = bad.type in _LITERALS or (bad.type, word.value) in (("EQUAL", "let"), ("COMPARE", "if"))
        if form is not None and goes_wrong:
            self.lose_statement(self.index, word.value)
            return syntax_errors.bad_form(word.at, form, bad.at)
        follows = self.token(self.index + 1)
        is_value_next = follows.type in _LITERALS or (
            follows.type == "NAME" and not self.begins_statement(self.index + 1) and follows.at.line == word.at.line
        )
        if bad.type == "EQUAL" or (bad.type in _SEPARATORS and is_value_next):
            may_be_let = bad.type == "EQUAL" and self.reader.has_constructs and self.is_outside_of_messages()
            if may_be_let:
                self.parser.pop()
                self.feed("LOST", self.index, Lost(word.at, "let", word.value))
                self.feed("NAME", self.index, word.value)
            self.feed("COLON", self.index + 1)
            return syntax_errors.sign_for_colon(word.at, bad.at, is_sure=not may_be_let)
        meant = syntax_errors.meant_construct(word.value)
        if meant in ("layer", "input", "include", "opaque") and bad.type == "STRING":
            self.parser.pop()
            self.feed(meant.upper(), self.index)
            return syntax_errors.stray_word(word.at)
        goes_on_as = self._construct_that_goes_on() if meant in (None, "let") else None
        if goes_on_as is not None:
            self.parser.pop()
            self.feed(goes_on_as.upper(), self.index)
            return syntax_errors.stray_word(word.at, goes_on_as)
        follows_on = bad.type == "NAME" and not self.begins_statement(self.index) and bad.at.line == word.at.line
        if meant is None and (bad.type in _LITERALS or follows_on):
            if not is_first_on_line(word.at) and self.token(self.index - 2).type in _ENDS_OF_A_VALUE:
                self.lose_statement(self.index)  # it may be no field's name: a sign may be meant, as in `1 + 2`
            else:
                self.feed("COLON", self.index)
            return syntax_errors.no_colon(word.at, bad.at, is_sure=not bad.type == follows.type == "STRING")
        negation = self.token(self.index - 2)
        if negation.type == "NAME" and negation.value == "not":
            self.parser.pop()
            self.break_last_field()
            self.reader.next = self.index
            return syntax_errors.bare_condition(negation.at)
        if meant is not None:
            self.lose_statement(self.index, meant)
        else:
            self.feed("COLON", self.index)
            self.break_value(self.index)
        return syntax_errors.stray_word(word.at)

    def _if_equals_in_a_call(self) -> Diagnostic | None:
        """``stage(depth=2)``."""
        word, bad = self.before, self.bad
        begins = self.token(self.index - 2).type in ("LPAR", "COMMA")
        if bad.type != "EQUAL" or word.type != "NAME" or not begins or not {"COLON", "RPAR"} <= self.possible:
            return None
        self.feed("COLON", self.index + 1)
        return syntax_errors.sign_for_colon(word.at, bad.at, in_a_call=True)

    def _if_without_value(self) -> Diagnostic | None:
        before, bad = self.before, self.bad
        is_value_due = self.begin_of_value() == len(self.parser.values) - 1
        if before.type in ("COLON", "EQUAL") and is_value_due and bad.type not in _CONDITIONS:
            name = self.token(self.index - 2).at
            self.break_value(self.index)
            return syntax_errors.no_value(name, bad.at)
        # `kernel_size:` and on the next line `stride: 2`: what looked like the value is the next field's name.
        follows_colon = before.type == "NAME" and self.token(self.index - 2).type == "COLON"
        if follows_colon and bad.type in AFTER_A_FIELD_NAME and self.is_statement_possible():
            name_token = self.token(self.index - 3)
            if bad.type in ("COLON", "LBRACE") or before.at.line != name_token.at.line:
                self.break_value(self.index - 1)
                return syntax_errors.no_value(name_token.at, before.at)
        return None

    def _if_condition(self) -> Diagnostic | None:
        bad = self.bad
        if bad.type not in _CONDITIONS:
            return None
        first = self._comparison_before() if bad.type in _COMPARISONS else None
        if first is None and not self.is_statement_possible() and self.before.type != "COLON":
            return None
        self.leave(self.index + 1)
        return (
            syntax_errors.bare_condition(bad.at)
            if first is None
            else syntax_errors.chained_comparison(first.at, bad.at)
        )

    def _if_nameless(self) -> Diagnostic | None:
        if self.bad.type != "LBRACE" or not self.is_statement_possible():
            return None
        if any(isinstance(value, Token) and value.type == "LBRACE" for value in self.parser.values):
            self.lose_statement(self.index)
        else:
            self.feed("NAME", self.index, "layer")
        return syntax_errors.no_name(self.bad.at)

    def _if_one_value_more(self) -> Diagnostic | None:
        is_operand = self.bad.type in _LITERALS or (self.bad.type in ("LSQB", "LPAR") and self.before.type != "NAME")
        if not is_operand or not self.is_statement_possible():
            return None
        end = self.index + 1
        while self.token(end).type in _LITERALS | {"COMMA"} or (
            self.token(end).type == "NAME" and not self.begins_statement(end)
        ):
            end += 1
        begin = self.index
        while self.token(begin - 1).type in _LITERALS | {"COMMA", "NAME"} and self.token(begin - 1).type != "COLON":
            begin -= 1
        last = self.token(end - 1).at
        name = self.token(begin - 2)
        if self.token(begin - 1).type == "COLON" and name.type == "NAME":
            if not self.break_value(end):
                self.break_last_field()
                self.reader.next = end
            return syntax_errors.several_values(name.at, self.token(begin).at.to(last), self.bad.at)
        if self.before.type == "FIELDS":
            field = self.before.value[-1]
            self.before.value[-1] = field._replace(value=Broken(field.value.at))
            self.reader.next = end
            return syntax_errors.several_values(field.at, field.value.at.to(last), self.bad.at)
        self.lose_statement(end)
        return syntax_errors.value_alone(self.bad.at)

    def _if_without_comma(self) -> Diagnostic | None:
        in_brackets = "COMMA" in self.possible and not self.possible.isdisjoint({"RSQB", "RPAR"})
        if self.bad.type not in _VALUES or not in_brackets or self.is_statement_possible():
            return None
        # a call takes just so many arguments, an input so many sizes: there, one may as well be too many
        is_sure = "RSQB" in self.possible and self.begin_of_value() is not None
        self.doubt_last_item()
        self.feed("COMMA", self.index)
        return syntax_errors.no_comma(self.before.at, self.bad.at, is_sure=is_sure)

    def _if_separator_too_many(self) -> Diagnostic | None:
        expected = self._expected()
        if (
            self.before.type in ("LSQB", "LPAR", "COMMA")
            and self.bad.type in CLOSING | {"COMMA"}
            and self.parser.can("BROKEN")
        ):
            is_last = self.bad.type in CLOSING
            separator = self.before if is_last else self.bad
            self.token(self.index + 1).is_doubtful |= not is_last
            self.feed("BROKEN", self.index)  # an item may be missing, so that nobody knows how many there are
            return syntax_errors.separator_too_many(self.bad.at, expected, separator.at, is_sure=is_last)
        if self.bad.type in _SEPARATORS and (self.before.type in _SEPARATORS or self.is_statement_possible()):
            self.token(self.index + 1).is_doubtful = True  # the separator may stand in the place of what it needs
            self.reader.next = self.index + 1
            is_sure = not is_first_on_line(self.bad.at)
            return syntax_errors.separator_too_many(self.bad.at, expected, self.bad.at, is_sure=is_sure)
        if self.bad.type in CLOSING and self.before.type == "COMMA":
            self.parser.pop()
            self.reader.next = self.index
            return syntax_errors.separator_too_many(self.bad.at, expected, self.before.at)
        return None

    def _if_in_a_construct(self) -> Diagnostic | None:
        keyword = self.construct()
        if keyword is None or self.is_statement_possible():
            return None
        self.leave(self.index)
        return syntax_errors.bad_form(keyword.at, syntax_errors.FORMS[keyword.type], self.bad.at)

    def _otherwise(self) -> Diagnostic:
        bad, after_value = self.bad, self.token(self.index - 2).type == "COLON"
        help = None
        if bad.type == "LPAR" and after_value:
            help = "a call is a statement: it has no value"
        elif bad.type == "LSQB" and self.before.type in ("NAME", "RSQB", "RPAR"):
            help = "nothing is indexed here: take a list apart with `repeat x in list` or `repeat (a, b) in rows`"
        expected = self._expected()
        self.leave(self.index + (bad.type in _SEPARATORS))
        return syntax_errors.unexpected(bad.at, expected, help)

    # ---- looking around
    def _construct_that_goes_on(self) -> str | None:
        """``layer`` before ``"relu1" ReLU {``, ``let`` before ``n = 1``, whatever word stands there instead."""
        bad, following, brace = self.bad, self.token(self.index + 1), self.token(self.index + 2)
        is_on_one_line = following.at.line == bad.at.line == self.before.at.line
        if is_on_one_line and bad.type == "STRING" and following.type == "NAME" and brace.type == "LBRACE":
            return "layer"
        return "let" if is_on_one_line and bad.type == "NAME" and following.type == "EQUAL" else None

    def _expected(self) -> str:
        expected = [words for terminal, words in _EXPECTED.items() if terminal in self.possible]
        return " or ".join(expected[:2]) or "a name"

    def _named_by(self, keyword: Token | None) -> str:
        """The name that a construct was to give."""
        if keyword is None or keyword.type not in ("LET", "BLOCK", "OPAQUE"):
            return ""
        place = next((index for index, token in enumerate(self.tokens) if token is keyword), None)
        if place is None:  # one that the text lacks
            return ""
        named = self.token(place + 1)
        if named.type == "STRING" and isinstance(named.value, Text):
            return named.value.value
        return str(named.value) if named.type == "NAME" else ""

    def _comparison_before(self) -> Token | None:
        nested = 0
        for token in reversed(self.tokens[: self.index]):
            if not nested and token.type in _OPERAND_BEGINS_AFTER:
                return None
            if not nested and token.type in _COMPARISONS:
                return token
            nested += (token.type in CLOSING) - (token.type in OPENING)
        return None
