"""That no family and no layer type goes without a case, and no net of the oracle untried."""

from importlib import import_module
from itertools import chain
from pathlib import Path

import pytest

from netdef.compiler.layers import catalogue
from netdef.compiler.layers.base import Layer
from tests.layers.cases import FORKS, ORACLE, CaffeCase, Case, Family


def table(family: str) -> type[Family]:
    """The table of a family's file."""
    module = import_module(f"tests.layers.test_{family}")
    (found,) = (each for name, each in vars(module).items() if name.startswith("Test") and issubclass(each, Family))
    own: type[Family] = found
    return own


def types(case: Case | CaffeCase) -> set[type[Layer]]:
    """The types that a case tries: its own, or all of Caffe's net."""
    return {type(case.layer)} if isinstance(case, Case) else {type(node.layer) for node in case.net().nodes}


@pytest.mark.parametrize("family", catalogue.families())
def test_each_type_of_a_family_has_a_case(family: str) -> None:
    own = {kind for kind in catalogue.every_type() if catalogue.family_of(kind) == family and not kind.opaque}
    tried = set().union(*(types(case) for case in table(family).cases))
    assert {kind.__name__ for kind in own - tried} == set()


@pytest.mark.parametrize("family", catalogue.families())
def test_each_family_has_refusals(family: str) -> None:
    assert table(family).refused


@pytest.mark.parametrize("oracle", [ORACLE, FORKS], ids=["layers", "forks"])
def test_each_net_of_the_oracle_is_tried_once(oracle: Path) -> None:
    rows = chain.from_iterable(table(family).cases for family in catalogue.families())
    tried = [row.name for row in rows if isinstance(row, CaffeCase) and row.folder == oracle]
    assert sorted(tried) == sorted(path.stem for path in oracle.glob("*.net"))
