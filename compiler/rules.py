"""Which layer types a back end can do, and why it can't do the others."""

from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Concatenate, Generic, ParamSpec, TypeVar

from netdef.compiler.layers import catalogue
from netdef.compiler.layers.base import Layer

L = TypeVar("L", bound=Layer)
P = ParamSpec("P")
R = TypeVar("R")


_TABLES: dict[str, dict[type[Layer], Callable[..., Any]]] = {}
"""The rules by back end; users' types may be in a table before its back end is imported, which may take seconds."""


def declare_rule(back_end: str, kind: type[Layer], rule: Callable[..., Any]) -> None:
    """Give a back end the rule of a user's type, without importing the back end."""
    _TABLES.setdefault(back_end, {})[kind] = rule


SHAPES_ALONE = "has its shapes and weights here, and its numbers in its fork of Caffe alone"
"""Why a type is refused that is known by its declaration only."""


class Rules(Generic[P, R]):
    """One back end's rules by layer type; ``P`` is what a rule takes behind the layer, ``R`` what it makes.

    The rules of a family stand in the back end's file of that name, which is imported when one of them is needed. A
    type is looked up by its exact class: a rule for a type is none for its subclasses.
    """

    def __init__(self, back_end: str, package: str) -> None:
        self._back_end = back_end
        self._package = package
        """Where the families' files are."""
        self._imported: set[str | None] = {None}
        """The families whose rules are known; a type of no family brings its own."""
        self._rules: dict[type[Layer], Callable[..., R]] = _TABLES.setdefault(back_end, {})
        self._refusals: dict[type[Layer], str] = {}

    def rule(self, kind: type[L]) -> Callable[[Callable[Concatenate[L, P], R]], Callable[Concatenate[L, P], R]]:
        """Decorate the rule of a layer type."""

        def register(function: Callable[Concatenate[L, P], R]) -> Callable[Concatenate[L, P], R]:
            self._assert_new(kind)
            self._rules[kind] = function
            return function

        return register

    def refuse(self, kind: type[Layer], why: str) -> None:
        """Say why a layer type can't be done; ``why`` follows the layer's name: "needs ..."."""
        self._assert_new(kind)
        self._refusals[kind] = why

    def covers(self, kind: type[Layer]) -> bool:
        """Whether a layer type is done, or refused on purpose."""
        self._import(kind)
        return kind in self._rules or kind in self._refusals

    def missing(self) -> list[str]:
        """Layer types that nobody has thought of; a test keeps it empty."""
        return [kind.type_name for kind in catalogue.every_type() if not self.covers(kind)]

    def why_not(self, kind: type[Layer]) -> str | None:
        """Why a layer type can't be done; None if it can."""
        self._import(kind)
        if kind in self._rules:
            return None
        nobodys = "is of a type that only its author can run"
        return self._refusals.get(kind, f"has no {self._back_end}_rule" if _is_registered(kind) else nobodys)

    def refusal(self, layer: Layer) -> str | None:
        """Why a layer can't be done; None if it can."""
        return self.why_not(type(layer))

    def apply(self, layer: Layer, *args: P.args, **kwargs: P.kwargs) -> R:
        """Do a layer that is not refused."""
        self._import(type(layer))
        rule: Callable[..., Any] = self._rules[type(layer)]
        return rule(layer, *args, **kwargs)  # type: ignore[no-any-return]  # the table forgets each rule's own layer type

    def _assert_new(self, kind: type[Layer]) -> None:
        taken = kind in self._rules or kind in self._refusals
        assert not taken, f"{kind.__name__} has a rule or a refusal already"

    def _import(self, kind: type[Layer]) -> None:
        family = catalogue.family_of(kind)
        if family not in self._imported:
            if find_spec(name := f"{self._package}.{family}") is not None:
                import_module(name)
            self._imported.add(family)


def _is_registered(kind: type[Layer]) -> bool:
    """Whether a type is more than a declaration of shapes (``opaque``)."""
    return kind in catalogue.variants(kind.type_name)
