"""Layer types of one's own, from Python files: what ``--load my_layer.py`` and ``netdef.load_layers`` do.

A file declares types as the families of ``compiler.layers`` do, and may hold their rules for back ends; what it needs
is in ``netdef.layer_types``. It is checked at the door:

1. It runs to its end.
2. It declares a layer type.
3. Each of its types is whole (``layers.flaws``).
4. No name is taken, or something tells the two types apart (``is_meant``).

Either all its types are known then, or none.
"""

import sys
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from os import PathLike, fspath
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

from netdef.compiler.diagnostics import Diagnostic, Label, Report
from netdef.compiler.files import DISK, Files
from netdef.compiler.layers import catalogue
from netdef.compiler.layers.base import TYPES, Layer, NameTaken
from netdef.compiler.layers.flaws import flaws
from netdef.compiler.net_error import NetError, stop_on_errors
from netdef.compiler.source import Source, Span

Kinds = tuple[type[Layer], ...]


class _Loaded(NamedTuple):
    """A file that was run: its text then, and its types."""

    text: str
    kinds: Kinds


_loaded: dict[Path, _Loaded] = {}


def load_layers(*paths: str | PathLike[str]) -> Kinds:
    """Run Python files that declare layer types, and make them known; one that was run before is not run again.

    Returns:
        their types, file by file in alphabetical order.

    Raises:
        NetError: if one can't be read, doesn't run, declares no type, or one that is not whole or whose name is taken.
    """
    report = Report()
    kinds = [kind for path in paths for kind in read_layers(path, report)]
    stop_on_errors(report)
    return tuple(kinds)


def read_layers(path: str | PathLike[str], report: Report, files: Files = DISK) -> Kinds:
    """The types that a file declares, which are known from now on; what is wrong goes to ``report``."""
    source = files.open(path, report)
    if source is None:
        return ()
    place = Path(fspath(path)).resolve()
    before = _loaded.get(place)
    if before is None or before.text != source.text or not all(map(_is_known, before.kinds)):
        try:
            with catalogue.all_or_nothing(), _module(place) as module:
                _loaded[place] = _Loaded(source.text, _run(source, module))
        except NetError as error:
            report.extend(error.report)
            return ()
    return _loaded[place].kinds


def _is_known(kind: type[Layer]) -> bool:
    return kind in TYPES.get(kind.type_name, ())


@contextmanager
def _module(place: Path) -> Iterator[ModuleType]:
    """A module for a file, where pickle finds its classes; if anything is raised, what was there before."""
    name = f"netdef_layers_{place.stem}"
    while getattr(sys.modules.get(name), "__file__", str(place)) != str(place):
        name += "_"  # a file of the same name in another folder
    module = ModuleType(name)
    module.__file__ = str(place)
    before = sys.modules.get(module.__name__)
    sys.modules[module.__name__] = module
    try:
        yield module
    except BaseException:
        if before is None:
            del sys.modules[module.__name__]
        else:
            sys.modules[module.__name__] = before
        raise


def _run(source: Source, module: ModuleType) -> Kinds:
    try:
        exec(compile(source.text, str(module.__file__), "exec"), module.__dict__)
    except NetError:
        raise
    except NameTaken as taken:
        help = "give yours another name; or let one of the two say when it is meant: def is_meant(cls, written)"
        raise NetError(Diagnostic("N221", str(taken), _place_of(source, taken), help=help)) from None
    except (Exception, SystemExit) as error:  # whatever the file does: its author is told where
        message = f"{source.path} doesn't run: {type(error).__name__}: {_words(error)}"
        raise NetError(Diagnostic("N220", message, _place_of(source, error))) from None
    kinds = {kind: None for known in TYPES.values() for kind in known if kind.__module__ == module.__name__}
    stop_on_errors(Report(_mistakes(source, [*kinds])))
    return tuple(sorted(kinds, key=lambda kind: kind.type_name))


def _words(error: BaseException) -> str:
    return error.msg if isinstance(error, SyntaxError) else str(error)


def _place_of(source: Source, error: BaseException) -> Label | None:
    """The line of the file that an error comes from: the innermost of those that were running."""
    if isinstance(error, SyntaxError):
        return _line(source, error.lineno or 1)
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename.endswith(source.path)]
    return _line(source, frames[-1].lineno or 1) if frames else None


def _line(source: Source, number: int) -> Label | None:
    if not 1 <= number <= len(source.lines):
        return None
    line = source.lines[number - 1]
    start = sum(len(before) + 1 for before in source.text.split("\n")[: number - 1])
    indent = len(line) - len(line.lstrip())
    return Label(Span(source, start + indent, start + max(len(line.rstrip()), indent + 1)))


def _mistakes(source: Source, kinds: Sequence[type[Layer]]) -> Iterator[Diagnostic]:
    """What is wrong with what a file declares, each at the line of its class."""
    if not kinds:
        help = "derive a class from Layer: class Mine(Layer): ..."
        yield Diagnostic("N220", f"{source.path} declares no layer type", help=help)
    for kind in kinds:
        number = next((n for n, line in enumerate(source.lines, 1) if line.startswith(f"class {kind.__name__}")), 0)
        for flaw in flaws(kind):
            message = f"{kind.type_name} {flaw}"
            yield Diagnostic("N222", message, _line(source, number), subject=flaw)
