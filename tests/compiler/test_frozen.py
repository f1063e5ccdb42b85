"""Values made from keywords that stay as they are: as dataclasses are, which are the witness."""

import copy
import pickle
from dataclasses import FrozenInstanceError, dataclass
from typing import Any, ClassVar

import pytest

from netdef.compiler.frozen import Frozen
from netdef.compiler.override import override


class Line(Frozen):
    unit: ClassVar[str] = "pixels"
    length: int
    width: float = 1.0


class Dashed(Line):
    dashes: tuple[int, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Witness:
    unit: ClassVar[str] = "pixels"
    length: int
    width: float = 1.0
    dashes: tuple[int, ...] = ()


@pytest.mark.parametrize("values", [{"length": 3}, {"dashes": (1, 2), "length": 3, "width": 0.5}])
def test_it_is_what_a_dataclass_is(values: dict[str, Any]) -> None:
    line, witness = Dashed(**values), Witness(**values)
    assert repr(line) == repr(witness).replace("Witness", "Dashed")
    assert line == Dashed(**values)
    assert hash(line) == hash(Dashed(**values))
    assert line != Dashed(**{**values, "length": 4})
    assert line.replace(width=2.0) == Dashed(**{**values, "width": 2.0})
    assert copy.deepcopy(line) == pickle.loads(pickle.dumps(line)) == line
    assert (Dashed.unit, Dashed.width) == (Witness.unit, Witness.width)


def test_values_of_two_classes_are_never_equal() -> None:
    assert Line(length=3) != Dashed(length=3)


def test_it_stays_as_it_is() -> None:
    line = Line(length=3)
    with pytest.raises(FrozenInstanceError, match="Line is frozen"):
        line.length = 4  # type: ignore[misc]
    with pytest.raises(FrozenInstanceError):
        del line.length
    assert line == Line(length=3)


def test_fields_are_given_by_their_names() -> None:
    with pytest.raises(TypeError, match="Line has no colour"):
        Line(length=3, colour="red")  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="Line needs length"):
        Line(width=2.0)  # type: ignore[call-arg]
    with pytest.raises(TypeError):
        Line(3)  # type: ignore[call-arg]


def test_a_class_may_refuse_a_value() -> None:
    class Even(Frozen):
        number: int

        @override
        def __post_init__(self) -> None:
            if self.number % 2:
                raise ValueError(self.number)

    assert Even(number=2).number == 2
    with pytest.raises(ValueError, match="3"):
        Even(number=2).replace(number=3)
