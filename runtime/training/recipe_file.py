"""A recipe from whatever file says it: netdef's own YAML, or Caffe's ``solver.prototxt``."""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from netdef.compiler.diagnostics import Diagnostic, NetError, Report
from netdef.compiler.messages import State
from netdef.compiler.source import Span
from netdef.runtime.training.caffe_recipe import read_solver
from netdef.runtime.training.recipe import Recipe, Stage
from netdef.runtime.training.yaml_recipe import read_recipe

YAML = (".yaml", ".yml", ".json")
"""The suffixes of files that are YAML; all others are prototxt."""


class RecipeFile(NamedTuple):
    """What a file says.

    home        the folder that it stands in
    train_net   the file of the net, as it names it; None if it names none
    test_net    the file of the net in tests
    report      warnings: what has no effect
    stages      of a plan, if it is one; ``recipe`` is then what they have in common
    states      phase -> the level and the stages that it gives the net
    places      stage, None for the recipe itself -> where each setting stands, by its path (``test.batch``)
    """

    recipe: Recipe
    home: Path
    train_net: str | None
    test_net: str | None
    report: Report
    stages: tuple[Stage, ...] = ()
    states: Mapping[str, State] = MappingProxyType({})
    places: Mapping[str | None, Mapping[str, Span]] = MappingProxyType({})

    def found(self, net: str) -> str:
        """The path of a net that it names, looked up from the working folder, as Caffe does, then from its own.

        Raises:
            NetError: if there is none.
        """
        for path in self._places(net):
            if Path(path).is_file():
                return path
        cure = "give the net's own path: netdef train FILE --recipe SOLVER"
        looked = "the working folder" if self.home == Path() else f"the working folder and {self.home}"
        raise NetError(Diagnostic("N742", f"there is no net {net}, looked up from {looked}", help=cure))

    def tested(self, file: str) -> str:
        """The path of the net in tests, where ``file`` is trained, whether the recipe names it or not."""
        if self.train_net is None or self.test_net is None or file not in self._places(self.train_net):
            return file
        return file if self.test_net == self.train_net else self.found(self.test_net)

    def _places(self, net: str) -> list[str]:
        return [str(Path(net)), str(self.home / net)]


def read_recipe_file(path: Path) -> RecipeFile:
    """The recipe in a file; raises ``NetError`` with all that is wrong."""
    if path.suffix.lower() in YAML:
        written = read_recipe(path)
        net, stages, places = written.net, written.stages, written.places
        return RecipeFile(written.recipe, path.parent, net, net, written.report, stages=stages, places=places)
    report = Report()
    solver = read_solver(path, report)
    net = solver.train_net or solver.net
    test_net = solver.test_net[0] if solver.test_net else net
    states = {"TRAIN": solver.train_state, "TEST": solver.test_state[0] if solver.test_state else None}
    told = {phase: state for phase, state in states.items() if state is not None}
    return RecipeFile(solver.recipe(), path.parent, net, test_net, report, states=told)
