"""Text to tokens.

Speed comes from one trick: a run of plain ``name: literal`` fields, which is most of any prototxt, becomes a single
token FIELDS that holds the finished fields, so the parser takes one step where it would take a dozen for each.
"""

import re
from collections.abc import Iterator
from typing import Any, NamedTuple, cast

from lark.lexer import Lexer, LexerState

from netdef.compiler.diagnostics import Report
from netdef.compiler.override import override
from netdef.compiler.source import Source, Span
from netdef.compiler.syntax import syntax_errors
from netdef.compiler.syntax.braces import close_braces, is_first_on_line, made_up
from netdef.compiler.syntax.literals import read_number
from netdef.compiler.syntax.tokens import Token, Tokens
from netdef.compiler.syntax.tree import Field, Lost, Number, Text, Word

MOST_NESTED = 100
"""Braces, brackets, or operators of one expression in each other: who walks a tree may recurse this deep."""

_FIELD = re.compile(
    r"""\s*+
    ([A-Za-z_]\w*+) \s*+ : \s*+
    ( "[^"\\\n$]*+" | '[^'\\\n$]*+'
    | -?+ (?: [1-9]\d{0,17}+ | 0 | \d++\.\d*+ (?:[eE][+-]?+\d++)?+ | \d++[eE][+-]?+\d++ ) (?![\w.])
    | (?!(?:not|let|layer|block|repeat)\b) [A-Za-z_]\w*+
    )
    \s*+ [,;]?+
    ((?: \s*+ \#[^\n]*+ )*+) \s*+
    (?= [A-Za-z_}] )""",
    re.VERBOSE | re.ASCII,
)
"""A plain field: what follows it, a word or a closing brace, can't go on with its value."""

_TOKEN = re.compile(
    r"""[ \t\r\n\f\v]++
    | (?P<comment> \#[^\n]*+ )
    | (?P<path> ^\w[\w./-]*+(?:(?<=\.prototxt)|(?<=\.net)|(?<=\.txt)|(?<=\.pt))(?=[ \t\r]*$) )
    | (?P<word> [A-Za-z_]\w*+ )
    | (?P<number> 0[xX][0-9a-fA-F]++(?![\w.]) | (?: \d | \.\d ) (?: (?<=[eE])[+-](?=\d) | \w | \.(?!\.) )*+ )
    | (?P<string> "(?:[^"\\\n]|\\[^\n])*+" | '(?:[^'\\\n]|\\[^\n])*+' )
    | (?P<bracket> [{}()\[\]] )
    | (?P<foreign> //[^\n]*+ | /\*(?:[^*]|\*(?!/))*+(?:\*/)?+ )
    | (?P<merge> ^(?:<{7}|={7}|>{7}|\|{7})(?![<=>|])[^\n]*+ )
    | (?P<sign> \.\. | [=!<>]= | [:,;=?+\-*/%<>] )
    | (?P<unended> ["'][^\n]*+ )
    | (?P<curly> [\u2018-\u201F\u00AB\u00BB][^"'\n\u2018-\u201F\u00AB\u00BB]*+[\u2018-\u201F\u00AB\u00BB] )
    """,
    re.VERBOSE | re.ASCII | re.MULTILINE,
)
_TRIVIA = r"(?:[ \t\r\n\f\v]|\#[^\n]*\n)*+"
_AFTER_TRIVIA = re.compile(_TRIVIA)
_EXTENSION = re.compile(rf"\[\s*([A-Za-z_][\w./-]*)\s*\](?={_TRIVIA}[:{{<])", re.ASCII)
_SECOND_VERSION = re.compile(r"^=======[^\n]*(?:\n(?!>>>>>>>)[^\n]*)*+\n>>>>>>>[^\n]*", re.MULTILINE)
_COMMENT = re.compile(r"#[^\n]*")
_BAD_CHARACTERS = re.compile(r"""[^\s\w#"'{}()\[\]:,;=?+\-*/%<>.]+|[\s\S]""", re.ASCII)

_SIGNS = {
    ":": "COLON", ",": "COMMA", ";": "SEMICOLON", "=": "EQUAL", "?": "QMARK", "..": "DOTS",
    "+": "PLUS", "-": "MINUS", "*": "TIMES", "/": "TIMES", "%": "TIMES",
    "<": "LESSTHAN", ">": "MORETHAN", "==": "COMPARE", "!=": "COMPARE", "<=": "COMPARE", ">=": "COMPARE",
    "{": "LBRACE", "}": "RBRACE", "(": "LPAR", ")": "RPAR", "[": "LSQB", "]": "RSQB",
}  # fmt: skip
_BRACKETS = frozenset("{}()[]<>")
_CLOSES = {"}": "{", ")": "(", "]": "["}
_OPERATORS = frozenset({"PLUS", "MINUS", "TIMES", "COMPARE", "LESSTHAN", "MORETHAN", "AND", "OR", "NOT", "QMARK"})
_STATEMENTS = frozenset({"LAYER", "INPUT", "LET", "BLOCK", "REPEAT", "IF", "INCLUDE", "OPAQUE"})
_NEVER_IN_PROTOTXT = _STATEMENTS | {"LPAR"} | (_OPERATORS - {"MINUS", "LESSTHAN", "MORETHAN"})
_BEFORE_PLAIN_FIELDS = frozenset({"", "LBRACE", "RBRACE", "FIELDS"})
_BEFORE_A_VALUE = _OPERATORS | {"COLON", "EQUAL", "IN", "IF", "LAYER", "REPEAT", "LET", "BLOCK", "DOTS", "LPAR", "LSQB"}


_BEFORE_A_NAME = frozenset({"COLON", "LAYER", "REPEAT", "LET", "BLOCK"})

_QUOTES = "\"'"
_WORD = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_"
_KEYWORDS = {
    "layer": ("LAYER", _QUOTES + _WORD),
    "input": ("INPUT", _QUOTES),
    "let": ("LET", _WORD),
    "block": ("BLOCK", _WORD),
    "repeat": ("REPEAT", _WORD + "("),
    "if": ("IF", _WORD + _QUOTES + "0123456789.(-+!"),
    "include": ("INCLUDE", _QUOTES),
    "opaque": ("OPAQUE", _QUOTES),
}
"""ProtoEnum that begin a construct where a statement may stand, and the characters one of which must follow."""

_SURELY_BEGINS = re.compile(
    rf"""(?: let {_TRIVIA} \w++ {_TRIVIA} =(?!=) | block {_TRIVIA} \w++ {_TRIVIA} \(
    | repeat {_TRIVIA} (?: \( | \w++ {_TRIVIA} (?: , | in\b )) | (?:layer|input|include|opaque) {_TRIVIA} ["'] )""",
    re.VERBOSE | re.ASCII,
)
"""A construct that no prototxt can be: behind a colon, at the begin of a line, the value before it was forgotten."""
_PATH_AFTER_INCLUDE = re.compile(
    r"[ \t]++([\w./-]++(?<=\.net|\.txt)|[\w./-]++(?<=\.prototxt))(?=[ \t\r]*+(?:\#|$))", re.ASCII | re.MULTILINE
)

_CONNECTIVES = {"and": "AND", "or": "OR"}
_AFTER_A_FIELD_NAME = ":{<["


class _Opener(NamedTuple):
    """A bracket that waits to be closed."""

    sign: str
    token: Token
    is_then: bool
    """Whether an ``else`` may follow what it opens."""


class NetLexer(Lexer):
    """Lark's way to our tokens. ``scan`` has already made them: what is given to Lark as its text is ``Tokens``."""

    __future_interface__ = 2  # Lark's word for: give ``lex`` the state itself

    def __init__(self, lexer_conf: object) -> None:
        """Take no notice of the terminals: their patterns stand above."""

    @override
    def lex(self, lexer_state: LexerState, parser_state: object) -> Iterator[Any]:
        """The tokens from where the reading stands."""
        return iter(cast(Tokens, lexer_state.text))


def scan(source: Source, report: Report, start: int = 0, end: int | None = None) -> Tokens:
    """The tokens of a text, or of the part of it that is an expression in a string."""
    start = max(start, source.text.startswith("\N{BYTE ORDER MARK}"))
    scanner = _Scanner(source, report, start, len(source.text) if end is None else end)
    scanner.run()
    return scanner.tokens


class _Scanner:
    """One walk over a text; it knows just enough of what came before to tell keywords from names."""

    def __init__(self, source: Source, report: Report, start: int, end: int) -> None:
        self.tokens = Tokens(source)
        self.report = report
        self.source = source
        self.text = source.text
        self.position = start
        self.end = end
        self.before = ""  # the type of the token before this one
        self.before_that = ""
        self.openers: list[_Opener] = []
        self.expects_in = False  # between `repeat` and its `in`
        self.expects_then = False  # between `if` and its body
        self.after_then = False  # right after the body of an `if`
        self.choices = 0  # `?` whose `:` is still to come
        self.operators = 0  # since the expression began
        self.else_ifs = 0  # since the `if` that began them
        self.in_conflict = False  # after git's <<<<<<<
        self.is_doubtful = False  # something before this was reported and left out

    def run(self) -> None:
        """Read to the end."""
        readers = {
            "comment": self._read_comment,
            "word": self._read_word,
            "number": self._read_number,
            "string": self._read_string,
            "bracket": self._read_bracket,
            "sign": self._read_sign,
            "foreign": self._read_foreign,
            "merge": self._read_merge_marker,
            "path": self._read_path,
            "unended": self._read_unended_string,
            "curly": self._read_curly_string,
        }
        match = _TOKEN.match
        while self.position < self.end:
            if self.before in _BEFORE_PLAIN_FIELDS:
                self._read_plain_fields()
            found = match(self.text, self.position, self.end)
            if found is None:
                self._skip_bad_characters()
                continue
            start, self.position = found.span()
            if found.lastgroup is not None:
                readers[found.lastgroup](found.group(), Span(self.source, start, self.position))
        self._close_all()

    # ---- plain fields, many at once
    def _read_plain_fields(self) -> None:
        source, text, end, position = self.source, self.text, self.end, self.position
        match, new = _FIELD.match, tuple.__new__
        fields: list[Field] = []
        while (found := match(text, position, end)) is not None:
            name, value, comments = found.groups()
            at = new(Span, (source, *found.span(2), None))
            first = value[0]
            literal: Text | Number | Word
            if first in "\"'":
                literal = new(Text, (value[1:-1], at))
            elif first in "-0123456789":
                literal = new(Number, (_plain_number(value), at))
            else:
                literal = new(Word, (value, at))
            fields.append(new(Field, (name, literal, new(Span, (source, *found.span(1), None)))))
            position = found.end()
            if comments:
                for comment in _COMMENT.finditer(text, *found.span(3)):
                    self.tokens.comments.append(Span(source, *comment.span()))
        if fields:
            self.position = position
            self._add("FIELDS", fields, fields[0].at.to(fields[-1].value.at))

    # ---- one token each
    def _add(self, type: str, value: Any, at: Span) -> None:
        if type in _NEVER_IN_PROTOTXT or (type == "MINUS" and self.before not in _BEFORE_A_VALUE | {"COMMA"}):
            self.tokens.has_constructs = True
        token = Token(type, value, at)
        if self.is_doubtful:
            token.is_doubtful = True
            self.is_doubtful = False
        self.tokens.all.append(token)
        self.before_that, self.before = self.before, type
        self.after_then = False

    def _add_operator(self, type: str, value: str, at: Span) -> None:
        self.operators += 1
        self._add(type, value, at)
        self._check_depth(at)

    def _check_depth(self, at: Span) -> None:
        if max(len(self.openers), self.operators, self.else_ifs) > MOST_NESTED:
            self.report.add(syntax_errors.too_deep(at, MOST_NESTED))
            self.tokens.all[:] = [Token("LOST", Lost(at), at)]  # half of it would only make more mistakes
            self.tokens.is_sound = False
            self.openers.clear()
            self.position = self.end

    def _read_comment(self, text: str, at: Span) -> None:
        self.tokens.comments.append(at)

    def _read_word(self, word: str, at: Span) -> None:
        if word == "include" and is_first_on_line(at) and not self._is_inside():
            path = _PATH_AFTER_INCLUDE.match(self.text, self.position, self.end)
            if path is not None:
                self._read_include_without_quotes(at, Span(self.source, *path.span(1)))
                return
        if word in _KEYWORDS and self._is_in_brackets() and is_first_on_line(at) and self._begins(word):
            self._close_forgotten(len(self.tokens.all), at)
        kind = self._type_of(word, at)
        if kind in _OPERATORS:
            self._add_operator(kind, word, at)
            return
        if kind in _STATEMENTS:
            self.choices = self.operators = 0
            self.expects_in = kind == "REPEAT"
            self.expects_then = kind == "IF"
            if kind == "IF":
                self.else_ifs = self.else_ifs + 1 if self.before == "ELSE" else 0
        elif kind == "IN":
            self.expects_in = False
        self._add(kind, word, at)
        self._check_depth(at)

    def _type_of(self, word: str, at: Span) -> str:
        before = self.before
        if word in _KEYWORDS and before == "COLON" and is_first_on_line(at) and not self._is_inside():
            if _SURELY_BEGINS.match(self.text, at.start, self.end):
                return _KEYWORDS[word][0]
        elif word in _KEYWORDS and before not in _BEFORE_A_NAME:
            if self._begins(word) and not self._is_inside():
                return _KEYWORDS[word][0]
        elif word == "in" and self.expects_in:
            return "IN"
        elif word == "at" and before == "STRING" and self.before_that == "OPAQUE" and self._next() in _QUOTES:
            return "AT"
        elif word == "else" and self.after_then and self._is_branch_next():
            return "ELSE"
        elif word == "not" and before in _BEFORE_A_VALUE | {"COMMA"} and (before != "COLON" or self._is_inside()):
            return "NOT"
        elif word in _CONNECTIVES and before not in _BEFORE_A_VALUE and self._next() not in _AFTER_A_FIELD_NAME:
            return _CONNECTIVES[word]
        return "NAME"

    def _next(self) -> str:
        """The next character that is neither blank nor in a comment; none at the end."""
        found = _AFTER_TRIVIA.match(self.text, self.position, self.end)
        assert found is not None
        return self.text[found.end() : min(found.end() + 1, self.end)]

    def _begins(self, word: str) -> bool:
        """Whether a construct of this name begins here, as far as what follows tells."""
        following = self._next()
        return bool(following) and following in _KEYWORDS[word][1]

    def _is_branch_next(self) -> bool:
        """Whether ``{`` or ``if`` follows."""
        found = _AFTER_TRIVIA.match(self.text, self.position, self.end)
        return found is not None and self.text.startswith(("{", "if"), found.end(), self.end)

    def _is_inside(self) -> bool:
        """Whether we are in parentheses, in a list, or in the middle of ``c ? a : b``: where no statement stands."""
        return self.choices > 0 or self._is_in_brackets()

    def _is_in_brackets(self) -> bool:
        return bool(self.openers) and self.openers[-1].sign in "(["

    def _read_number(self, text: str, at: Span) -> None:
        worth = read_number(text)
        if worth is None:
            self.report.add(syntax_errors.bad_number(at))
            self.is_doubtful = True
        self._add("BROKEN" if worth is None else "NUMBER", worth, at)

    def _read_string(self, text: str, at: Span) -> None:
        self._add("STRING", text[1:-1], at)

    def _read_sign(self, sign: str, at: Span) -> None:
        kind = _SIGNS[sign]
        if kind == "LESSTHAN" and self._begins_a_message():
            self._open("<", at)
        elif kind == "MORETHAN" and self.openers and self.openers[-1].sign == "<":
            self.openers.pop()
            self._add(kind, sign, at)
        elif kind in _OPERATORS:
            self.choices += kind == "QMARK"
            self._add_operator(kind, sign, at)
        else:
            if kind == "COLON" and self.choices:
                self.choices -= 1
            else:
                self.operators = 0
            if kind == "COLON" and self.before == "NAME" and self._is_in_brackets() and self.openers[-1].sign == "[":
                self._close_forgotten(self._begin_of_statement(), at)
            self._add(kind, sign, at)

    def _begins_a_message(self) -> bool:
        """Whether a ``<`` here opens a message: it follows a field's name, or stands where a list's item begins."""
        if self._is_inside():
            return self.before in ("LSQB", "COMMA")
        return self.before == "COLON" or (self.before == "NAME" and self.before_that not in _BEFORE_A_VALUE)

    def _read_bracket(self, sign: str, at: Span) -> None:
        if sign in _CLOSES:
            self._close(sign, at)
            return
        if sign == "[" and self.before not in _BEFORE_A_VALUE and not self._is_inside():
            extension = _EXTENSION.match(self.text, at.start, self.end)
            if extension is not None:
                self.position = extension.end()
                self._add("NAME", f"[{extension[1]}]", Span(self.source, at.start, self.position))
                return
        if sign == "(" and self.before == "NAME":  # a call: a new statement
            self.operators = 0
            if self._is_in_brackets() and self._begin_of_statement() < len(self.tokens.all):
                self._close_forgotten(self._begin_of_statement(), at)
        self._open(sign, at)

    # ---- brackets: what leaves here is always balanced
    def _open(self, sign: str, at: Span) -> None:
        if sign == "{" and self._is_in_brackets() and self.before not in ("LSQB", "COMMA"):
            self._close_forgotten(self._begin_of_statement(), at)
        is_then = sign == "{" and self.expects_then and not self._is_inside()
        if sign == "{":
            self.expects_then = self.expects_in = False
            self.choices = self.operators = 0
        self._add(_SIGNS[sign], sign, at)
        self.openers.append(_Opener(sign, self.tokens.all[-1], is_then))
        self._check_depth(at)

    def _begin_of_statement(self) -> int:
        """Where in the tokens the statement begins whose brace or colon is next, if its name begins a line."""
        tokens = self.tokens.all
        index = len(tokens) - (bool(tokens) and tokens[-1].type == "COLON")
        if index and tokens[index - 1].type == "NAME" and is_first_on_line(tokens[index - 1].at):
            return index - 1
        return len(tokens)

    def _close(self, sign: str, at: Span) -> None:
        opener = _CLOSES[sign]
        # A brace closes what was forgotten inside it; other brackets close nothing outside of their braces.
        within = [each.sign for each in self.openers]
        if sign != "}":
            within = within[max((i for i, each in enumerate(within) if each == "{"), default=-1) + 1 :]
        if opener not in within:
            self.report.add(syntax_errors.stray_closer(at))
            self.tokens.is_sound = self.tokens.is_sound and sign != "}"
            self.is_doubtful = True
            return
        if self.openers[-1].sign != opener:
            self._close_forgotten(len(self.tokens.all), at, opener)
        is_then = self.openers.pop().is_then
        if sign == "}":
            self.choices = self.operators = 0
        self._add(_SIGNS[sign], sign, at)
        self.after_then = is_then

    def _close_forgotten(self, index: int, found: Span, until: str = "{") -> None:
        """Close, before the token ``index``, all that is open inside the last ``until``; report the innermost.

        ``found`` is what gave it away, unless it is that token.
        """
        tokens = self.tokens.all
        innermost = self.openers[-1].token
        forgotten: list[str] = []
        while self.openers and self.openers[-1].sign != until:
            forgotten.append(self.openers.pop().sign)
        self.tokens.is_sound = self.tokens.is_sound and not {"{", "<"} & set(forgotten)
        before = tokens[index].at if index < len(tokens) else found
        closers = "".join(syntax_errors.CLOSERS[sign] for sign in forgotten)
        self.report.add(syntax_errors.unclosed(innermost.at, before, tokens[index - 1].at, closers))
        for closer in closers:
            tokens.insert(index, made_up(_SIGNS[closer], closer, tokens[index - 1].at))
            index += 1
        self.choices = self.operators = 0
        self.before = tokens[-1].type

    def _close_all(self) -> None:
        """At the end of the text."""
        if self.openers and self.openers[-1].sign != "{":
            self._close_forgotten(len(self.tokens.all), Span(self.source, self.end, self.end))
        unclosed = sum(opener.sign == "{" for opener in self.openers)
        if unclosed:
            self.tokens.is_sound = False
            close_braces(self.tokens, unclosed, self.report)

    # ---- what isn't ours
    def _read_unended_string(self, text: str, at: Span) -> None:
        self.report.add(syntax_errors.unended_string(at))
        self.tokens.is_sound = self.tokens.is_sound and _BRACKETS.isdisjoint(text)
        self.is_doubtful = True
        self._add("BROKEN", None, at)

    def _read_curly_string(self, text: str, at: Span) -> None:
        self.report.add(syntax_errors.curly_quotes(at))
        self._add("STRING", text[1:-1], at)

    def _read_include_without_quotes(self, keyword: Span, path: Span) -> None:
        self.report.add(syntax_errors.no_quotes(keyword, path))
        self._add("INCLUDE", keyword.text, keyword)
        self._add("STRING", path.text, path)
        self.position = path.end

    def _read_path(self, text: str, at: Span) -> None:
        self.report.add(syntax_errors.stray_path(at))
        self.is_doubtful = True

    def _read_foreign(self, text: str, at: Span) -> None:
        self.report.add(syntax_errors.foreign_comment(at))
        self.is_doubtful = True

    def _read_merge_marker(self, text: str, at: Span) -> None:
        second = _SECOND_VERSION.match(self.text, at.start) if self.in_conflict else None
        if second is not None:
            self.position = second.end()
        if not self.in_conflict:
            self.report.add(syntax_errors.merge_marker(at))
        self.in_conflict = text.startswith("<")
        self.is_doubtful = True

    def _skip_bad_characters(self) -> None:
        found = _BAD_CHARACTERS.match(self.text, self.position, self.end)
        assert found is not None
        self.report.add(syntax_errors.bad_characters(Span(self.source, *found.span())))
        self.position = found.end()
        self.is_doubtful = True


def _plain_number(text: str) -> int | float:
    try:
        return int(text)
    except ValueError:
        return float(text)
