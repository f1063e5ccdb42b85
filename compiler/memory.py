"""What no memory suffices for: a mistake of the sizes that are asked for, told by whoever notices it first."""

import os

from netdef.compiler.diagnostics import Diagnostic
from netdef.compiler.net_error import NetError
from netdef.compiler.shape import Shape, known, product, show

_OF_LIBRARIES = ("can't allocate memory", "not enough memory", "Failed to allocate memory", "Cannot allocate memory")
"""What torch, ONNX Runtime and the system say."""


def out_of_memory(error: BaseException) -> Diagnostic | None:
    """What to say of an error, if memory was all that was missing."""
    is_theirs = type(error).__name__ == "OutOfMemoryError" or any(words in str(error) for words in _OF_LIBRARIES)
    if not isinstance(error, MemoryError) and not is_theirs:
        return None
    return _mistake(str(error).splitlines()[0] if str(error) else "Python gives no more")


def too_large(what: str, num_bytes: int) -> Diagnostic | None:
    """What to say of numbers that are more than the whole machine holds; None if they may fit."""
    if num_bytes <= _installed():
        return None
    return _mistake(f"{what} takes {num_bytes / 2**30:,.0f} GiB, and this machine has less")


def refuse_too_large(what: str, shape: Shape) -> None:
    """Refuse float32 numbers that are more than the whole machine holds, before anything tries to make them.

    Raises:
        NetError: if they can't fit.
    """
    mistake = too_large(f"{what} ({show(shape)})", 4 * known(product(shape)))
    if mistake is not None:
        raise NetError(mistake)


def _mistake(reason: str) -> Diagnostic:
    return Diagnostic(
        "N012", f"there is not enough memory: {reason}", help="netdef summary shows what each layer takes"
    )


def _installed() -> int:
    """Bytes of this machine's memory."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
