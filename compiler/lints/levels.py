"""How loud a warning is: what a user said of it, else what it is by itself.

A word that chooses warnings is a code (``N621``), a lint's name (``unused-blob``), or a group: the hundred of a code
(``N6``), or ``warnings`` for all. A group never wakes what is allowed by itself.
"""

from collections.abc import Iterable
from enum import StrEnum
from typing import NamedTuple

from netdef.compiler import explain
from netdef.compiler.diagnostics import CODE_GROUPS, Diagnostic, Severity, did_you_mean, group_of

ALL = "warnings"
"""The word for all that warns."""


class Level(StrEnum):
    """What becomes of a warning: it is not said, it is said, or it is an error."""

    ALLOW = "allow"
    WARN = "warn"
    DENY = "deny"


class Lint(NamedTuple):
    """A warning that goes by a name, and its level where nobody says one."""

    code: str
    name: str
    level: Level


LINTS = (
    Lint("N604", "missing-filler", Level.WARN),
    Lint("N608", "batch-statistics", Level.WARN),
    Lint("N621", "unused-blob", Level.ALLOW),
    Lint("N622", "dropout-last", Level.WARN),
    Lint("N623", "lrn-alpha", Level.ALLOW),
    Lint("N624", "pooling-rounds", Level.ALLOW),
    Lint("N625", "loss-in-deploy", Level.WARN),
    Lint("N626", "one-pixel", Level.ALLOW),
    Lint("N627", "phases-differ", Level.WARN),
)
"""Those that real nets are full of are allowed."""

_BY_CODE = {lint.code: lint for lint in LINTS}
_BY_NAME = {lint.name: lint for lint in LINTS}


class Setting(NamedTuple):
    """What was said of some warnings; ``word`` is a code, or a group."""

    level: Level
    word: str


class UnknownLint(ValueError):
    """A word that chooses no warning; the text says what does."""


def setting(level: Level, word: str) -> Setting:
    """A level for the warnings that a word chooses; raises ``UnknownLint`` if it chooses none."""
    if word in _BY_NAME:
        return Setting(level, _BY_NAME[word].code)
    if word == ALL or word in CODE_GROUPS:
        return Setting(level, word)
    if word not in explain.codes():
        near = did_you_mean(word, [*_BY_NAME, ALL])
        raise UnknownLint(f"{word!r} is no warning" + (f": {near}" if near else f": there are {', '.join(_BY_NAME)}"))
    if f"warning[{word}]" not in explain.page(word).transcript:
        raise UnknownLint(f"{word} is an error whatever is said of it")
    return Setting(level, word)


def level_of(code: str, settings: Iterable[Setting]) -> Level:
    """How loud a warning is; what was said last holds."""
    level = _BY_CODE[code].level if code in _BY_CODE else Level.WARN
    for said in settings:
        if said.word == code or (level is not Level.ALLOW and said.word in (ALL, group_of(code))):
            level = said.level
    return level


def at_level(said: Diagnostic, level: Level) -> Diagnostic | None:
    """A warning as loud as that; None where it is not said."""
    if level is Level.ALLOW:
        return None
    return said._replace(severity=Severity.ERROR if level is Level.DENY else Severity.WARNING)
