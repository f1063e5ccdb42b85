"""Layer types that other packages bring: entry points of the group ``netdef.layers``, named as their types.

    [project.entry-points."netdef.layers"]
    Mish = "my_package.mish:Mish"

Only what a net names is imported.
"""

import sys
from functools import lru_cache
from typing import TYPE_CHECKING

from netdef.compiler.layers.base import Layer
from netdef.compiler.schema.message import Refusal

if TYPE_CHECKING:
    from importlib.metadata import EntryPoints

GROUP = "netdef.layers"


def names() -> list[str]:
    """The names of the types; none is imported."""
    return [point.name for point in _points(tuple(sys.path))]


def load(name: str) -> None:
    """Import the type of a name, if a package brings one.

    Raises:
        Refusal: if it can't be had.
    """
    for point in _points(tuple(sys.path)).select(name=name):
        try:
            why = _flaw(name, point.load())
        except (Exception, SystemExit) as error:  # whatever the package does: who names its type is told
            why = f"{type(error).__name__}: {error}"
        if why is not None:
            message = f"the layer type {name} of {point.value} can't be had: {why}"
            raise Refusal("N220", message, help="mend the package that brings it, or uninstall it")


def _flaw(name: str, kind: object) -> str | None:
    """What is wrong with what a package calls a layer type."""
    from netdef.compiler.layers.flaws import flaws

    if not (isinstance(kind, type) and issubclass(kind, Layer)):
        return f"it is no class of {Layer.__module__}.{Layer.__name__}"
    if name not in (kind.type_name, *kind.aliases):
        return f"the class calls itself {kind.type_name}"
    return next((f"{kind.type_name} {flaw}" for flaw in flaws(kind)), None)


@lru_cache(1)
def _points(folders: tuple[str, ...]) -> "EntryPoints":
    """What the packages in Python's folders bring: it takes milliseconds to read, and a net may name many types."""
    from importlib.metadata import entry_points  # takes a tenth of a summary's time, and mostly nobody asks

    return entry_points(group=GROUP)
