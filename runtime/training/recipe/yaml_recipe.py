"""A recipe from YAML, with stages or without, every mistake with its line.

YAML gives the tree and the places; what a value may be, the recipe's declarations say. Numbers are read here,
because YAML 1.1 takes ``1e-3`` for text. A file may say what is different from another (``like``), and each of its
``stages`` what is different from the file.
"""

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from netdef.compiler.bounds import MOST
from netdef.compiler.diagnostics import Diagnostic, Label, Report, Severity, closest
from netdef.compiler.net_error import NetError, stop_on_errors
from netdef.compiler.schema.message import Message, Param, ProtoEnum
from netdef.compiler.source import Source, Span
from netdef.runtime.training.recipe.recipe import CHOICES, INIT, LIKE, NAME, NET, STAGES, Init, Recipe, Stage
from netdef.runtime.training.recipe.schedule import Policy
from netdef.runtime.training.recipe.yaml_nodes import (
    MOST_NODES,
    SCALARS,
    as_mapping,
    found,
    laid_over,
    num_nodes,
    without,
)

THE_NETS = ("channels", "mean", "crop_size", "preprocess")
"""Keys that people look for here, and that belong to the net."""


class Written(NamedTuple):
    """What a file says: the net that it is for, if it says, a recipe, and its stages, if it has some.

    report   warnings: what has no effect
    places   stage, None for the recipe itself -> where each setting stands, by its path (``test.batch``)
    """

    net: str | None
    recipe: Recipe
    report: Report
    places: Mapping[str | None, Mapping[str, Span]]
    stages: tuple[Stage, ...] = ()


def read_recipe(path: Path) -> Written:
    """What a file says; raises ``NetError`` with all that is wrong."""
    return parse_recipe(_source(path))


def parse_recipe(source: Source) -> Written:
    """What a text says, with warnings; raises ``NetError`` with all that is wrong."""
    reader = _Reader(source)
    written = reader.written()
    stop_on_errors(reader.report)
    assert written is not None, "what could not be read was reported"
    return written


LONGEST = 2**20
"""Characters of a recipe; the longest known has 5,000."""
MOST_BRACKETS = 1000
"""PyYAML takes seconds for some thousands that stand in each other."""


def _source(path: Path) -> Source:
    try:
        with path.open(encoding="utf-8") as file:
            text = file.read(LONGEST + 1)
        if len(text) > LONGEST or text.count("[") + text.count("{") > MOST_BRACKETS:
            raise ValueError("no recipe is that long")
        return Source(str(path), text)
    except (OSError, ValueError) as error:  # no UTF-8, or a path with a zero byte
        why = getattr(error, "strerror", None) or error
        raise NetError(Diagnostic("N864", f"cannot read the recipe {path}: {why}")) from None


class _ReportedError(Exception):
    """Something was reported; what depends on it stays quiet."""


class _Reader:
    def __init__(self, source: Source) -> None:
        self.source = source
        self.sources = {source.path: source}
        self.report = Report()
        self.places: dict[str | None, dict[str, Span]] = {}

    def written(self) -> Written | None:
        try:
            root = self.tree(self.source)
            entries = self.entries(root, "a recipe")
            _, stages = entries.pop(STAGES, (None, None))
            common = without(root, (STAGES, NET))
            net = self.text(entries[NET][1], NET) if NET in entries else None
            recipe = self.message(Recipe, common, "a recipe")
            assert isinstance(recipe, Recipe)
            self.note(None, recipe, common, warns=stages is None)
            own = () if stages is None else self.stages(stages, common)
            return Written(net, recipe, self.report, self.places, own)
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            place = Label(Span(self.sources[mark.name], mark.index, mark.index + 1)) if mark else None
            help = "write key: value on a line of its own, and a section's settings below it, indented by spaces"
            self.report.add(Diagnostic("N864", f"this is not YAML: {error.problem or error.context}", place, help=help))
        except yaml.reader.ReaderError as error:
            self.report.add(Diagnostic("N864", f"this is not YAML: {error.reason}"))
        except RecursionError:
            self.report.add(Diagnostic("N864", "this is no recipe: it is nested too deeply, or holds itself"))
        except _ReportedError:
            pass
        return None

    def tree(self, source: Source) -> yaml.MappingNode:
        """A file's settings, over those of the file that it is like."""
        loader = yaml.SafeLoader(source.text)
        loader.name = source.path  # stands in every place
        root = loader.get_single_node() or yaml.MappingNode("", [])
        if num_nodes(root) > MOST_NODES:
            raise self.complain("N864", f"this is no recipe: it has more than {MOST_NODES:,} values", root)
        entries = self.entries(root, "a recipe")
        assert isinstance(root, yaml.MappingNode)
        if LIKE not in entries:
            return root
        word = entries[LIKE][1]
        path = Path(source.path).parent / self.text(word, LIKE)
        if str(path) in self.sources:
            raise self.complain("N864", f"{path} is like itself", word)
        if os.path.exists(path) and not os.path.isfile(path):  # a pipe is not waited for
            raise self.complain("N864", f"{path} is no file", word)
        try:
            other = _source(path)
        except NetError as error:
            raise self.complain("N864", error.report.errors[0].message, word) from None
        self.sources[other.path] = other
        return laid_over(self.tree(other), without(root, (LIKE,)))

    def stages(self, node: yaml.Node, common: yaml.MappingNode) -> tuple[Stage, ...]:
        """The stages, each with the settings that all have in common beneath its own."""
        if not isinstance(node, yaml.SequenceNode) or not node.value:
            raise self.complain("N862", f"{STAGES} takes a list, with `- name: ...` for each, not {found(node)}", node)
        stages: list[Stage] = []
        for item in node.value:
            known = tuple(stage.name for stage in stages)
            stages.append(self.stage(item, common, known))
        return tuple(stages)

    def stage(self, node: yaml.Node, common: yaml.MappingNode, known: tuple[str, ...]) -> Stage:
        entries = self.entries(node, "a stage")
        assert isinstance(node, yaml.MappingNode)
        if NAME not in entries:
            raise self.complain("N865", "a stage needs name", node, help="add name: D-256")
        name = self.text(entries[NAME][1], NAME)
        if name in known or not re.fullmatch(r"[\w.+-]+", name):
            help = "give each stage a name of its own, of letters, digits and - _ . +"
            raise self.complain("N867", f"this can't be a stage's name: {name}", entries[NAME][1], help=help)
        init = None
        if INIT in entries:
            value = entries[INIT][1]
            made = self.message(
                Init, value if isinstance(value, yaml.MappingNode) else as_mapping("stage", value), INIT
            )
            assert isinstance(made, Init)
            if made.stage not in known:
                help = f"a stage before this one: {', '.join(known)}" if known else "the first stage has none before it"
                raise self.complain("N862", f"there is no stage {made.stage} before {name}", value, help=help)
            init = made
        differences = without(node, (NAME, NET, INIT))
        whole = laid_over(common, differences)
        recipe = self.message(Recipe, whole, "a stage")
        assert isinstance(recipe, Recipe)
        self.note(name, recipe, whole)
        return Stage(name, self.text(entries[NET][1], NET) if NET in entries else None, recipe, init)

    def note(self, stage: str | None, recipe: Recipe, node: yaml.MappingNode, *, warns: bool = True) -> None:
        """Note where the settings of a recipe stand, and warn of those that have no effect beside the others."""
        places = self.places[stage] = dict(self.settings(node))
        if warns and "test.batch" in places and recipe.test.batches is None:
            message = "batch has no effect in test without batches: a test takes all test data"
            place, help = Label(places["test.batch"]), "add batches: the length of a test; or leave batch out"
            self.report.add(Diagnostic("N851", message, place, severity=Severity.WARNING, help=help))

    def settings(self, node: yaml.MappingNode, path: str = "") -> Iterator[tuple[str, Span]]:
        """Each setting's path and the place of its key."""
        for key, value in node.value:
            yield f"{path}{key.value}", self.span(key)
            if isinstance(value, yaml.MappingNode):
                yield from self.settings(value, f"{path}{key.value}.")

    def text(self, node: yaml.Node, key: str) -> str:
        """A word that is not ours."""
        if not isinstance(node, yaml.ScalarNode) or not node.value:
            raise self.complain("N862", f"{key} takes a text, not {found(node)}", node)
        return str(node.value)

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
            except _ReportedError:
                sound = False
        for key, declared in kind.fields.items():
            if declared.required and key not in entries:
                self.complain("N865", f"{name} needs {key}", node, help=f"add {key}: {declared.doc}", subject=key)
                sound = False
        if not sound:
            raise _ReportedError
        made = kind(**values)
        refusals = list(made.problems())
        for refusal in refusals:
            at = entries[refusal.at][1] if refusal.at in entries else node
            self.complain(refusal.code, refusal.message, at, help=refusal.help, subject=refusal.subject)
        if refusals:
            raise _ReportedError
        return made

    def entries(self, node: yaml.Node, name: str) -> dict[str, tuple[yaml.Node, yaml.Node]]:
        """Key -> its node and its value's, each key once."""
        if not isinstance(node, yaml.MappingNode):
            raise self.complain("N862", f"{name} takes settings, as in `key: value`, not {found(node)}", node)
        entries: dict[str, tuple[yaml.Node, yaml.Node]] = {}
        for key_node, value in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                raise self.complain("N862", f"{name} takes words as keys, not {found(key_node)}", key_node)
            key = key_node.value
            if key in entries:
                first = Label(self.span(entries[key][0]), "first here")
                self.complain("N867", f"{key} is set twice", key_node, secondary=(first,))
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
        raise self.complain("N865", f"{name} needs {key}", node, help=f"add {key}: {' or '.join(words)}", subject=key)

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
            raise self.complain("N862", f"{key} takes {what}, not {found(node)}", node)
        if declared.least is not None and value < declared.least:
            raise self.complain("N863", f"{key} must be at least {declared.least:g}, not {value:g}", node)
        most = MOST if kind is int and declared.most is None else declared.most
        if most is not None and value > most:
            raise self.complain("N863", f"{key} must be at most {most:,}, not {value:,}", node)
        return value

    def word(self, node: yaml.Node, key: str, words: tuple[str, ...]) -> str:
        """One of some words, whatever their case."""
        for word in words:
            if isinstance(node, yaml.ScalarNode) and node.value.lower() == word.lower():
                return word
        near = closest(node.value, words) if isinstance(node, yaml.ScalarNode) else None
        help = f'did you mean "{near}"?' if near else None
        raise self.complain("N862", f"{key} takes {' or '.join(words)}, not {found(node)}", node, help=help)

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
        self.complain("N861", f"{name} has no setting {key}", node, help=help)

    def complain(
        self,
        code: str,
        message: str,
        node: yaml.Node,
        help: str | None = None,
        *,
        secondary: tuple[Label, ...] = (),
        subject: str = "",
    ) -> _ReportedError:
        """Note a mistake at a node; raising what is returned leaves the message that it stands in."""
        self.report.add(Diagnostic(code, message, Label(self.span(node)), secondary, help=help, subject=subject))
        return _ReportedError()

    def span(self, node: yaml.Node) -> Span:
        """A node's place; of a mapping, its first key's."""
        if isinstance(node, yaml.MappingNode) and node.value:
            node = node.value[0][0]
        if node.start_mark is None:  # an empty file
            return Span(self.source, 0, 0)
        return Span(self.sources[node.start_mark.name], node.start_mark.index, node.end_mark.index)


def _sections() -> Iterator[tuple[str, tuple[str, ...]]]:
    """The settings that are messages: their name, and their keys."""
    for name, declared in Recipe.fields.items():
        kinds = CHOICES[declared.kind].words.values() if declared.kind in CHOICES else (declared.kind,)
        yield name, tuple(key for kind in kinds if issubclass(kind, Message) for key in kind.fields)
