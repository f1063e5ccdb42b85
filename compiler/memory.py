"""What no memory suffices for: a mistake of the sizes that are asked for, told by whoever notices it first."""

import os

from netdef.compiler.diagnostics import Diagnostic

_OF_TORCH = ("can't allocate memory", "not enough memory")


def out_of_memory(error: BaseException) -> Diagnostic | None:
    """What to say of an error, if memory was all that was missing."""
    is_torchs = type(error).__name__ == "OutOfMemoryError" or any(words in str(error) for words in _OF_TORCH)
    if not isinstance(error, MemoryError) and not is_torchs:
        return None
    return _mistake(str(error).splitlines()[0] if str(error) else "Python gives no more")


def too_large(what: str, num_bytes: int) -> Diagnostic | None:
    """What to say of numbers that are more than the whole machine holds; None if they may fit."""
    if num_bytes <= _installed():
        return None
    return _mistake(f"{what} takes {num_bytes / 2**30:,.0f} GiB, and this machine has less")


def _mistake(reason: str) -> Diagnostic:
    return Diagnostic(
        "N012", f"there is not enough memory: {reason}", help="netdef summary shows what each layer takes"
    )


def _installed() -> int:
    """Bytes of this machine's memory."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
