"""What numbers and strings are worth."""

import re
from typing import NamedTuple

_FLOAT = re.compile(r"(?:\d+(?:_\d+)*(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?[fF]?", re.ASCII)
_INTEGER = re.compile(r"[1-9]\d*(?:_\d+)*|0", re.ASCII)
_OCTAL = re.compile(r"0[0-7]+")
_HEX = re.compile(r"0[xX][0-9a-fA-F]+")
_MOST_DIGITS = 400  # more than any double needs, and fewer than Python refuses

_ESCAPE = (
    r"(?s)\\(?:(?P<simple>[abfnrtv\\'\"?])|(?P<octal>[0-7]{1,3})|[xX](?P<hex>[0-9a-fA-F]{1,2})"
    r"|u(?P<short>[0-9a-fA-F]{4})|U(?P<long>[0-9a-fA-F]{8})|(?P<dollar>\$)|(?P<bad>.?))"
)
_SIMPLE = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}


_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}


def quoted(text: str) -> str:
    """A string as a text has it, in double quotes."""
    return f'"{"".join(_ESCAPES.get(c) or (c if c.isprintable() else _bytes(c)) for c in text)}"'


def _bytes(character: str) -> str:
    return "".join(f"\\{byte:03o}" for byte in character.encode())


def read_number(text: str) -> int | float | None:
    """The worth of a number as written, or None if it isn't one: ``3pad``, ``1.5.2``, ``08``."""
    if len(text) > _MOST_DIGITS:
        return None
    if _INTEGER.fullmatch(text):
        return int(text.replace("_", ""))
    if _HEX.fullmatch(text):
        return int(text, 16)
    if _OCTAL.fullmatch(text):
        return int(text, 8)
    if text.isdigit() and text.startswith("0"):
        return None  # 08: octal by its first digit, and not octal
    if _FLOAT.fullmatch(text):
        return float(text.rstrip("fF").replace("_", ""))
    return None


class BadEscape(NamedTuple):
    """An escape that means nothing, ``start`` to ``end`` in the string that was read."""

    start: int
    end: int


def unescape(text: str, *, dollar: bool) -> tuple[str, BadEscape | None]:
    r"""What a string means that has backslashes in it, and the first escape that means nothing.

    Octal and hexadecimal escapes are bytes of UTF-8, as in protobuf. ``\$`` is one only where ``dollar`` says so.
    """
    bad: BadEscape | None = None
    out = bytearray()
    position = 0
    for found in re.finditer(_ESCAPE, text):
        out += text[position : found.start()].encode("utf-8", "surrogatepass")
        position = found.end()
        worth = found.group(found.lastgroup or "bad")
        match found.lastgroup:
            case "simple":
                out += _SIMPLE.get(worth, worth).encode()
            case "octal" if int(worth, 8) < 256:
                out.append(int(worth, 8))
            case "hex":
                out.append(int(worth, 16))
            case "short" | "long" if int(worth, 16) <= 0x10FFFF:
                out += chr(int(worth, 16)).encode("utf-8", "surrogatepass")
            case "dollar" if dollar:
                out += b"$"
            case _:
                bad = bad or BadEscape(found.start(), found.end())
    out += text[position:].encode("utf-8", "surrogatepass")
    return out.decode("utf-8", "replace"), bad
