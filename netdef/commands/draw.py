"""Draw a net: layers with parameters and costs, blobs with shapes, blocks as frames.

The suffix of the output chooses the form: .dot needs nothing more; .svg, .pdf, .png and .html need the extra
`draw`, or graphviz's program `dot`.
"""

import argparse
from pathlib import Path

from netdef.compiler.diagnostics import Diagnostic
from netdef.compiler.load import load_net
from netdef.compiler.net_error import NetError
from netdef.compiler.views.dot import dot
from netdef.compiler.views.drawing import draw as drawing
from netdef.options.net import net_arguments, net_request
from netdef.runtime.console import Console

HELP = "draw a net as .dot, .svg, .pdf, .png or .html"
RENDERED = {".svg": "svg", ".pdf": "pdf", ".png": "png", ".html": "svg"}
"""What `dot` is asked for, by suffix."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("file", metavar="FILE", help="a .net or .prototxt file")
    parser.add_argument("-o", "--output", metavar="OUT", help="the drawing; FILE's name with .svg if not given")
    net_arguments(parser)


def run(args: argparse.Namespace, console: Console) -> int:
    """Write the drawing and say where."""
    out = Path(args.output or Path(args.file).with_suffix(".svg").name)
    if out.suffix not in (".dot", *RENDERED):
        help = f"use one of .dot, {', '.join(RENDERED)}"
        raise NetError(Diagnostic("N005", f"{out}: no drawing has this suffix", help=help))
    net = load_net(net_request(args))
    console.show(net.report)
    graph = dot(net)
    data = graph.encode() if out.suffix == ".dot" else drawing(graph, RENDERED[out.suffix])
    if out.suffix == ".html":
        svg = data[data.index(b"<svg") :].decode()
        data = f'<!doctype html><meta charset="utf-8"><title>{net.name}</title><body>{svg}</body>\n'.encode()
    try:
        out.write_bytes(data)
    except OSError as error:
        raise NetError(Diagnostic("N006", f"{out} can't be written: {error.strerror}")) from None
    console.print(f"{out}: {len(net.nodes)} layers")
    return 0
