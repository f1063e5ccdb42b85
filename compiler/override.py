"""``@override``, which Python has in ``typing`` from 3.12 on; here without loading ``typing_extensions``."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from typing_extensions import override as override  # noqa: PLC0414 - the alias is what exports it
else:
    _F = TypeVar("_F", bound=Callable[..., Any])

    def override(method: _F) -> _F:
        """Say that a method replaces one of a base class; the type checker insists on it."""
        return method
