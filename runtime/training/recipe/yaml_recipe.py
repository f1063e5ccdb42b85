"""A recipe from YAML, with stages or without, every mistake with its line.

A file may say what is different from another (``like``), and each of its ``stages`` what is different from the file.
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import yaml

from netdef.compiler.diagnostics import Diagnostic, Label, Report, Severity
from netdef.compiler.net_error import stop_on_errors
from netdef.compiler.source import Source, Span
from netdef.runtime.training.recipe.recipe import INIT, NAME, NET, STAGES, Init, Recipe, Stage
from netdef.runtime.training.recipe.yaml_files import open_recipe, read_tree
from netdef.runtime.training.recipe.yaml_messages import MessageReader
from netdef.runtime.training.recipe.yaml_mistakes import Mistakes, ReportedError
from netdef.runtime.training.recipe.yaml_nodes import as_mapping, found, laid_over, without


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
    return parse_recipe(open_recipe(path))


def parse_recipe(source: Source) -> Written:
    """What a text says, with warnings; raises ``NetError`` with all that is wrong."""
    reader = _Reader(source)
    written = reader.written()
    stop_on_errors(reader.mistakes.report)
    assert written is not None, "what could not be read was reported"
    return written


class _Reader:
    """The stages of one text, and the recipe that they have in common."""

    def __init__(self, source: Source) -> None:
        self.mistakes = Mistakes(source)
        self.messages = MessageReader(self.mistakes)
        self.places: dict[str | None, dict[str, Span]] = {}

    def written(self) -> Written | None:
        try:
            root = read_tree(self.mistakes.source, self.messages)
            entries = self.messages.entries(root, "a recipe")
            _, stages = entries.pop(STAGES, (None, None))
            common = without(root, (STAGES, NET))
            net = self.messages.text(entries[NET][1], NET) if NET in entries else None
            recipe = self.messages.message(Recipe, common, "a recipe")
            assert isinstance(recipe, Recipe)
            self.note(None, recipe, common, warns=stages is None)
            own = () if stages is None else self.stages(stages, common)
            return Written(net, recipe, self.mistakes.report, self.places, own)
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            place = Label(Span(self.mistakes.sources[mark.name], mark.index, mark.index + 1)) if mark else None
            help = "write key: value on a line of its own, and a section's settings below it, indented by spaces"
            message = f"this is not YAML: {error.problem or error.context}"
            self.mistakes.report.add(Diagnostic("N864", message, place, help=help))
        except yaml.reader.ReaderError as error:
            self.mistakes.report.add(Diagnostic("N864", f"this is not YAML: {error.reason}"))
        except RecursionError:
            self.mistakes.report.add(Diagnostic("N864", "this is no recipe: it is nested too deeply, or holds itself"))
        except ReportedError:
            pass
        return None

    def stages(self, node: yaml.Node, common: yaml.MappingNode) -> tuple[Stage, ...]:
        """The stages, each with the settings that all have in common beneath its own."""
        if not isinstance(node, yaml.SequenceNode) or not node.value:
            message = f"{STAGES} takes a list, with `- name: ...` for each, not {found(node)}"
            raise self.mistakes.complain("N862", message, node)
        stages: list[Stage] = []
        for item in node.value:
            known = tuple(stage.name for stage in stages)
            stages.append(self.stage(item, common, known))
        return tuple(stages)

    def stage(self, node: yaml.Node, common: yaml.MappingNode, known: tuple[str, ...]) -> Stage:
        entries = self.messages.entries(node, "a stage")
        assert isinstance(node, yaml.MappingNode)
        if NAME not in entries:
            raise self.mistakes.complain("N865", "a stage needs name", node, help="add name: D-256")
        name = self.messages.text(entries[NAME][1], NAME)
        if name in known or not re.fullmatch(r"[\w.+-]+", name):
            help = "give each stage a name of its own, of letters, digits and - _ . +"
            raise self.mistakes.complain("N867", f"this can't be a stage's name: {name}", entries[NAME][1], help=help)
        init = None
        if INIT in entries:
            value = entries[INIT][1]
            made = self.messages.message(
                Init, value if isinstance(value, yaml.MappingNode) else as_mapping("stage", value), INIT
            )
            assert isinstance(made, Init)
            if made.stage not in known:
                help = f"a stage before this one: {', '.join(known)}" if known else "the first stage has none before it"
                raise self.mistakes.complain("N862", f"there is no stage {made.stage} before {name}", value, help=help)
            init = made
        differences = without(node, (NAME, NET, INIT))
        whole = laid_over(common, differences)
        recipe = self.messages.message(Recipe, whole, "a stage")
        assert isinstance(recipe, Recipe)
        self.note(name, recipe, whole)
        return Stage(name, self.messages.text(entries[NET][1], NET) if NET in entries else None, recipe, init)

    def note(self, stage: str | None, recipe: Recipe, node: yaml.MappingNode, *, warns: bool = True) -> None:
        """Note where the settings of a recipe stand, and warn of those that have no effect beside the others."""
        places = self.places[stage] = dict(self.settings(node))
        if warns and "test.batch" in places and recipe.test.batches is None:
            message = "batch has no effect in test without batches: a test takes all test data"
            place, help = Label(places["test.batch"]), "add batches: the length of a test; or leave batch out"
            self.mistakes.report.add(Diagnostic("N851", message, place, severity=Severity.WARNING, help=help))

    def settings(self, node: yaml.MappingNode, path: str = "") -> Iterator[tuple[str, Span]]:
        """Each setting's path and the place of its key."""
        for key, value in node.value:
            yield f"{path}{key.value}", self.mistakes.span(key)
            if isinstance(value, yaml.MappingNode):
                yield from self.settings(value, f"{path}{key.value}.")
