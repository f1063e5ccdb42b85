"""A changed text, back into the file that it was read from: whole or not at all, and only if that is still the same."""

import codecs
from functools import partial
from pathlib import Path

from netdef.compiler.atomic import write_whole
from netdef.compiler.diagnostics import Diagnostic
from netdef.compiler.net_error import NetError


def rewrite(path: Path, before: str, after: str) -> bool:
    """Write a text; False if the file doesn't hold the text before: it isn't UTF-8, or was changed meanwhile.

    A link stays one, and so does a byte order mark.

    Raises:
        NetError: N006 where the file can't be written.
    """
    try:
        data = path.read_bytes()
        mark = codecs.BOM_UTF8 if data.startswith(codecs.BOM_UTF8) else b""
        if data != mark + before.encode("utf-8", "surrogatepass"):
            return False
        write_whole(path.resolve(), partial(Path.write_bytes, data=mark + after.encode("utf-8", "surrogatepass")))
    except OSError as error:
        raise NetError(Diagnostic("N006", f"{path} can't be written: {error.strerror}")) from None
    return True


def left_alone(path: str) -> str:
    """What is said where ``rewrite`` wrote nothing."""
    return f"{path} was left as it is: it is no UTF-8, or was changed meanwhile"
