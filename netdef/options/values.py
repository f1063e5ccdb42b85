"""Words of the command line as values; a wrong one is refused with what was expected."""

import argparse
from contextlib import suppress
from sys import float_info

from netdef.compiler.bounds import MOST, MOST_EPOCHS, MOST_PROCESSES, MOST_SEED, MOST_SIDE, shown
from netdef.compiler.lints.levels import Level, Setting, UnknownLint, setting
from netdef.compiler.model_options import AXES, axes_of
from netdef.compiler.shape import Shape
from netdef.compiler.size import may_be_declared
from netdef.compiler.syntax.tree import Value

_MOST_SIZES = 100_000
"""Of a range."""
_MOST_DIGITS = 20
"""More are no number of 64 bits, and take time to read."""


def count(text: str) -> int:
    """A whole number from 1."""
    return index(text, least=1)


def index(text: str, least: int = 0, most: int = MOST) -> int:
    """A whole number from 0."""
    digits = text.removeprefix("-") if least < 0 else text
    is_number = digits.isascii() and digits.isdecimal()
    if not is_number or len(digits) > _MOST_DIGITS or not least <= int(text) <= most:
        bound = f"from {least}" if not is_number or text.startswith("-") else f"from {least:,} to {most:,}"
        raise argparse.ArgumentTypeError(f"{shown(text)} is no whole number {bound}")
    return int(text)


def level(text: str) -> int:
    """A whole number of 32 bits, as Caffe's levels are."""
    return index(text, -MOST - 1)


def seed(text: str) -> int:
    """A whole number from 0 that a random generator takes."""
    return index(text, most=MOST_SEED)


def processes(text: str, least: int = 0) -> int:
    """How many processes are started beside this one."""
    return index(text, least, MOST_PROCESSES)


def devices(text: str) -> int:
    """In how many processes something is done, this one among them."""
    return processes(text, 1)


def positive(text: str, most: float = float_info.max) -> float:
    """A number above 0."""
    with suppress(ValueError):
        if 0 < (value := float(text)) <= most:
            return value
    bound = "" if most == float_info.max else f", up to {most:g}"
    raise argparse.ArgumentTypeError(f"{shown(text)} is no number above 0{bound}")


def epochs(text: str) -> float:
    """A number of passes over the data."""
    return positive(text, MOST_EPOCHS)


def shape(text: str) -> Shape:
    """``1x3x224x224`` as a shape."""
    try:
        sizes = tuple(int(size) for size in text.lower().split("x"))
    except ValueError:
        sizes = ()
    if not sizes or min(sizes) < 1 or max(sizes) > MOST_SEED:
        raise argparse.ArgumentTypeError(f"{shown(text)} is not a shape like 1x3x224x224")
    return sizes


def binding(text: str) -> tuple[str, Value]:
    """``NAME=VALUE``, whose value is JSON, or else the text itself."""
    from json import loads  # most nets are taken as they are

    name, equals, value = text.partition("=")
    if not equals or not name.isidentifier():
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=VALUE")
    try:
        return name, _value(loads(value))
    except (ValueError, TypeError):
        return name, value


def _value(found: object) -> Value:
    """A JSON value as one of the language's; the rest of JSON has no meaning there."""
    if isinstance(found, list):
        return tuple(_value(item) for item in found)
    if isinstance(found, bool | int | float | str):
        return found
    raise TypeError


def size(text: str) -> tuple[str, Shape]:
    """``BLOB=1x3x384x500``."""
    blob, equals, sizes = text.rpartition("=")
    if not equals:
        raise argparse.ArgumentTypeError(f"{text!r} is not BLOB=1x3x384x500")
    return blob, shape(sizes)


def size_range(text: str) -> tuple[str, tuple[range, ...]]:
    """``BLOB=1x3x193..256x224``, where each axis has a size, or the first and the last of several."""
    blob, equals, words = text.rpartition("=")
    sides = [word.partition("..") for word in words.lower().split("x")]
    found: tuple[range, ...] = ()
    with suppress(argparse.ArgumentTypeError):
        ends = [[index(end, 1, MOST_SEED) for end in (first, last or first)] for first, _, last in sides]
        found = tuple(range(first, last + 1) for first, last in ends)
    if max(map(len, found), default=0) > _MOST_SIZES:
        raise argparse.ArgumentTypeError(f"{shown(text)} has more than {_MOST_SIZES:,} sizes along an axis")
    if not (equals and found and all(map(len, found))):
        raise argparse.ArgumentTypeError(f"{shown(text)} is not BLOB=1x3x384x500, nor a range like 1x3x193..256x224")
    return blob, found


def data_size(text: str) -> tuple[str, Shape]:
    """``CxHxW``, ``LAYER=CxHxW`` or ``LAYER.TOP=CxHxW``; any shape of a sample."""
    layer, _, sample = text.rpartition("=")
    return layer, shape(sample)


def opaque(text: str) -> tuple[str, tuple[int | str, ...]]:
    """``TYPE=1x8xKx16``; ``TYPE=`` for a scalar."""
    kind, equals, sizes = text.partition("=")
    words = sizes.split("x") if sizes else []
    declared = tuple(index(word, most=MOST_SEED) if word.isdecimal() else word for word in words)
    if not (kind and equals and all(map(may_be_declared, declared))):
        raise argparse.ArgumentTypeError(f"{text!r} is not TYPE=1x8xKx16")
    return kind, declared


def field_of(text: str) -> tuple[str, str]:
    """``BLOB=FIELD``."""
    blob, equals, field = text.rpartition("=")
    if not equals:
        raise argparse.ArgumentTypeError(f"{text!r} is not BLOB=FIELD")
    return blob, field


def warning(level: Level, word: str) -> Setting:
    """A level for the warnings that a code, a name or a group chooses."""
    try:
        return setting(level, word)
    except UnknownLint as unknown:
        raise argparse.ArgumentTypeError(str(unknown)) from None


def sides(text: str) -> tuple[int, ...]:
    """Several sides, in pixels: ``256,384,512``."""
    return tuple(index(side, 1, MOST_SIDE) for side in text.split(","))


def letters(text: str) -> tuple[str, ...]:
    """``N,H,W`` as letters."""
    found = axes_of(text)
    if not set(found) <= set(AXES):
        raise argparse.ArgumentTypeError(f"{text!r} is not some of N,H,W, or none")
    return found


def counts(text: str) -> tuple[int, ...]:
    """``1,3`` as numbers."""
    return tuple(map(count, text.split(",")))
