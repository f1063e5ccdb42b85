"""A recipe from whatever file says it: netdef's own YAML, or Caffe's ``solver.prototxt``."""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from netdef.compiler.diagnostics import Diagnostic, Report
from netdef.compiler.net_error import NetError
from netdef.compiler.net_in_solver import place_of_net
from netdef.compiler.schema.caffe import State
from netdef.compiler.source import Span
from netdef.runtime.training.recipe.recipe import Recipe, Stage
from netdef.runtime.training.recipe.solver_prototxt import read_solver

YAML = (".yaml", ".yml", ".json")
"""The suffixes of files that are YAML; all others are prototxt."""


class RecipeFile(NamedTuple):
    """What a file says.

    path        the file
    homes       the folders that the nets it names are looked up from, in this order
    train_net   the file of the net, as it names it; None if it names none
    test_net    the file of the net in tests
    report      warnings: what has no effect
    stages      if the recipe has some; ``recipe`` is then what they have in common
    states      phase -> the level and the stages that it gives the net
    places      stage, None for the recipe itself -> where each setting stands, by its path (``test.batch``)
    """

    recipe: Recipe
    path: Path
    homes: tuple[Path, ...]
    train_net: str | None
    test_net: str | None
    report: Report
    stages: tuple[Stage, ...] = ()
    states: Mapping[str, State] = MappingProxyType({})
    places: Mapping[str | None, Mapping[str, Span]] = MappingProxyType({})

    def found(self, net: str) -> str:
        """The path of a net that it names.

        Raises:
            NetError: if there is none.
        """
        for path in self._places(net):
            if Path(place_of_net(path).file).is_file():
                return path
        looked = dict.fromkeys("the working folder" if home == Path() else str(home) for home in self.homes)
        help = f"correct the path in {self.path}"
        if net in (self.train_net, self.test_net):
            # The published solvers name paths of Caffe's own folders, and lie beside their nets
            beside = (str(home / Path(net).name) for home in self.homes)
            file = next((path for path in beside if Path(path).is_file()), "FILE")
            help += f", or give the net's own: netdef train {file} --recipe {self.path}"
        raise NetError(Diagnostic("N873", f"there is no net {net}, looked up from {' and '.join(looked)}", help=help))

    def tested(self, file: str) -> str:
        """The path of the net in tests, where ``file`` is trained, whether the recipe names it or not."""
        if self.train_net is None or self.test_net is None or file not in self._places(self.train_net):
            return file
        return file if self.test_net == self.train_net else self.found(self.test_net)

    def _places(self, net: str) -> list[str]:
        if place_of_net(net).field:  # it stands in this very file
            return [net]
        return [str(home / net) for home in self.homes]


def read_recipe_file(path: Path) -> RecipeFile:
    """The recipe in a file; raises ``NetError`` with all that is wrong."""
    if path.suffix.lower() in YAML:
        from netdef.runtime.training.recipe.yaml_recipe import read_recipe  # a solver.prototxt needs no YAML

        written = read_recipe(path)
        homes = (path.parent, Path())  # its own folder first, as of the file that it is like
        net, stages, places = written.net, written.stages, written.places
        return RecipeFile(written.recipe, path, homes, net, net, written.report, stages=stages, places=places)
    report = Report()
    solver = read_solver(path, report)
    homes = (Path(), path.parent)  # as Caffe, which knows the working folder alone
    net = solver.train_net or solver.net
    test_net = solver.test_net[0] if solver.test_net else net
    states = {"TRAIN": solver.train_state, "TEST": solver.test_state[0] if solver.test_state else None}
    told = {phase: state for phase, state in states.items() if state is not None}
    return RecipeFile(solver.recipe(), path, homes, net, test_net, report, states=told)


def recipe_path(recipe: str | None, net: str) -> Path | None:
    """The file with the recipe: the one that is named, else the one beside the net, if there is one."""
    if recipe is not None:
        return Path(recipe)
    beside = Path(net).with_suffix(".yaml") if net else None
    return beside if beside is not None and beside.is_file() else None
