"""Values that are made from keywords and stay as they are: the base of messages, requests and consoles.

Not dataclasses: their module and what it imports take a tenth of the time of a short command, and making the classes as
long again.
"""

from typing import Any, ClassVar, NoReturn, Self, dataclass_transform, get_origin

from netdef.compiler.override import override


class _Required:
    @override
    def __repr__(self) -> str:
        return "required"


REQUIRED: Any = _Required()
"""The default of a field that must be given."""


@dataclass_transform(kw_only_default=True, frozen_default=True, eq_default=True)
class Frozen:
    """A value whose fields are the annotated attributes of its class, each with what is assigned there as its default.

    All instances share a default, so it must be a value that stays as it is, too.
    """

    _defaults: ClassVar[dict[str, Any]] = {}
    """By field."""
    _needed: ClassVar[frozenset[str]] = frozenset()
    """The fields that must be given."""

    @override
    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        own = [name for name, annotation in cls.__annotations__.items() if not _is_of_class(annotation)]
        cls._declare({**cls._defaults, **{name: cls.__dict__.get(name, REQUIRED) for name in own}})

    @classmethod
    def _declare(cls, defaults: dict[str, Any]) -> None:
        """Say which fields there are."""
        cls._defaults = defaults
        cls._needed = frozenset(name for name, default in defaults.items() if default is REQUIRED)

    def __init__(self, **values: Any) -> None:
        own = self.__dict__
        own.update(self._defaults)
        own.update(values)
        if len(own) != len(self._defaults):
            raise TypeError(f"{type(self).__name__} has no {', '.join(values.keys() - self._defaults.keys())}")
        if not self._needed <= values.keys():
            raise TypeError(f"{type(self).__name__} needs {', '.join(self._needed - values.keys())}")
        self.__post_init__()

    def __post_init__(self) -> None:
        """Look at a new value as a whole: whoever overrides this may refuse it."""

    def replace(self, **changes: Any) -> Self:
        """The same with some fields changed."""
        return type(self)(**{**self.__dict__, **changes})

    @override
    def __setattr__(self, name: str, value: object) -> NoReturn:
        self.__delattr__(name)

    @override
    def __delattr__(self, name: str) -> NoReturn:
        from dataclasses import FrozenInstanceError  # which whoever tries this may look for

        raise FrozenInstanceError(f"{type(self).__name__} is frozen: replace() makes another")

    @override
    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and other.__dict__ == self.__dict__

    @override
    def __hash__(self) -> int:
        return hash((type(self), *self.__dict__.values()))

    @override
    def __repr__(self) -> str:
        return f"{type(self).__qualname__}({', '.join(f'{name}={value!r}' for name, value in self.__dict__.items())})"


def _is_of_class(annotation: Any) -> bool:
    """Whether what is annotated so is an attribute of the class, and no field."""
    origin: object = get_origin(annotation)
    return origin is ClassVar
