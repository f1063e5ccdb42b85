"""A recipe from YAML, every mistake with its line.

YAML gives the tree and the places; what a value may be, the recipe's declarations say. Numbers are read here,
because YAML 1.1 takes ``1e-3`` for text.
"""

import math
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import yaml

from netdef.compiler.diagnostics import Diagnostic, Label, NetError, Report, closest
from netdef.compiler.schema import Message, Param, Words
from netdef.compiler.source import Source, Span
from netdef.runtime.training.recipe import CHOICES, Recipe
from netdef.runtime.training.schedule import Duration, Policy, Unit

THE_NETS = ("channels", "mean", "crop_size", "preprocess")
"""Keys that people look for here, and that belong to the net."""


def read_recipe(path: Path) -> Recipe:
    """The recipe in a file; raises ``NetError`` with all that is wrong."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise NetError(Diagnostic("N704", f"cannot read the recipe {path}: {error}")) from None
    return parse_recipe(Source(str(path), text))


def parse_recipe(source: Source) -> Recipe:
    """The recipe in a text; raises ``NetError`` with all that is wrong."""
    reader = _Reader(source)
    recipe = reader.recipe()
    reader.report.stop_on_errors()
    assert recipe is not None, "what could not be read was reported"
    return recipe


class _ReportedError(Exception):
    """Something was reported; what depends on it stays quiet."""


class _Reader:
    def __init__(self, source: Source) -> None:
        self.source = source
        self.report = Report()

    def recipe(self) -> Recipe | None:
        try:
            root = yaml.compose(self.source.text, Loader=yaml.SafeLoader)
            recipe = Recipe() if root is None else self.message(Recipe, root, "a recipe")
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            place = Label(Span(self.source, mark.index, mark.index + 1)) if mark else None
            cure = "write key: value on a line of its own, and a section's settings below it, indented by spaces"
            self.report.add(Diagnostic("N704", f"this is not YAML: {error.problem or error.context}", place, help=cure))
        except yaml.reader.ReaderError as error:
            self.report.add(Diagnostic("N704", f"this is not YAML: {error.reason}"))
        except _ReportedError:
            pass
        else:
            assert isinstance(recipe, Recipe)
            return recipe
        return None

    def message(self, kind: type[Message], node: yaml.Node, name: str) -> Message:
        """A mapping as a message; for a setting that is one of several, the word in it chooses."""
        if kind is Policy and isinstance(node, yaml.ScalarNode):  # lr: 0.01
            return self.message(CHOICES[Policy].words["fixed"], _as_mapping("base", node), name)
        entries = self.entries(node, name)
        if kind in CHOICES:
            kind = self.chosen(kind, entries, node, name)
        values: dict[str, Any] = {}
        sound = True
        for key, (key_node, value) in entries.items():
            if key not in kind.fields:
                self.unknown(key, key_node, kind, name)
                sound = False
                continue
            try:
                values[key] = self.value(kind.fields[key], value, key)
            except _ReportedError:
                sound = False
        for key, declared in kind.fields.items():
            if declared.required and key not in entries:
                self.complain("N705", f"{name} needs {key}", node, help=f"add {key}: {declared.doc}")
                sound = False
        if not sound:
            raise _ReportedError
        made = kind(**values)
        refusals = list(made.problems())
        for refusal in refusals:
            at = entries[refusal.at][1] if refusal.at in entries else node
            self.complain(refusal.code, refusal.message, at, help=refusal.help)
        if refusals:
            raise _ReportedError
        return made

    def entries(self, node: yaml.Node, name: str) -> dict[str, tuple[yaml.Node, yaml.Node]]:
        """Key -> its node and its value's, each key once."""
        if not isinstance(node, yaml.MappingNode):
            raise self.complain("N702", f"{name} takes settings, as in `key: value`, not {_found(node)}", node)
        entries: dict[str, tuple[yaml.Node, yaml.Node]] = {}
        for key_node, value in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                raise self.complain("N702", f"{name} takes words as keys, not {_found(key_node)}", key_node)
            key = key_node.value
            if key in entries:
                first = Label(self.span(entries[key][0]), "first here")
                self.complain("N707", f"{key} is set twice", key_node, secondary=(first,))
            entries[key] = key_node, value
        return entries

    def chosen(
        self, kind: type[Message], entries: dict[str, tuple[yaml.Node, yaml.Node]], node: yaml.Node, name: str
    ) -> type[Message]:
        """Which of several messages a mapping's word means; the word is taken out of the entries."""
        key, words, default = CHOICES[kind]
        if key in entries:
            _, word = entries.pop(key)
            return words[self.word(word, key, tuple(words))]
        if default is not None:
            return words[default]
        raise self.complain("N705", f"{name} needs {key}", node, help=f"add {key}: {' or '.join(words)}")

    def value(self, declared: Param, node: yaml.Node, key: str) -> Any:
        """One setting."""
        if declared.repeated:
            items = node.value if isinstance(node, yaml.SequenceNode) else [node]
            return tuple([self.one(declared, item, key) for item in items])
        return self.one(declared, node, key)

    def one(self, declared: Param, node: yaml.Node, key: str) -> Any:
        """One value of a setting."""
        kind = declared.kind
        if node.tag == "tag:yaml.org,2002:null" and declared.default is None:
            return None
        if issubclass(kind, Message):
            return self.message(kind, node, key)
        if issubclass(kind, Words):
            return kind[self.word(node, key, tuple(word.name.lower() for word in kind)).upper()]
        what, read = SCALARS[kind]
        value = read(node.value) if isinstance(node, yaml.ScalarNode) and node.style is None else None
        if value is None:
            raise self.complain("N702", f"{key} takes {what}, not {_found(node)}", node)
        if declared.least is not None and value < declared.least:
            raise self.complain("N703", f"{key} must be at least {declared.least:g}, not {value:g}", node)
        return value

    def word(self, node: yaml.Node, key: str, words: tuple[str, ...]) -> str:
        """One of some words, whatever their case."""
        for word in words:
            if isinstance(node, yaml.ScalarNode) and node.value.lower() == word.lower():
                return word
        near = closest(node.value, words) if isinstance(node, yaml.ScalarNode) else None
        cure = f'did you mean "{near}"?' if near else None
        raise self.complain("N702", f"{key} takes {' or '.join(words)}, not {_found(node)}", node, help=cure)

    def unknown(self, key: str, node: yaml.Node, kind: type[Message], name: str) -> None:
        """Refuse a key, and say what was meant or where it belongs."""
        known = [CHOICES[base].key for base in kind.__mro__ if base in CHOICES] + list(kind.fields)
        section = next((section for section, keys in _sections() if key in keys), None)
        if near := closest(key, known):
            cure = f'did you mean "{near}"?'
        elif section is not None:
            cure = f"put it under {section}"
        elif key in THE_NETS:
            cure = "how a picture becomes the input is the net's own: say it there, in preprocess { ... }"
        else:
            cure = f"{name} takes {', '.join(known)}"
        self.complain("N701", f"{name} has no setting {key}", node, help=cure)

    def complain(
        self, code: str, message: str, node: yaml.Node, help: str | None = None, secondary: tuple[Label, ...] = ()
    ) -> _ReportedError:
        """Note a mistake at a node; raising what is returned leaves the message that it stands in."""
        self.report.add(Diagnostic(code, message, Label(self.span(node)), secondary, help=help))
        return _ReportedError()

    def span(self, node: yaml.Node) -> Span:
        """A node's place; of a mapping, its first key's."""
        if isinstance(node, yaml.MappingNode) and node.value:
            node = node.value[0][0]
        return Span(self.source, node.start_mark.index, node.end_mark.index)


def _as_mapping(key: str, value: yaml.Node) -> yaml.Node:
    marks = (value.start_mark, value.end_mark)
    return yaml.MappingNode("", [(yaml.ScalarNode("", key, *marks), value)], *marks)


def _found(node: yaml.Node) -> str:
    if isinstance(node, yaml.MappingNode):
        return "settings"
    if isinstance(node, yaml.SequenceNode):
        return "a list"
    return f'the text "{node.value}"' if isinstance(node, yaml.ScalarNode) and node.style else f'"{node.value}"'


def _sections() -> Iterator[tuple[str, tuple[str, ...]]]:
    """The settings that are messages: their name, and their keys."""
    for name, declared in Recipe.fields.items():
        kinds = CHOICES[declared.kind].words.values() if declared.kind in CHOICES else (declared.kind,)
        yield name, tuple(key for kind in kinds if issubclass(kind, Message) for key in kind.fields)


def _integer(text: str) -> int | None:
    return int(text) if re.fullmatch(r"[-+]?[0-9][0-9_]*", text) else None


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
        return None if iterations is None else Duration(iterations)
    epochs = _number(count) if unit.strip() in ("epoch", "epochs") else None
    return None if epochs is None else Duration(epochs, Unit.EPOCHS)


SCALARS: dict[type, tuple[str, Callable[[str], Any]]] = {
    int: ("a whole number", _integer),
    float: ("a number", _number),
    bool: ("true or false", _truth),
    Duration: ("iterations (500) or epochs (10 epochs)", _duration),
}
