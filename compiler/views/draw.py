"""A net drawn in one of several forms: what makes each, and a file whose suffix chooses it."""

from collections.abc import Callable
from pathlib import Path

from netdef.compiler.diagnostics import Diagnostic
from netdef.compiler.net.net import Net
from netdef.compiler.net_error import NetError
from netdef.compiler.save import save_bytes
from netdef.compiler.views.centred import centred
from netdef.compiler.views.dot import dot
from netdef.compiler.views.graphviz_program import laid_out
from netdef.compiler.views.html import page


def form_of(path: Path) -> str:
    """The form of a drawing in a file of this name, one of ``FORMS``.

    Raises:
        NetError: N005 if no drawing has its suffix.
    """
    form = path.suffix.removeprefix(".")
    if form not in FORMS:
        known = ", ".join(f".{form}" for form in FORMS)
        raise NetError(Diagnostic("N005", f"{path}: no drawing has this suffix", help=f"use one of {known}"))
    return form


def drawing(net: Net, form: str, *, all_layers: bool = False) -> bytes:
    """A net drawn in one of ``FORMS``; with ``all_layers`` each layer has a box of its own.

    Raises:
        NetError: if what lays it out isn't installed.
    """
    return FORMS[form](dot(net, all_layers=all_layers), net.name)


def draw(net: Net, path: Path) -> None:
    """Draw a net into a file.

    Raises:
        NetError: if no drawing has this suffix, what lays it out isn't installed, or the file can't be written.
    """
    save_bytes(path, drawing(net, form_of(path)))


def _by_graphviz(form: str) -> Callable[[str, str], bytes]:
    return lambda graph, _: laid_out(graph, form)


def _svg(graph: str) -> str:
    return centred(laid_out(graph, "svg").decode())


def _html(graph: str, name: str) -> bytes:
    svg = _svg(graph)
    return page(name or "a net", svg[svg.index("<svg") :]).encode()


FORMS: dict[str, Callable[[str, str], bytes]] = {
    "dot": lambda graph, _: graph.encode(),
    "svg": lambda graph, _: _svg(graph).encode(),
    "pdf": _by_graphviz("pdf"),
    "png": _by_graphviz("png"),
    "html": _html,
}
"""What makes a drawing of a graph in DOT and the net's name, by the word of ``--format``."""
