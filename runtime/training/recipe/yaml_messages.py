"""Mappings of YAML as messages: what a value may be, the messages' declarations say.

Numbers are read here, because YAML 1.1 takes ``1e-3`` for text.
"""

from collections.abc import Iterator
from typing import Any

import yaml

from netdef.compiler.bounds import MOST
from netdef.compiler.diagnostics import Label, closest
from netdef.compiler.schema.message import Message, Param, ProtoEnum
from netdef.runtime.training.recipe.recipe import CHOICES, Recipe
from netdef.runtime.training.recipe.schedule import Policy
from netdef.runtime.training.recipe.yaml_mistakes import Mistakes, ReportedError
from netdef.runtime.training.recipe.yaml_nodes import SCALARS, as_mapping, found

THE_NETS = ("channels", "mean", "crop_size", "preprocess")
"""Keys that people look for here, and that belong to the net."""

Entries = dict[str, tuple[yaml.Node, yaml.Node]]
"""Key -> its node and its value's."""


class MessageReader:
    """Reads messages from nodes; what is wrong goes to ``mistakes``, and ends the message that it stands in."""

    def __init__(self, mistakes: Mistakes) -> None:
        self.mistakes = mistakes

    def message(self, kind: type[Message], node: yaml.Node, name: str) -> Message:
        """A mapping as a message; for a setting that is one of several, the word in it chooses."""
        if kind is Policy and isinstance(node, yaml.ScalarNode):  # lr: 0.01
            return self.message(CHOICES[Policy].words["fixed"], as_mapping("base", node), name)
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
            except ReportedError:
                sound = False
        for key, declared in kind.fields.items():
            if declared.required and key not in entries:
                help = f"add {key}: {declared.doc}"
                self.mistakes.complain("N865", f"{name} needs {key}", node, help=help, subject=key)
                sound = False
        if not sound:
            raise ReportedError
        made = kind(**values)
        refusals = list(made.problems())
        for refusal in refusals:
            at = entries[refusal.at][1] if refusal.at in entries else node
            self.mistakes.complain(refusal.code, refusal.message, at, help=refusal.help, subject=refusal.subject)
        if refusals:
            raise ReportedError
        return made

    def entries(self, node: yaml.Node, name: str) -> Entries:
        """Key -> its node and its value's, each key once."""
        if not isinstance(node, yaml.MappingNode):
            raise self.mistakes.complain("N862", f"{name} takes settings, as in `key: value`, not {found(node)}", node)
        entries: Entries = {}
        for key_node, value in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                raise self.mistakes.complain("N862", f"{name} takes words as keys, not {found(key_node)}", key_node)
            key = key_node.value
            if key in entries:
                first = Label(self.mistakes.span(entries[key][0]), "first here")
                self.mistakes.complain("N867", f"{key} is set twice", key_node, secondary=(first,))
            entries[key] = key_node, value
        return entries

    def chosen(self, kind: type[Message], entries: Entries, node: yaml.Node, name: str) -> type[Message]:
        """Which of several messages a mapping's word means; the word is taken out of the entries."""
        key, words, default = CHOICES[kind]
        if key in entries:
            _, word = entries.pop(key)
            return words[self.word(word, key, tuple(words))]
        if default is not None:
            return words[default]
        help = f"add {key}: {' or '.join(words)}"
        raise self.mistakes.complain("N865", f"{name} needs {key}", node, help=help, subject=key)

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
        if issubclass(kind, ProtoEnum):
            return kind[self.word(node, key, tuple(word.name.lower() for word in kind)).upper()]
        if kind is str:
            return self.text(node, key)
        what, read = SCALARS[kind]
        value = read(node.value) if isinstance(node, yaml.ScalarNode) and node.style is None else None
        if value is None:
            raise self.mistakes.complain("N862", f"{key} takes {what}, not {found(node)}", node)
        if declared.least is not None and value < declared.least:
            raise self.mistakes.complain("N863", f"{key} must be at least {declared.least:g}, not {value:g}", node)
        most = MOST if kind is int and declared.most is None else declared.most
        if most is not None and value > most:
            raise self.mistakes.complain("N863", f"{key} must be at most {most:,}, not {value:,}", node)
        return value

    def word(self, node: yaml.Node, key: str, words: tuple[str, ...]) -> str:
        """One of some words, whatever their case."""
        for word in words:
            if isinstance(node, yaml.ScalarNode) and node.value.lower() == word.lower():
                return word
        near = closest(node.value, words) if isinstance(node, yaml.ScalarNode) else None
        help = f'did you mean "{near}"?' if near else None
        raise self.mistakes.complain("N862", f"{key} takes {' or '.join(words)}, not {found(node)}", node, help=help)

    def text(self, node: yaml.Node, key: str) -> str:
        """A word that is not ours."""
        if not isinstance(node, yaml.ScalarNode) or not node.value:
            raise self.mistakes.complain("N862", f"{key} takes a text, not {found(node)}", node)
        return str(node.value)

    def unknown(self, key: str, node: yaml.Node, kind: type[Message], name: str) -> None:
        """Refuse a key, and say what was meant or where it belongs."""
        known = [CHOICES[base].key for base in kind.__mro__ if base in CHOICES] + list(kind.fields)
        section = next((section for section, keys in _sections() if key in keys), None)
        if near := closest(key, known):
            help = f'did you mean "{near}"?'
        elif section is not None:
            help = f"put it under {section}"
        elif key in THE_NETS:
            help = "how an image becomes the input is the net's own: say it there, in preprocess { ... }"
        else:
            help = f"{name} takes {', '.join(known)}"
        self.mistakes.complain("N861", f"{name} has no setting {key}", node, help=help)


def _sections() -> Iterator[tuple[str, tuple[str, ...]]]:
    """The settings that are messages: their name, and their keys."""
    for name, declared in Recipe.fields.items():
        kinds = CHOICES[declared.kind].words.values() if declared.kind in CHOICES else (declared.kind,)
        yield name, tuple(key for kind in kinds if issubclass(kind, Message) for key in kind.fields)
