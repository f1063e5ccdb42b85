"""Where a command's result goes: a file, written whole or not at all, or the standard output, which is called ``-``."""

from pathlib import Path

from netdef.runtime.console import Console

STDOUT = "-"


def deliver(result: str | bytes, out: str | None, console: Console) -> None:
    """Write a result where ``out`` says.

    Raises:
        NetError: N006 if the file can't be written.
        LostOutput: if the standard output can't.
    """
    if out is not None and out != STDOUT:
        from netdef.compiler.save import save_bytes  # most results are printed

        save_bytes(Path(out), result.encode() if isinstance(result, str) else result)
    elif isinstance(result, str):
        console.write(result)
    else:
        console.write_bytes(result)
