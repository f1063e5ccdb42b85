"""A net drawn into a file, whose suffix chooses the form."""

from collections.abc import Callable
from pathlib import Path

from netdef.compiler.diagnostics import Diagnostic
from netdef.compiler.net.net import Net
from netdef.compiler.net_error import NetError
from netdef.compiler.save import save_bytes
from netdef.compiler.views.dot import dot
from netdef.compiler.views.graphviz_program import laid_out
from netdef.compiler.views.html import page

Form = Callable[[Net], bytes]


def form_of(path: Path) -> Form:
    """What makes a drawing for a file with this suffix.

    Raises:
        NetError: N005 if no drawing has it.
    """
    if path.suffix not in FORMS:
        raise NetError(Diagnostic("N005", f"{path}: no drawing has this suffix", help=f"use one of {', '.join(FORMS)}"))
    return FORMS[path.suffix]


def draw(net: Net, path: Path) -> None:
    """Draw a net into a file.

    Raises:
        NetError: if no drawing has this suffix, what lays it out isn't installed, or the file can't be written.
    """
    save_bytes(path, form_of(path)(net))


def _dot(net: Net) -> bytes:
    return dot(net).encode()


def _by_graphviz(form: str) -> Form:
    return lambda net: laid_out(dot(net), form)


def _html(net: Net) -> bytes:
    svg = laid_out(dot(net), "svg").decode()
    return page(net.name, svg[svg.index("<svg") :]).encode()


FORMS: dict[str, Form] = {
    ".dot": _dot,
    ".svg": _by_graphviz("svg"),
    ".pdf": _by_graphviz("pdf"),
    ".png": _by_graphviz("png"),
    ".html": _html,
}
"""By suffix."""
