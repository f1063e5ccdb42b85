"""The parser's stacks at a mistake: to look around in them, and to make them fit to read on.

What can't be read keeps its place in the tree: a value as ``Broken``, a statement as ``Lost``.
"""

from netdef.compiler.source import Span
from netdef.compiler.syntax.braces import is_first_on_line
from netdef.compiler.syntax.parsing import Parser
from netdef.compiler.syntax.syntax_errors import FORMS
from netdef.compiler.syntax.tables import END
from netdef.compiler.syntax.tokens import Token, Tokens
from netdef.compiler.syntax.tree import (
    Argument,
    Binary,
    Broken,
    Choice,
    Field,
    List,
    Lost,
    Number,
    Template,
    Text,
    Unary,
    Word,
)

AFTER_A_FIELD_NAME = frozenset({"COLON", "LBRACE", "LESSTHAN", "LSQB"})
OPENING = frozenset({"LBRACE", "LPAR", "LSQB"})
CLOSING = frozenset({"RBRACE", "RPAR", "RSQB"})
_ENDS_OF_A_VALUE = CLOSING | {"COMMA", "SEMICOLON", "MORETHAN"}


class ParserState:
    """One token that the grammar has no place for, with what stands before it and the parser's stacks."""

    def __init__(self, parser: Parser, tokens: Tokens) -> None:
        self.parser = parser
        self.reader = tokens
        self.tokens = tokens.all
        self.index = tokens.next
        self.bad = self.tokens[self.index] if self.index < len(self.tokens) else tokens.end
        self.before = self.token(self.index - 1)
        self.possible = parser.possible()

    # ---- looking around
    def token(self, index: int) -> Token:
        """A token of the text; beyond its ends, one that is nothing."""
        if 0 <= index < len(self.tokens):
            return self.tokens[index]
        return Token(END, "", Span(self.reader.source, 0, 0))

    def is_statement_possible(self) -> bool:
        """Whether a statement may begin at the bad token."""
        return "FIELDS" in self.possible

    def is_outside_of_messages(self) -> bool:
        """Whether what is being read stands in the file itself, or in a block, a loop or a choice."""
        is_in_braces = False
        for token in reversed(self.parser.values):
            kind = token.type if isinstance(token, Token) else ""
            if is_in_braces and (kind == "LBRACE" or kind in FORMS):
                return kind in ("BLOCK", "REPEAT", "IF")
            is_in_braces = is_in_braces or kind == "LBRACE"
        return not is_in_braces

    def begins_statement(self, index: int) -> bool:
        """Whether a token begins a statement, as far as the one after it tells."""
        kind = self.token(index).type
        if kind == "NAME":
            following = self.token(index + 1).type
            if following == "LESSTHAN":  # a message's, or a comparison's
                return self.token(index + 2).type == "MORETHAN" or self.begins_statement(index + 2)
            return following in AFTER_A_FIELD_NAME | {"LPAR"}
        return kind == "FIELDS" or kind in FORMS

    def closer_of(self, index: int) -> int:
        """Where the bracket is closed that is opened at a token; the end of the text if it isn't."""
        nested = 0
        while index < len(self.tokens):
            kind = self.tokens[index].type
            nested += (kind in OPENING) - (kind in CLOSING)
            if not nested:
                break
            index += 1
        return index

    def begin_of_value(self) -> int | None:
        """Where in the stacks the ``:`` or ``=`` stands whose value is being read; None if none is."""
        stack = self.parser.values
        for place in range(len(stack) - 1, -1, -1):
            kind = stack[place].type if isinstance(stack[place], Token) else ""
            follows_a_token = place > 0 and isinstance(stack[place - 1], Token)
            if kind == "EQUAL" or (kind == "COLON" and follows_a_token):  # a choice's `:` follows an expression
                return place
            if kind == "LBRACE" or kind in FORMS or (kind == "LESSTHAN" and follows_a_token):
                return None
        return None

    def construct(self) -> Token | None:
        """The word that began the construct which is being read."""
        nested = 0
        for token in reversed(self.parser.values):
            if isinstance(token, Token):
                nested += (token.type in OPENING) - (token.type in CLOSING)
                if nested > 0:
                    return None
                if token.type in FORMS:
                    return token
        return None

    def block_head(self) -> Token | None:
        """The ``block`` whose parameters are being read."""
        for token in reversed(self.parser.values):
            if isinstance(token, Token) and token.type in ("BLOCK", "LBRACE", "LESSTHAN"):
                return token if token.type == "BLOCK" else None
        return None

    # ---- getting fit again
    def feed(self, type: str, index: int, value: object = "") -> None:
        """Give the parser a token that the text lacks, and read on at ``index``."""
        self.parser.take([Token(type, value, self.bad.at)])
        self.reader.next = index

    def doubt_last_item(self) -> None:
        """Put ``Broken`` in the place of the item of a list or a call that was read last."""
        last = self.parser.values[-1]
        if isinstance(last, Token):
            if last.type in ("NAME", "NUMBER"):
                self.parser.pop()
                self.parser.take([Token("BROKEN", "", last.at) if self.parser.can("BROKEN") else last])
        elif isinstance(last, Argument):
            self.parser.values[-1] = last._replace(value=Broken(last.value.at))
        elif isinstance(last, Word | Number | Text | Template | Binary | Unary | Choice | List):
            self.parser.values[-1] = Broken(last.at)

    def break_value(self, index: int) -> bool:
        """Put ``Broken`` in the place of the value that is being read, if one is, and go on after it."""
        begin = self.begin_of_value()
        if begin is None:
            return False
        nested = 0
        while len(self.parser.values) > begin + 1:
            popped = self.parser.pop()
            if isinstance(popped, Token):
                nested += (popped.type in OPENING) - (popped.type in CLOSING)
        nested += sum((token.type in OPENING) - (token.type in CLOSING) for token in self.tokens[self.index : index])
        self.feed("BROKEN", index)
        self._skip_value(index, max(0, nested))
        return True

    def break_last_field(self) -> None:
        """Put ``Broken`` in the place of the value of the field that was read last."""
        last = self.parser.values[-1]
        children = last.value if isinstance(last, Token) else last if isinstance(last, list) else None
        if isinstance(last, Field):
            self.parser.values[-1] = last._replace(value=Broken(last.value.at))
        elif children and isinstance(children[-1], Token) and children[-1].type == "FIELDS":
            children = children[-1].value
        if children and isinstance(children[-1], Field):
            children[-1] = children[-1]._replace(value=Broken(children[-1].value.at))

    def lose_statement(self, index: int, keyword: str = "", name: str = "") -> None:
        """Put ``Lost`` in the place of the statement that is being read, and go on with the first one after it.

        That begins at the token ``index`` or later; what stands in braces after a ``keyword`` is lost with it.
        """
        at = self.bad.at
        while not self.parser.can("FIELDS"):
            popped = self.parser.pop()
            at = popped.at if isinstance(popped, Token) else at
        self.feed("LOST", index, Lost(at, keyword, name))
        self._skip_statement(index, has_body=bool(keyword))

    def _skip_statement(self, index: int, *, has_body: bool) -> None:
        ends = {"RBRACE", "MORETHAN"} if self.parser.can("MORETHAN") else {"RBRACE"}
        nested = 0
        while index < len(self.tokens):
            token = self.tokens[index]
            is_before_body = has_body and token.type == "NAME" and self.token(index + 1).type == "LBRACE"
            begins = self.begins_statement(index) and (not is_before_body or is_first_on_line(token.at))
            if not nested and (token.type in ends or begins):
                break
            nested = max(0, nested + (token.type in OPENING) - (token.type in CLOSING))
            index += 1
            if has_body and not nested and token.type == "RBRACE" and self.token(index).type != "ELSE":
                break
        self.reader.next = index

    def _skip_value(self, index: int, nested: int) -> None:
        """Go on behind a value that ``nested`` brackets are still open of."""
        while index < len(self.tokens):
            kind = self.tokens[index].type
            if not nested and kind in _ENDS_OF_A_VALUE and self.parser.can(kind):
                break
            if not nested and self.begins_statement(index) and self.parser.can("FIELDS"):
                break
            nested = max(0, nested + (kind in OPENING) - (kind in CLOSING))
            index += 1
        self.reader.next = index
