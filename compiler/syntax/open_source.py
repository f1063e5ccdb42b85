"""The bytes of a file to a ``Source``, or what is wrong with them."""

import codecs
import os
import re
from pathlib import Path

from netdef.compiler.diagnostics import Diagnostic, Label, Report, Severity
from netdef.compiler.solver_state import is_solver_state, solver_state
from netdef.compiler.source import Source, Span
from netdef.compiler.spelling import misspelt

LARGEST = 64 * 2**20
"""Bytes; thirty times the largest definition that anybody published."""

_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_FETCH = "fetch the file itself: on GitHub, by its button Raw"
_RUN = "if it writes a net, run it, and name the file that it writes"
_LFS = b"version https://git-lfs.github.com/spec/"


def read_file(name: str) -> bytes:
    """The bytes of a file, and one more than ``source_of`` takes where there are too many."""
    with open(name, "rb") as file:
        return file.read(LARGEST + 1)


def source_of(name: str, data: bytes, report: Report) -> Source | None:
    """The text that bytes are; what keeps them from being one goes into the report.

    Bytes that are not UTF-8 are only a warning: Caffe reads them, and mostly they stand in a comment.
    """
    if is_solver_state(name):
        report.add(solver_state(name, "N004"))
        return None
    for is_so, code, message, help in (
        (len(data) > LARGEST, "N004", f"{name} is no net: it has more than {LARGEST // 2**20} MB", _help_for(name)),
        (data.startswith(_UTF16), "N003", f"{name} is UTF-16, not UTF-8", "save it as UTF-8"),
        (b"\0" in data, "N004", f"{name} is no text: it has NUL bytes", _help_for(name)),
        (_is_junk(data), "N004", f"{name} is no text: it has control characters", _help_for(name)),
        (name.endswith(".onnx"), "N004", f"{name} is an ONNX model, not a net", _help_for(name)),
        (_is_page(data), "N004", f"{name} is a page of the web, not the file that it shows", _FETCH),
        (_is_json(data), "N004", f"{name} is JSON, not prototxt", "a net is layer { ... }: write it as prototxt"),
        (_is_program(name, data), "N004", f"{name} is a program in Python, not a net", _RUN),
        (data.startswith(_LFS), "N004", f"{name} is only Git LFS's pointer to the file", "fetch it: git lfs pull"),
    ):
        if is_so:
            report.add(Diagnostic(code, message, help=help))
            return None
    return _decode(name, data, report)


def unreadable(name: str, error: OSError | ValueError) -> Diagnostic:
    """Why a file gave no bytes."""
    if is_solver_state(name):
        return solver_state(name, "N004")
    if isinstance(error, FileNotFoundError):
        return Diagnostic("N001", f"there is no file {name}", help=_help_to_find(Path(name)))
    if isinstance(error, IsADirectoryError):
        return Diagnostic("N002", f"{name} is a folder", help="name a file in it")
    reason = error.strerror if isinstance(error, OSError) else None
    return Diagnostic("N002", f"{name} cannot be read: {reason or error}")


def _help_to_find(path: Path) -> str:
    if not path.parent.is_dir():
        return f"there is no folder {path.parent} either"
    try:
        near = misspelt(path.name, os.listdir(path.parent))
    except OSError:  # a folder that may be entered and not be listed
        near = None
    return f'did you mean "{path.with_name(near)}"?' if near else "is the path relative to another folder?"


def _is_page(data: bytes) -> bool:
    """Whether somebody saved HTML, or the answer of a server that has no such file."""
    begin = data[:200].lstrip().lower()
    return begin.startswith((b"<!doctype html", b"<html", b"404: not found"))


def _is_json(data: bytes) -> bool:
    """Whether a text begins as an object of JSON does, or a list: with a brace, and a string where a name would be."""
    return re.match(rb"[\s\xef\xbb\xbf]*(\{\s*\"[^\"\n]*\"\s*:|\[\s*[{\[\"])", data[:200]) is not None


def _is_program(name: str, data: bytes) -> bool:
    """Whether a text under another name is Python's: nets are often written by such."""
    return not name.endswith(".py") and re.match(rb"(#!.*python|\s*(import|from) [A-Za-z_])", data[:200]) is not None


def _is_junk(data: bytes) -> bool:
    """Whether the first bytes are no text in any encoding: control characters stand in none."""
    begin = data[:8192]
    return len(begin.translate(None, _CONTROLS)) < len(begin) * 0.98


_CONTROLS = bytes({*range(0x20), 0x7F} - {*b"\t\n\v\f\r\x1a\x1b"})


def _help_for(name: str) -> str:
    if name.endswith(".onnx"):
        return "an ONNX model is what export writes: name the .net or .prototxt that it was made of"
    if name.endswith((".caffemodel", ".h5", ".onnx", ".pt", ".pth", ".safetensors", ".npz", ".binaryproto")):
        return "weights are given with --weights, and a net is the text that defines it"
    return "nets and solvers are texts: .net or .prototxt"


def _decode(name: str, data: bytes, report: Report) -> Source:
    data = data.removeprefix(codecs.BOM_UTF8)
    try:
        return Source(name, data.decode())
    except UnicodeDecodeError as error:
        start = len(data[: error.start].decode())
        source = Source(name, data.decode(errors="replace"))
        report.add(
            Diagnostic(
                "N003",
                f"{name} is not UTF-8",
                Label(Span(source, start, start + 1), f"the byte 0x{data[error.start]:02X} makes no character"),
                help="save it as UTF-8",
                severity=Severity.WARNING,
            )
        )
        return source
