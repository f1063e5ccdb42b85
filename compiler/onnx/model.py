"""The road from a checked net to an ONNX model.

    net -> shapes of a run -> graph -> checked model -> model with weights

The model is built and checked without its weights, which come last: a large net's are never held twice.
"""

import json
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import onnx
from onnx import TensorProto, helper

from netdef.compiler.analysis.empty_blobs import refuse_empty_blobs
from netdef.compiler.analysis.free_axes import running_shapes
from netdef.compiler.diagnostics import Diagnostic, Label, Report
from netdef.compiler.model_options import AXES, OPSET, OPSETS
from netdef.compiler.net.net import Net, need_net
from netdef.compiler.net.weight_key import WeightKey
from netdef.compiler.net_error import NetError, stop_on_errors
from netdef.compiler.onnx.base import EXPORT
from netdef.compiler.onnx.graph import Graph
from netdef.compiler.onnx.initializer import Initializer
from netdef.compiler.request import UsageError
from netdef.compiler.schema.decode import place_of
from netdef.compiler.schema.message import Refusal
from netdef.compiler.shape import Shape, show
from netdef.compiler.weights.complete import complete
from netdef.compiler.weights.stored import StoredArray, Weights


class Model(NamedTuple):
    """A checked model, the weights that belong into it, and warnings of these."""

    proto: onnx.ModelProto
    weights: list[Initializer]
    report: Report


def onnx_model(
    net: Net,
    weights: Weights | None = None,
    *,
    dynamic: Sequence[str] = ("N",),
    opset: int = OPSET,
    seed: int = 0,
    origin: str = "",
) -> onnx.ModelProto:
    """A net as an ONNX model.

    A blob's last version bears the blob's name, an earlier one ``blob@layer``; operators bear their layers' names,
    weights ``layer/index``.

    Args:
        net: the net.
        weights: its weights; without them the fillers', those of ``netdef.module(net)``, and 0 where Caffe has 0;
            ``netdef.export`` draws random ones there.
        dynamic: which axes of the inputs are free: ``"N"``, ``"H"``, ``"W"``.
        opset: the version of ONNX's operators.
        seed: the fillers' seed.
        origin: where the weights came from, for the model's metadata.

    Raises:
        NetError: with every layer that ONNX can't express, and every layer that has one size only.
    """
    model = build(net, weights, dynamic=dynamic, opset=opset, seed=seed, origin=origin)
    for weight in model.weights:
        model.proto.graph.initializer.append(weight.header)
        model.proto.graph.initializer[-1].raw_data = b"".join(weight.pieces())
    return model.proto


def build(
    net: Net,
    weights: Weights | None,
    *,
    dynamic: Sequence[str],
    opset: int,
    seed: int,
    origin: str,
    every_blob: bool = False,
) -> Model:
    """The model without its weights' numbers; ``every_blob`` makes every version of every blob an output."""
    need_net(net)
    if opset not in OPSETS:
        raise UsageError(f"opset: {opset!r} is not {OPSETS[0]} to {OPSETS[-1]}")
    if set(dynamic) - set(AXES):
        raise UsageError(f"dynamic: free axes are among {', '.join(AXES)}, not {', '.join(map(repr, dynamic))}")
    refuse_empty_blobs(net)
    completed = complete(net, weights, seed)
    graph = _graph(net, running_shapes(net, dynamic), completed.arrays, opset)
    outputs = [top.id for node in net.nodes for top in node.tops if top.id not in graph.inputs]
    if not every_blob:
        outputs = [name for name in net.outputs if name in outputs]
    if not outputs:
        message = f"{net.name or 'the net'} has no output that the model could give"
        raise NetError(Diagnostic("N1013", message, help='give its last layer a top: top: "loss"'))
    proto = helper.make_model(
        graph.proto(net.name, outputs),
        producer_name="netdef",
        producer_version=version(),
        opset_imports=[helper.make_opsetid("", opset)],
        ir_version=helper.find_min_ir_version_for([helper.make_opsetid("", opset)]),
    )
    helper.set_model_props(proto, _metadata(net, completed.origin(origin)))
    _check(proto, graph)
    return Model(proto, graph.weights, completed.report)


def version() -> str:
    """This package's version; of a checkout that was never installed, none is known."""
    from importlib.metadata import PackageNotFoundError
    from importlib.metadata import version as installed

    try:
        return installed("netdef-compiler")
    except PackageNotFoundError:
        return "checkout"


def refusals(net: Net) -> Report:
    """All that keeps a sound net from being a model at its own sizes: each layer that ONNX can't express, and why."""
    report = Report()
    for try_out in (refuse_empty_blobs, lambda net: build(net, None, dynamic=(), opset=OPSET, seed=0, origin="")):
        try:
            try_out(net)
        except NetError as error:
            report.extend(error.report)
    return report


def _graph(net: Net, shapes: Mapping[str, Shape], weights: Mapping[WeightKey, StoredArray], opset: int) -> Graph:
    """Every node by its rule; all that can't be done is said at once."""
    graph = Graph(net.state.phase, shapes, weights, opset)
    report = Report()
    for node in net.nodes:
        at, title = node.at, node.definition.title
        why = EXPORT.refusal(node.layer)
        if why is not None:
            report.add(Diagnostic("N1011", f"ONNX can't express {title}: {node.type} {why}", Label(at)))
            continue
        graph.enter(node)
        try:
            EXPORT.apply(node.layer, node, graph)
        except Refusal as no:
            place = Label(place_of(no.at, node.definition.places, at))
            report.add(Diagnostic(no.code, f"ONNX can't express {title}: {no.message}", place, help=no.help))
    stop_on_errors(report)
    return graph


def _metadata(net: Net, weights: str) -> dict[str, str]:
    """What the model says of itself."""
    props = {"netdef.version": version(), "netdef.net": net.name, "netdef.phase": net.phase, "netdef.weights": weights}
    if net.preprocess is not None:
        props["netdef.preprocess"] = json.dumps(net.preprocess.as_data)
    return props


def _check(proto: onnx.ModelProto, graph: Graph) -> None:
    """Hold the model against ONNX's own rules, and ONNX's shapes against the net's; what differs is our mistake."""
    skeleton = onnx.ModelProto()
    skeleton.CopyFrom(proto)
    for weight in graph.weights:  # without their numbers, weights pass for inputs
        skeleton.graph.input.append(helper.make_tensor_value_info(weight.name, TensorProto.FLOAT, weight.shape))
    onnx.checker.check_model(skeleton)
    del skeleton.graph.value_info[:]
    for output in skeleton.graph.output:
        output.type.tensor_type.ClearField("shape")
    inferred = onnx.shape_inference.infer_shapes(skeleton, check_type=True, strict_mode=True, data_prop=True)
    for value in (*inferred.graph.value_info, *inferred.graph.output):
        own = graph.shapes.get(value.name)
        if own is None or not value.type.tensor_type.HasField("shape"):
            continue
        theirs = [dim.dim_value or None for dim in value.type.tensor_type.shape.dim]
        agree = len(own) == len(theirs) and all(
            not isinstance(dim, int) or other in (dim, None) for dim, other in zip(own, theirs, strict=True)
        )
        assert agree, f"{value.name} is {show(own)} in the net and {theirs} in ONNX"
