"""Which layer types a back end can do, and why it can't do the others."""

from collections.abc import Callable
from typing import Any, Concatenate, Generic, ParamSpec, TypeVar

from netdef.compiler.layers import LAYERS
from netdef.compiler.layers.base import Layer

L = TypeVar("L", bound=Layer)
P = ParamSpec("P")
R = TypeVar("R")


class Rules(Generic[P, R]):
    """One back end's rules by layer type; ``P`` is what a rule takes behind the layer, ``R`` what it makes.

    A type is looked up by its exact class: a rule for a type is none for its subclasses.
    """

    def __init__(self) -> None:
        self._rules: dict[type[Layer], Callable[..., R]] = {}
        self._refusals: dict[type[Layer], str] = {}

    def rule(self, kind: type[L]) -> Callable[[Callable[Concatenate[L, P], R]], Callable[Concatenate[L, P], R]]:
        """Decorate the rule of a layer type."""

        def register(function: Callable[Concatenate[L, P], R]) -> Callable[Concatenate[L, P], R]:
            assert not self.covers(kind), f"{kind.__name__} has a rule or a refusal already"
            self._rules[kind] = function
            return function

        return register

    def refuse(self, kind: type[Layer], why: str) -> None:
        """Say why a layer type can't be done; ``why`` follows the layer's name: "needs ..."."""
        assert not self.covers(kind), f"{kind.__name__} has a rule or a refusal already"
        self._refusals[kind] = why

    def covers(self, kind: type[Layer]) -> bool:
        """Whether a layer type is done, or refused on purpose."""
        return kind in self._rules or kind in self._refusals

    def missing(self) -> list[str]:
        """Layer types that nobody has thought of; a test keeps it empty."""
        return [name for name, kind in LAYERS.items() if not self.covers(kind)]

    def why_not(self, kind: type[Layer]) -> str | None:
        """Why a layer type can't be done; None if it can."""
        return None if kind in self._rules else self._refusals.get(kind, "is of a type that only its author can run")

    def refusal(self, layer: Layer) -> str | None:
        """Why a layer can't be done; None if it can."""
        return self.why_not(type(layer))

    def apply(self, layer: Layer, *args: P.args, **kwargs: P.kwargs) -> R:
        """Do a layer that is not refused."""
        rule: Callable[..., Any] = self._rules[type(layer)]
        return rule(layer, *args, **kwargs)  # type: ignore[no-any-return]  # the table forgets each rule's own layer type
