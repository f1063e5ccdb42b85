"""The manual of layer types, made from their declarations: fields, defaults, ranges, bottoms, tops and weights."""

import argparse
import json
from importlib import import_module
from typing import Any

from netdef.compiler.diagnostics import closest
from netdef.compiler.extras import require
from netdef.compiler.layers import catalogue
from netdef.compiler.rules import Rules
from netdef.compiler.views.layer_types import manual, overview, page
from netdef.options.net import load_argument
from netdef.options.output import format_arguments
from netdef.runtime.console import Console
from netdef.runtime.exit_status import ExitStatus

HELP = "the layer types, and what may stand in each"
EXAMPLES = (
    ("netdef layers", "all types, Caffe's own and those of forks"),
    ("netdef layers Convolution", "one type: fields, defaults, shapes"),
    ("netdef layers Pooling --json", "for tools"),
)

BACK_ENDS = {"pytorch": ("netdef.runtime.lowering", "RULES"), "onnx": ("netdef.compiler.onnx.model", "EXPORT")}
"""Where each back end's table of rules lives."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("type", nargs="?", metavar="TYPE", help="a layer type; a line for each of all if not given")
    load_argument(parser)
    format_arguments(parser, ("text", "json"))
    parser.add_argument("--back-ends", action="store_true", help="say too which back ends do it (loads them: slow)")


def completions() -> dict[str, list[str]]:
    """What may stand for its argument."""
    return {"type": [*catalogue.names()]}


def run(args: argparse.Namespace, console: Console) -> int:
    """Print a layer type's page, or a line for each of all, on stdout."""
    kinds = catalogue.every_type() if args.type is None else catalogue.variants(args.type)
    if not kinds:
        near = closest(args.type, catalogue.names())
        did_you_mean = f"did you mean {near}? " if near else ""
        return console.refuse_usage(
            f"netdef: there is no layer type {args.type}; {did_you_mean}netdef layers lists them all"
        )
    tables = _back_ends() if args.back_ends else {}
    pages = [page(kind, {name: rules.why_not(kind) for name, rules in tables.items()}) for kind in kinds]
    if args.format == "json":
        found = [each.as_data for each in pages]
        is_one = args.type is not None and len(found) == 1
        console.print(json.dumps(found[0] if is_one else found, indent=2, ensure_ascii=False))
    else:
        console.print(overview(pages) if args.type is None else manual(pages))
    return ExitStatus.FINE


def _back_ends() -> "dict[str, Rules[..., Any]]":
    """The tables of rules, by back end."""
    require("netdef layers --back-ends", "onnx", "train")
    return {name: getattr(import_module(module), table) for name, (module, table) in BACK_ENDS.items()}
