"""The manual of layer types, made from their declarations: fields, defaults, ranges, bottoms, tops and weights."""

import argparse
import inspect
import json
from collections.abc import Iterable, Sequence
from importlib import import_module
from typing import Any

from netdef.compiler.diagnostics import closest
from netdef.compiler.extras import require
from netdef.compiler.layers import catalogue
from netdef.compiler.layers.base import Layer
from netdef.compiler.rules import Rules
from netdef.compiler.schema.message import Message, Param, ProtoEnum
from netdef.options.net import load_argument
from netdef.runtime.console import Console

HELP = "the layer types, and what may stand in each"

BACK_ENDS = {"pytorch": ("netdef.runtime.lowering", "RULES"), "onnx": ("netdef.compiler.onnx.model", "EXPORT")}
"""Where each back end's table of rules lives."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("type", nargs="?", metavar="TYPE", help="a layer type; a table of all if not given")
    load_argument(parser)
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--back-ends", action="store_true", help="say too which back ends do it (loads them: slow)")


def run(args: argparse.Namespace, console: Console) -> int:
    """Print a layer type's page, or the table of all, on stdout."""
    kinds = catalogue.every_type() if args.type is None else catalogue.variants(args.type)
    if not kinds:
        near = closest(args.type, catalogue.names())
        did_you_mean = f"did you mean {near}? " if near else ""
        return console.refuse_usage(
            f"netdef: there is no layer type {args.type}; {did_you_mean}netdef layers lists them all"
        )
    pages = [describe(kind) for kind in kinds]
    if args.back_ends:
        _add_back_ends(kinds, pages)
    if args.json:
        console.print(json.dumps(pages if args.type is None else pages[0], indent=2, ensure_ascii=False))
    else:
        console.print(_table(pages) if args.type is None else _text(pages[0]))
    return 0


def describe(kind: type[Layer]) -> dict[str, Any]:
    """All that a declaration says, as JSON has it."""
    return {
        "type": kind.type_name,
        "doc": inspect.getdoc(kind),
        "message": kind.message or None,
        "bottoms": list(kind.bottoms),
        "tops": list(kind.tops),
        "in_place": kind.in_place,
        "fields": _fields(kind.own_fields.values()),
        "messages_beside": [
            {"name": name, "doc": param.doc, "fields": _fields(param.kind.fields.values())}
            for name, param in kind.fields_beside.items()
        ],
    }


def _fields(params: Iterable[Param]) -> list[dict[str, Any]]:
    return [_field(param) for param in dict.fromkeys(params)]  # a pair stands under each of its spellings


def _field(param: Param) -> dict[str, Any]:
    whole = [name for name, (_, axis) in param.spellings.items() if axis is None]
    halves = [name for name, (_, axis) in param.spellings.items() if axis is not None]
    return {
        "name": whole[0],
        "or": halves,
        "type": _type(param),
        "words": list(param.kind.__members__) if issubclass(param.kind, ProtoEnum) else None,
        "repeated": param.repeated,
        "required": param.required,
        "default": None if param.required else _default(param.default),
        "least": param.least,
        "most": param.most,
        "doc": param.doc,
    }


def _type(param: Param) -> str:
    kinds = {int: "integer", float: "number", bool: "boolean", str: "string"}
    return "word" if issubclass(param.kind, ProtoEnum) else kinds.get(param.kind, "message")


def _default(value: Any) -> Any:
    """A default as it would be written."""
    if isinstance(value, ProtoEnum):
        return value.name
    if isinstance(value, Message):
        said = {name: getattr(value, p.attribute) for name, p in value.fields.items()}
        return {name: _default(v) for name, v in said.items() if v != value.fields[name].default}
    if isinstance(value, tuple):
        sizes = [_default(item) for item in value]
        return sizes[0] if len(set(map(str, sizes))) == 1 else sizes
    return value


def _add_back_ends(kinds: Sequence[type[Layer]], pages: list[dict[str, Any]]) -> None:
    """Whether each back end has a rule, or why it has none."""
    require("netdef layers --back-ends", "onnx", "train")
    for name, (module, table) in BACK_ENDS.items():
        rules: Rules[..., Any] = getattr(import_module(module), table)
        for kind, page in zip(kinds, pages, strict=True):
            page.setdefault("back_ends", {})[name] = rules.why_not(kind)


def _table(pages: list[dict[str, Any]]) -> str:
    rows = [(page["type"], page["message"] or "-", *_marks(page), page["doc"].split("\n")[0]) for page in pages]
    if "back_ends" in pages[0]:
        rows.insert(0, ("", "", *BACK_ENDS, ""))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )


def _marks(page: dict[str, Any]) -> list[str]:
    return ["yes" if why_not is None else "no" for why_not in page.get("back_ends", {}).values()]


def _text(page: dict[str, Any]) -> str:
    lines = [f"{page['type']}: {page['doc']}", ""]
    lines.append(f"takes {_arity(page['bottoms'], 'bottom')}, makes {_arity(page['tops'], 'top')}")
    if page["in_place"]:
        lines.append("the short form writes it in place: its top is its bottom")
    for name, why_not in page.get("back_ends", {}).items():
        lines.append(f"{name}: {'yes' if why_not is None else why_not}")
    if page["fields"]:
        lines += ["", f"{page['message']} {{ }}", *_rows(page["fields"])]
    for beside in page["messages_beside"]:
        lines += ["", f"{beside['name']} {{ }}  {beside['doc']}", *_rows(beside["fields"])]
    return "\n".join(lines)


def _arity(bounds: list[int | None], what: str) -> str:
    least, most = bounds
    if most is None:
        return f"{least} or more {what}s"
    if least == most:
        return f"{least or 'no'} {what}{'s' * (least != 1)}"
    return f"{least} to {most} {what}s"


def _rows(fields: list[dict[str, Any]]) -> list[str]:
    rows = [(_names(field), _kind(field), _given(field), field["doc"]) for field in fields]
    widths = [max(map(len, column)) for column in list(zip(*rows, strict=True))[:3]]
    return ["  " + "  ".join([*map(str.ljust, row, widths), row[3]]).rstrip() for row in rows]


def _names(field: dict[str, Any]) -> str:
    return " or ".join([field["name"], *([" and ".join(field["or"])] if field["or"] else [])])


def _kind(field: dict[str, Any]) -> str:
    kind = "|".join(field["words"]) if field["words"] else field["type"]
    if field["least"] is not None and field["most"] is not None:
        kind += f" {field['least']:g} to {field['most']:g}"
    elif field["least"] is not None:
        kind += f" >= {field['least']:g}"
    return f"{kind}, repeated" if field["repeated"] else kind


def _given(field: dict[str, Any]) -> str:
    if field["required"]:
        return "required"
    default = field["default"]
    if default in (None, [], ""):
        return "-"
    if isinstance(default, dict):
        return (
            f"{{ {' '.join(f'{name}: {json.dumps(value)}' for name, value in default.items())} }}" if default else "{ }"
        )
    return str(default).lower() if isinstance(default, bool) else str(default)
