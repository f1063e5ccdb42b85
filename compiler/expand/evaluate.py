"""What expressions are worth.

Integers stay integers: ``/`` gives one where it divides exactly, else a fraction, which an integer field refuses.
"""

import operator
from collections.abc import Callable

from netdef.compiler.expand.scope import Mistake, Quiet, Scope
from netdef.compiler.fixes import Applicability, insert_after, replace
from netdef.compiler.source import Span
from netdef.compiler.spelling import guess
from netdef.compiler.syntax.tree import (
    Binary,
    Broken,
    Choice,
    Expression,
    List,
    Number,
    Template,
    Text,
    Unary,
    Value,
    Word,
)

CONSTANTS: dict[str, Value] = {"true": True, "false": False, "inf": float("inf"), "nan": float("nan")}
MAX_INTEGER = 2**63 - 1
MAX_TEXT = 10_000
MAX_COMPARED = 100_000


def evaluate(expression: Expression, scope: Scope) -> Value:
    """The value of an expression; raises ``Mistake``, or ``Quiet`` where a variable is broken."""
    if isinstance(expression, Number | Text):
        return expression.value
    if isinstance(expression, Word):
        return _variable(expression, scope)
    if isinstance(expression, List):
        return tuple(evaluate(item, scope) for item in expression.items)
    if isinstance(expression, Template):
        return _bounded("".join(_text(part, scope) for part in expression.parts), expression.at)
    if isinstance(expression, Choice):
        condition = truth(expression.condition, scope)
        return evaluate(expression.then if condition else expression.otherwise, scope)
    if isinstance(expression, Unary):
        if expression.operator == "not":
            return not truth(expression.operand, scope)
        number = _number(expression.operand, scope)
        return -number if expression.operator == "-" else number
    if isinstance(expression, Broken):
        raise Quiet
    return _binary(expression, scope)


def truth(expression: Expression, scope: Scope) -> bool:
    """The value of a condition, which must be true or false."""
    value = evaluate(expression, scope)
    if not isinstance(value, bool):
        message = f"a condition is true or false, and this is {describe(value)}"
        is_number = isinstance(value, int | float)
        help = f"compare it: {expression.at.text} > 0" if is_number else 'compare it: x == "..."'
        fix = insert_after(expression.at, " > 0", Applicability.UNSAFE) if is_number else None
        raise Mistake("N309", message, expression.at, help, fix=fix)
    return value


def integer(expression: Expression, scope: Scope) -> int:
    """The value of an expression that must be an integer."""
    value = _number(expression, scope)
    if not isinstance(value, int):
        raise Mistake("N309", f"an integer is needed, and this is {value:g}", expression.at)
    return value


def describe(value: Value) -> str:
    """A value for people."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return f'the string "{value}"'
    return f"a list of {len(value)}" if isinstance(value, tuple) else f"the number {value}"


def show_value(value: Value) -> str:
    """A value as it stands in a string."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else f"{value:.9g}" if isinstance(value, float) else str(value)


def _variable(word: Word, scope: Scope) -> Value:
    binding = scope.variable(word.value)
    if binding is None:
        if word.value in CONSTANTS:
            return CONSTANTS[word.value]
        raise unknown_variable(word, scope)
    if binding.value is None:
        raise Quiet
    return binding.value


def unknown_variable(word: Word, scope: Scope) -> Mistake:
    """Nobody binds a word; what was meant is most likely a variable that can be read here."""
    message = f"there is no variable {word.value}"
    if word.value == "input":
        help = "input is the one blob that flows into a block, and here there is none"
        return Mistake("N301", message, word.at, help)
    otherwise = f"bind it above: let {word.value} = 1"
    meant = guess(word.value, scope.variable_names(), word.at, otherwise, scope.near.closest)
    return Mistake("N301", message, word.at, meant.help, fix=meant.fix)


def _text(part: "str | Expression", scope: Scope) -> str:
    if isinstance(part, str):
        return part
    value = evaluate(part, scope)
    if isinstance(value, tuple):
        raise Mistake("N309", f"{describe(value)} can't stand in a string", part.at)
    return show_value(value)


def _number(expression: Expression, scope: Scope) -> int | float:
    return _as_number(evaluate(expression, scope), expression)


def _as_number(value: Value, expression: Expression) -> int | float:
    """The value of an expression, if it is a number."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        help = "drop its quotes where it is bound" if isinstance(value, str) and value.isdecimal() else None
        raise Mistake("N309", f"a number is needed, and this is {describe(value)}", expression.at, help)
    return value


def _divide(left: int | float, right: int | float) -> int | float:
    exact = isinstance(left, int) and isinstance(right, int) and left % right == 0
    return left // right if exact else left / right


_ARITHMETIC: dict[str, Callable[[int | float, int | float], int | float]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": _divide,
    "%": operator.mod,
}
_ORDER: dict[str, Callable[[int | float, int | float], bool]] = {
    "<": operator.lt,
    ">": operator.gt,
    "<=": operator.le,
    ">=": operator.ge,
}


def _binary(expression: Binary, scope: Scope) -> Value:
    sign = expression.operator
    if sign == "and":
        return truth(expression.left, scope) and truth(expression.right, scope)
    if sign == "or":
        return truth(expression.left, scope) or truth(expression.right, scope)
    left = evaluate(expression.left, scope)  # once: what is evaluated twice at each level takes for ever
    if sign in ("==", "!="):
        right = evaluate(expression.right, scope)
        alike = isinstance(left, bool) == isinstance(right, bool) and _are_equal(left, right, expression.at)
        return alike == (sign == "==")
    if sign == "+" and isinstance(left, str):
        text, more = left, evaluate(expression.right, scope)
        if isinstance(more, str):
            return _bounded(text + more, expression.at)
        message = f"a string can't be added to {describe(more)}"
        written = expression.right.at.text
        help = f'put it in a string: "${{{written}}}"'
        fix = None if isinstance(more, tuple) or '"' in written else replace(expression.right.at, f'"${{{written}}}"')
        raise Mistake("N309", message, expression.operator_at, help, fix=fix)
    first, second = _as_number(left, expression.left), _number(expression.right, scope)
    if sign in _ORDER:
        return _ORDER[sign](first, second)
    if second == 0 and sign in ("/", "%"):
        raise Mistake("N309", "division by 0", expression.operator_at, "guard it: n == 0 ? 1 : m / n")
    try:
        result = _ARITHMETIC[sign](first, second)
    except OverflowError:
        result = MAX_INTEGER + 1
    if isinstance(result, int) and abs(result) > MAX_INTEGER:
        raise Mistake("N306", "this number is beyond 2^63", expression.at, "no size or count is as large")
    return result


def _are_equal(left: Value, right: Value, at: Span) -> bool:
    """Whether two values are one; lists of lists may be far larger than the text that makes them."""
    waiting = [(left, right)]
    num_compared = 0
    while waiting:
        one, other = waiting.pop()
        num_compared += 1
        if num_compared > MAX_COMPARED:
            message = f"these lists have more than {MAX_COMPARED:,} values to compare"
            raise Mistake("N306", message, at, "are they made of themselves again and again?")
        if isinstance(one, tuple) and isinstance(other, tuple):
            if len(one) != len(other):
                return False
            waiting += zip(one, other, strict=True)
        elif one != other:
            return False
    return True


def _bounded(text: str, at: Span) -> str:
    if len(text) > MAX_TEXT:
        message = f"this string is longer than {MAX_TEXT:,} characters"
        raise Mistake("N306", message, at, "is it made of itself again and again?")
    return text
