"""Completion in shells: a script for each, made by shtab from the arguments as they are declared."""

import argparse
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from netdef.compiler.extras import require

SHELLS = ("bash", "zsh", "tcsh")
_FILES = {"FILE", "IMAGE", "W", "D", "R", "P", "X", "OUT", "FEATURES", "my_layer.py"}
"""Placeholders that stand for a file; some for a folder, too."""
_FOLDERS = {"DIR", "FOLDER", "RUN"}


def completion_script(
    parser: argparse.ArgumentParser, shell: str, words: Mapping[str, Mapping[str, Sequence[str]]]
) -> str:
    """What a shell runs to complete netdef's commands, flags, words and files.

    ``words`` has, by command, what may stand for an argument that takes names of netdef's own.

    Raises:
        NetError: N010 without shtab.
    """
    require("netdef --print-completion", "completion")
    import shtab

    for command, action in _arguments(parser):
        if action.dest in (own := words.get(command, {})):
            action.choices = list(own[action.dest])
        elif action.metavar in _FILES:
            action.complete = shtab.FILE
        elif action.metavar in _FOLDERS:
            action.complete = shtab.DIRECTORY
    script: str = shtab.complete(parser, shell=shell)
    return script


def _arguments(parser: argparse.ArgumentParser) -> Iterator[tuple[str, Any]]:
    """Each command's arguments."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for name, command in action.choices.items():
                yield from ((name, each) for each in command._actions)
