"""Named arrays in a file, of any format that holds such, and facts about them as JSON."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Generic, NamedTuple, TypeVar

from numpy.typing import NDArray

from netdef.compiler.atomic import write_whole
from netdef.compiler.diagnostics import Diagnostic
from netdef.compiler.net_error import NetError
from netdef.compiler.save import check_folder, unwritable
from netdef.compiler.weights.formats.archive import Archive
from netdef.compiler.weights.formats.archives import ARCHIVES
from netdef.compiler.weights.stored import StoredArray

Arrays = dict[str, NDArray[Any]]
Made = TypeVar("Made")


def texts_of(facts: dict[str, Any], name: str) -> tuple[str, ...]:
    """A fact that is a list of texts, of none where it isn't there.

    Raises:
        ValueError: if it is something else.
    """
    found = facts.get(name, [])
    if not isinstance(found, list) or not all(isinstance(each, str) for each in found):
        raise ValueError(f"its {name} are no list of texts")
    return tuple(found)


class ArrayFile(NamedTuple, Generic[Made]):
    """A kind of file.

    what    what it holds, in words
    maker   the command that writes it
    names   of its arrays; ``about`` is beside them
    facts   that stand in ``about``, beside what it holds
    code    of the mistake that a file isn't one
    make    what is made of the arrays and the facts; it raises ``ValueError`` where they don't fit each other
    """

    what: str
    maker: str
    names: tuple[str, ...]
    facts: tuple[str, ...]
    code: str
    make: Callable[[Arrays, dict[str, Any]], Made]

    def check_suffix(self, path: Path) -> None:
        """Refuse a name that tells no format."""
        if path.suffix not in ARCHIVES:
            help = f"end it in {' or '.join(ARCHIVES)}"
            raise NetError(Diagnostic(self.code, f"{path} is no name for {self.what}", help=help))

    def check_place(self, path: Path) -> None:
        """Refuse a place that can't be written, before anything is computed for it."""
        self.check_suffix(path)
        check_folder(path)

    def write(self, path: Path, held: Made) -> None:
        """Write a file by its suffix: what ``held`` has under the names of the arrays and the facts."""
        self.check_suffix(path)
        arrays = {name: StoredArray.of(getattr(held, name)) for name in self.names}
        about = json.dumps({"what": self.what, **{name: getattr(held, name) for name in self.facts}})
        try:
            write = ARCHIVES[path.suffix].write
            write_whole(path, lambda unfinished: write(unfinished, Archive(arrays, {"about": about})))
        except (OSError, ValueError) as error:
            raise NetError(unwritable(path, error)) from None

    def read(self, path: Path) -> Made:
        """What is made of a file's arrays and facts.

        Raises:
            NetError: if it can't be read, or its arrays don't fit each other.
        """
        self.check_suffix(path)
        try:
            stored, about = ARCHIVES[path.suffix].read(path)
            arrays = {name: stored[name] for name in self.names}
            facts = json.loads(about["about"])
            if facts.get("what", self.what) != self.what:
                raise ValueError(f"it holds {facts['what']}")
            return self.make({name: array.read() for name, array in arrays.items()}, facts)
        except NetError as error:
            raise self._unfit(path, "", notes=tuple(each.message for each in error.report)) from None
        except KeyError as error:
            raise self._unfit(path, f": it has no {error.args[0]}") from None
        except Exception as error:  # whatever JSON finds wrong, and ``make`` with facts of other kinds
            raise self._unfit(path, f": {error}") from None

    def _unfit(self, path: Path, why: str, notes: tuple[str, ...] = ()) -> NetError:
        message = f"{path} can't be read as {self.what}{why}"
        return NetError(Diagnostic(self.code, message, notes=notes, help=f"{self.maker} makes such a file"))
