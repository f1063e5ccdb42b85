"""A recipe's file as a tree of YAML, over those of the files that it is like."""

import os
from pathlib import Path

import yaml

from netdef.compiler.diagnostics import Diagnostic
from netdef.compiler.net_error import NetError
from netdef.compiler.source import Source
from netdef.runtime.training.recipe.recipe import LIKE
from netdef.runtime.training.recipe.yaml_messages import MessageReader
from netdef.runtime.training.recipe.yaml_nodes import MOST_NODES, laid_over, num_nodes, without

LONGEST = 2**20
"""Characters of a recipe; the longest known has 5,000."""
MOST_BRACKETS = 1000
"""PyYAML takes seconds for some thousands that stand in each other."""


def open_recipe(path: Path) -> Source:
    """A file's text; raises ``NetError`` if it can't be read, or is no recipe by its size."""
    try:
        with path.open(encoding="utf-8") as file:
            text = file.read(LONGEST + 1)
        if len(text) > LONGEST or text.count("[") + text.count("{") > MOST_BRACKETS:
            raise ValueError("no recipe is that long")
        return Source(str(path), text)
    except (OSError, ValueError) as error:  # no UTF-8, or a path with a zero byte
        why = getattr(error, "strerror", None) or error
        raise NetError(Diagnostic("N864", f"cannot read the recipe {path}: {why}")) from None


def read_tree(source: Source, reader: MessageReader) -> yaml.MappingNode:
    """A file's settings, over those of the file that it is like; raises ``ReportedError``."""
    mistakes = reader.mistakes
    loader = yaml.SafeLoader(source.text)
    loader.name = source.path  # stands in every place
    root = loader.get_single_node() or yaml.MappingNode("", [])
    if num_nodes(root) > MOST_NODES:
        raise mistakes.complain("N864", f"this is no recipe: it has more than {MOST_NODES:,} values", root)
    entries = reader.entries(root, "a recipe")
    assert isinstance(root, yaml.MappingNode)
    if LIKE not in entries:
        return root
    word = entries[LIKE][1]
    path = Path(source.path).parent / reader.text(word, LIKE)
    if str(path) in mistakes.sources:
        raise mistakes.complain("N864", f"{path} is like itself", word)
    if os.path.exists(path) and not os.path.isfile(path):  # a pipe is not waited for
        raise mistakes.complain("N864", f"{path} is no file", word)
    try:
        other = open_recipe(path)
    except NetError as error:
        raise mistakes.complain("N864", error.report.errors[0].message, word) from None
    mistakes.sources[other.path] = other
    return laid_over(read_tree(other, reader), without(root, (LIKE,)))
