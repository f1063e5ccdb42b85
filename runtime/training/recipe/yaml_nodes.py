"""YAML's nodes, which know their places: mappings laid over each other, and scalars read as what they mean."""

import math
import re
from collections.abc import Callable
from typing import Any

import yaml

from netdef.compiler.bounds import MOST_SEED
from netdef.runtime.training.recipe.recipe import CHOICES
from netdef.runtime.training.recipe.schedule import Duration, Unit

_LONGEST_SHOWN = 60
"""Characters of a value in a message."""


MOST_NODES = 100_000
"""Values of a recipe, those of its aliases counted wherever they stand."""


def num_nodes(node: yaml.Node) -> int:
    """How many values a node has in it, with aliases written out.

    Raises:
        RecursionError: if it is nested too deeply, or holds itself.
    """
    counted: dict[int, int] = {}

    def count(each: yaml.Node) -> int:
        if isinstance(each, yaml.ScalarNode):
            return 1
        if id(each) not in counted:
            pairs = each.value if isinstance(each, yaml.MappingNode) else [(value,) for value in each.value]
            counted[id(each)] = 1 + sum(count(inner) for pair in pairs for inner in pair)
        return counted[id(each)]

    return count(node)


def without(node: yaml.MappingNode, keys: tuple[str, ...]) -> yaml.MappingNode:
    """A mapping's other settings."""
    kept = [(key, value) for key, value in node.value if key.value not in keys]
    return yaml.MappingNode(node.tag, kept, node.start_mark, node.end_mark)


def laid_over(base: yaml.MappingNode, own: yaml.MappingNode) -> yaml.MappingNode:
    """A mapping's settings over another's, section by section; a section of another kind takes the other's place."""
    below = {key.value: value for key, value in base.value}
    values = [
        (key, laid_over(below[key.value], value) if _goes_over(below.get(key.value), value) else value)
        for key, value in own.value
    ]
    said = {key.value for key, _ in own.value}
    kept = [(key, value) for key, value in base.value if key.value not in said]
    marks = (own.start_mark, own.end_mark) if own.value else (base.start_mark, base.end_mark)
    return yaml.MappingNode(base.tag, kept + values, *marks)


def _goes_over(base: yaml.Node | None, own: yaml.Node) -> bool:
    if not isinstance(base, yaml.MappingNode) or not isinstance(own, yaml.MappingNode):
        return False
    kinds = {choice.key for choice in CHOICES.values()}
    words = [{key.value: value.value for key, value in node.value if key.value in kinds} for node in (base, own)]
    return not words[1] or words[0] == words[1]


def as_mapping(key: str, value: yaml.Node) -> yaml.Node:
    """A mapping with one setting."""
    marks = (value.start_mark, value.end_mark)
    return yaml.MappingNode("", [(yaml.ScalarNode("", key, *marks), value)], *marks)


def found(node: yaml.Node) -> str:
    """What stands somewhere, for a message."""
    if isinstance(node, yaml.MappingNode):
        return "settings"
    if isinstance(node, yaml.SequenceNode):
        return "a list" if node.value else "an empty list"
    value = str(node.value)
    if len(value) > _LONGEST_SHOWN:
        value = f"{value[:_LONGEST_SHOWN]}..."
    return f'the text "{value}"' if isinstance(node, yaml.ScalarNode) and node.style else f'"{value}"'


def _integer(text: str) -> int | None:
    """A whole number; more digits take time to read, and nothing counts so far."""
    return int(text) if re.fullmatch(r"[-+]?[0-9][0-9_]{,24}", text) else None


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _truth(text: str) -> bool | None:
    return {"true": True, "false": False}.get(text.lower())


def _duration(text: str) -> Duration | None:
    count, _, unit = text.partition(" ")
    if not unit:
        iterations = _integer(count)
        return None if iterations is None or abs(iterations) > MOST_SEED else Duration(iterations)
    epochs = _number(count) if unit.strip() in ("epoch", "epochs") else None
    return None if epochs is None else Duration(epochs, Unit.EPOCHS)


SCALARS: dict[type, tuple[str, Callable[[str], Any]]] = {
    int: ("a whole number", _integer),
    float: ("a number", _number),
    bool: ("true or false", _truth),
    Duration: ("iterations (500) or epochs (10 epochs)", _duration),
}
