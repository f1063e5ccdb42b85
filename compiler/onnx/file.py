"""A model written to a file weight by weight, so that a large net's are never held twice.

Protobuf's own serializer copies the numbers two or three times. A message's fields may come in any order and in
pieces, so a file is written as: the model without its graph, then the graph's tag and length, the graph without its
weights, and each weight as one more ``initializer`` of it. Beyond the 2 GiB that protobuf allows, numbers go into a
file beside it, as ONNX's external data.
"""

import os
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

import onnx

from netdef.compiler.atomic import write_together, write_whole
from netdef.compiler.diagnostics import Report
from netdef.compiler.model_options import OPSET
from netdef.compiler.net.net import Net
from netdef.compiler.onnx.initializer import Initializer
from netdef.compiler.onnx.model import Model, build
from netdef.compiler.schema.wire import head
from netdef.compiler.weights.stored import Weights

LARGEST = 2**31 - 2**20
"""Bytes in one file: protobuf's limit, less room for what is not weights' numbers."""

_ALIGNMENT = 4096
"""Where numbers begin in a file of external data, so that they can be mapped."""

_GRAPH, _INITIALIZER, _RAW_DATA = 7, 5, 9
"""Numbers of fields in onnx.proto."""


class Saved(NamedTuple):
    """What was written.

    files   the model, and its external data if it has any
    report  warnings of the weights
    """

    files: list[Path]
    report: Report


def save_model(
    net: Net,
    path: str | os.PathLike[str],
    weights: Weights | None = None,
    *,
    dynamic: Sequence[str] = ("N",),
    opset: int = OPSET,
    seed: int = 0,
    origin: str = "",
    every_blob: bool = False,
    largest: int = LARGEST,
) -> Saved:
    """Write what ``onnx_model`` makes, and return the files and the warnings.

    Args:
        net: the net.
        path: the model's file; it appears when it is whole.
        weights: as for ``onnx_model``, like all between.
        dynamic: which axes are free.
        opset: the version of ONNX's operators.
        seed: the fillers' seed.
        origin: where the weights came from.
        every_blob: make every version of every blob an output.
        largest: numbers of more bytes than this go into a second file.

    Raises:
        NetError: as ``onnx_model``.
    """
    model = build(net, weights, dynamic=dynamic, opset=opset, seed=seed, origin=origin, every_blob=every_blob)
    path = Path(path)
    if sum(weight.num_bytes for weight in model.weights) <= largest:
        write_whole(path, partial(_put, pieces=_one_file(model)))
        return Saved([path], model.report)
    data = path.with_name(path.name + ".data")
    _refer(model, data.name)
    pieces = {data: _external_data(model.weights), path: iter([model.proto.SerializeToString()])}
    write_together({each: partial(_put, pieces=own) for each, own in pieces.items()})
    return Saved([path, data], model.report)


def _one_file(model: Model) -> Iterator[bytes | memoryview]:
    """The pieces of a model with its weights inside."""
    frame = onnx.ModelProto()
    frame.CopyFrom(model.proto)
    frame.ClearField("graph")
    graph = model.proto.graph.SerializeToString()
    before = []  # each weight's numbers
    for weight in model.weights:
        tensor = weight.header.SerializeToString() + head(_RAW_DATA, weight.num_bytes)
        before.append(head(_INITIALIZER, len(tensor) + weight.num_bytes) + tensor)
    yield frame.SerializeToString()
    yield head(_GRAPH, len(graph) + sum(map(len, before)) + sum(weight.num_bytes for weight in model.weights))
    yield graph
    for start, weight in zip(before, model.weights, strict=True):
        yield start
        yield from weight.pieces()


def _external_data(weights: Sequence[Initializer]) -> Iterator[bytes | memoryview]:
    for weight in weights:
        yield from weight.pieces()
        yield bytes(-weight.num_bytes % _ALIGNMENT)


def _refer(model: Model, location: str) -> None:
    """Add the weights as references into a file of external data."""
    offset = 0
    for weight in model.weights:
        tensor = weight.header
        tensor.data_location = onnx.TensorProto.EXTERNAL
        for key, value in (("location", location), ("offset", offset), ("length", weight.num_bytes)):
            tensor.external_data.add(key=key, value=str(value))
        model.proto.graph.initializer.append(tensor)
        offset += weight.num_bytes + -weight.num_bytes % _ALIGNMENT


def _put(path: Path, pieces: Iterator[bytes | memoryview]) -> None:
    """Write pieces to a file, one after the other."""
    with path.open("wb") as file:
        file.writelines(pieces)
