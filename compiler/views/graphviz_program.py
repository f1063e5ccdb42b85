"""A graph in DOT as a drawing: through the graphviz package, and a program that finds the layout.

The program is Graphviz's ``dot`` where there is one, as Debian installs it; else ``graphviz-pure``, a port of it that
the extra ``draw`` brings.
"""

import shutil
import sysconfig
from pathlib import Path

from netdef.compiler.diagnostics import Diagnostic
from netdef.compiler.extras import require
from netdef.compiler.net_error import NetError

PORT = "graphviz-pure"
NOT_BY_PORT = {"pdf"}
"""What the port can't write."""


def laid_out(graph: str, form: str) -> bytes:
    """The drawing of a graph in DOT; ``form`` is svg, pdf or png.

    Raises:
        NetError: N010 without the graphviz package, N007 without a program that can draw the form.
    """
    require("a drawing", "draw", otherwise="-o FILE.dot needs no package")
    import graphviz
    from graphviz.backend import dot_command

    program = layout_program(form)
    before = dot_command.DOT_BINARY
    dot_command.DOT_BINARY = program  # the package has no other way to say which
    try:
        # not Source.pipe, which writes by lines and loses its process if that ends before it has read them all
        drawing: bytes = graphviz.pipe("dot", form, graph.encode(), quiet=True)
    except graphviz.CalledProcessError as error:
        said = (error.stderr or b"").decode(errors="replace").strip().splitlines()
        message = f"{program} can't draw it: {said[0] if said else f'it ended with {error.returncode}'}"
        raise NetError(Diagnostic("N007", message, help="-o FILE.dot needs no program")) from None
    finally:
        dot_command.DOT_BINARY = before
    return drawing


def layout_program(form: str) -> Path:
    """The program that draws a form."""
    if dot := shutil.which("dot"):
        return Path(dot)
    scripts = sysconfig.get_path("scripts")  # not on the PATH where netdef is run without activating its environment
    port = shutil.which(PORT) or shutil.which(PORT, path=scripts)
    if port is None:
        message = "drawing needs graphviz's program `dot`, which is not installed"
        help = (
            f"apt-get install graphviz (Debian), or pip install {PORT} (no system package; licence EPL);"
            " -o FILE.dot needs neither"
        )
        raise NetError(Diagnostic("N007", message, help=help))
    if form in NOT_BY_PORT:
        message = f"{PORT} draws no {form}, and graphviz's program `dot` is not installed"
        raise NetError(Diagnostic("N007", message, help="use .svg or .png, or apt-get install graphviz (Debian)"))
    return Path(port)
