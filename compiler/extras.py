"""What a plain install leaves out: packages, by the extra that brings them.

``pip install netdef-compiler`` brings lark alone. What needs more asks for its extra before it begins (``require``), so
that nothing is half done; where a package is missed all the same, its ``ModuleNotFoundError`` becomes the same mistake
(``extras_named``). pyproject.toml has this table too, in the names that pip knows; a test compares the two.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec

from netdef.compiler.diagnostics import Diagnostic
from netdef.compiler.net_error import NetError

DISTRIBUTION = "netdef-compiler"

EXTRAS: dict[str, tuple[str, ...]] = {
    "onnx": ("ml_dtypes", "numpy", "onnx", "onnxruntime"),
    "train": ("ml_dtypes", "numpy", "PIL", "rich", "torch", "yaml"),
    "completion": ("shtab",),
    "draw": ("graphviz",),
    "digits": ("sklearn",),
    "h5py": ("h5py",),
    "leveldb": ("plyvel",),
    "plot": ("matplotlib", "numpy"),
    "svm": ("numpy", "sklearn"),
    "tensorboard": ("tensorboard",),
}
"""Each extra, and the modules of the packages that it brings."""

PACKAGES = {"PIL": "pillow", "sklearn": "scikit-learn", "yaml": "pyyaml"}
"""What pip calls a package whose module has another name."""


def require(what: str, *extras: str, otherwise: str = "") -> None:
    """Refuse to begin ``what`` where a package of these extras is not installed.

    ``otherwise`` is what can be done without them, as a clause behind the help.

    Raises:
        NetError: N010, with all packages that are missing and what to type.
    """
    missing = {extra: [module for module in EXTRAS[extra] if find_spec(module) is None] for extra in extras}
    if any(missing.values()):
        modules = dict.fromkeys(module for those in missing.values() for module in those)
        raise _mistake(what, [*modules], [extra for extra in extras if missing[extra]], otherwise)


@contextmanager
def extras_named(what: str) -> Iterator[None]:
    """Name the extra of a package that is missed inside, while ``what`` is done; decorates functions, too.

    Raises:
        NetError: N010, instead of the package's ``ModuleNotFoundError``.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        module = (error.name or "").partition(".")[0]
        extra = next((extra for extra, modules in EXTRAS.items() if module in modules), None)
        if extra is None:  # our fault
            raise
        raise _mistake(what, [module], [extra], "") from None


def _mistake(what: str, modules: Sequence[str], extras: Sequence[str], otherwise: str) -> NetError:
    packages = [PACKAGES.get(module, module) for module in modules]
    names = " and ".join([*filter(None, [", ".join(packages[:-1])]), packages[-1]])
    message = f"{what} needs {names}, which {'is' if len(packages) == 1 else 'are'} not installed"
    help = f"pip install '{DISTRIBUTION}[{','.join(extras)}]'"
    return NetError(Diagnostic("N010", message, help="; ".join(filter(None, [help, otherwise]))))
