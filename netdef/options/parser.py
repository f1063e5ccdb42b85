"""How netdef's arguments are read: argparse, with a near word for a wrong one, and help that fits its terminal.

A command's help ends in examples and in what its exit statuses mean.
"""

import argparse
import sys
from collections.abc import Sequence
from typing import Any, NoReturn

from netdef.compiler.diagnostics import closest
from netdef.compiler.override import override
from netdef.compiler.spelling import misspelt
from netdef.runtime.exit_status import ExitStatus
from netdef.runtime.terminal import width_of

STATUSES = "exit status: 0 fine, 1 mistakes in your files or a missing extra, 2 wrong usage, 3 our fault"

Example = tuple[str, str]
"""A command line, and what it does."""


_WIDTH = 80
"""Columns of help that isn't read on a terminal."""


class Help(argparse.RawDescriptionHelpFormatter, argparse.ArgumentDefaultsHelpFormatter):
    """Fits paragraphs to the terminal, keeps tables as they are, and names defaults that say something."""

    def __init__(self, prog: str) -> None:
        # argparse makes one for each argument, and would ask shutil each time
        super().__init__(prog, width=(width_of(sys.stdout) or _WIDTH) - 2)

    @override
    def _fill_text(self, text: str, width: int, indent: str) -> str:
        from textwrap import fill  # only help is read in paragraphs

        paragraphs = text.strip().split("\n\n")
        return "\n\n".join(each if "\n  " in each else fill(each, width) for each in paragraphs)

    @override
    def _get_help_string(self, action: argparse.Action) -> str | None:
        return action.help if action.default in (None, [], (), False) else super()._get_help_string(action)


class Parser(argparse.ArgumentParser):
    """A parser whose refusals are a line with what to do, not a page of usage."""

    @override
    def _get_formatter(self) -> Help:
        return Help(self.prog)

    @override
    def error(self, message: str) -> NoReturn:
        """End with status 2 and a line that says why."""
        self.exit(ExitStatus.WRONG_USAGE, f"{self.prog}: error: {message}\n{self.prog} --help says more\n")

    @override
    def _check_value(self, action: argparse.Action, value: Any) -> None:
        if action.choices is not None and value not in action.choices:
            words = [str(choice) for choice in action.choices]
            help = near_or_all(str(value), words)
            raise argparse.ArgumentError(action, f"{value!r} is none of its words; {help}")

    def refuse_unknown(self, unknown: Sequence[str]) -> NoReturn:
        """Refuse words that no argument takes, with a flag that is near."""
        flag = next((word for word in unknown if word.startswith("-")), None)
        if flag is None:
            self.error(f"{unknown[0]!r} is one argument too many")
        name = flag.partition("=")[0]
        flags = [option for option in self._option_string_actions if option.startswith("--")]
        near = misspelt(name, flags) or closest(name, [flag for flag in flags if flag[:4] == name[:4]])
        self.error(f"there is no {name}" + (f"; did you mean {near}?" if near else ""))


def near_or_all(word: str, known: Sequence[str]) -> str:
    """What to type for a wrong word."""
    near = misspelt(word, known) or closest(word, known)
    return f"did you mean {near}?" if near else f"there are {', '.join(known)}"


def epilog(examples: Sequence[Example], more: str | None = None) -> str:
    """The end of a command's help: examples, what else it says, and the exit statuses."""
    width = max((len(line) for line, _ in examples), default=0)
    lines = ["examples:", *(f"  {line:<{width}}  {what}".rstrip() for line, what in examples)]
    return "\n\n".join(["\n".join(lines), *([more] if more else []), STATUSES])
