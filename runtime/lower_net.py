"""From a checked net to the PyTorch module that computes it: an op for each layer, a tensor for each weight."""

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor, nn

from netdef.compiler.analysis.empty_blobs import refuse_empty_blobs
from netdef.compiler.diagnostics import Diagnostic, Label, Report
from netdef.compiler.net.net import Net, Node, need_net, own_weights
from netdef.compiler.net.weight_key import WeightKey
from netdef.compiler.net_error import NetError, stop_on_errors
from netdef.compiler.schema.caffe import Phase
from netdef.compiler.schema.decode import place_of
from netdef.compiler.schema.message import Refusal
from netdef.compiler.shape import Shape, known, product, show
from netdef.compiler.weights.complete import complete
from netdef.compiler.weights.stored import StoredArray, Weights
from netdef.runtime.lowering import RULES
from netdef.runtime.lowering.base import Op, Setting, op_of
from netdef.runtime.lowering.dropout_generator import DropoutGenerator
from netdef.runtime.module import NetModule

PARAMETER_DTYPE = torch.float32
"""What weights are in a module, whatever they are in their file: fractions of 24 bits, as Caffe computes."""


def lower(net: Net, weights: Weights | None = None, *, share: NetModule | None = None, seed: int = 0) -> NetModule:
    """A net as a PyTorch module.

    Args:
        net: the net.
        weights: by layer; layers that are not among them are filled, and ``module.matched`` says which.
        share: a module whose tensors are used for layers of the same name: a TEST net beside the TRAIN net.
        seed: what the fillers' random numbers depend on, beside the layers' names.

    Raises:
        NetError: with every layer that PyTorch can't do or that has no value, or every weight that doesn't fit.
    """
    need_net(net)
    refuse_empty_blobs(net)
    generator = DropoutGenerator()
    ops = _ops(net, generator)
    completed = complete(net, weights, seed)
    tensors = _tensors(net, completed.arrays, share)
    for index, op in ops.items():
        for own in net.nodes[index].weights:
            op.store(own.weight, tensors[own.owner])
    module = NetModule(net, ops, tensors, generator)
    module.matched = completed.matched._replace(arrays={})
    return module


def refusals(net: Net) -> Report:
    """All that keeps a sound net from being a module: each layer that PyTorch can't run, and why."""
    report = Report()
    for try_out in (refuse_empty_blobs, lambda net: _ops(net, DropoutGenerator())):
        try:
            try_out(net)
        except NetError as error:
            report.extend(error.report)
    return report


def _ops(net: Net, generator: DropoutGenerator) -> dict[int, Op]:
    """An op for each node that computes something, by the node's number."""
    report = Report()
    ops: dict[int, Op] = {}
    for index, node in enumerate(net.nodes):
        if node.layer.fed:
            continue
        why = RULES.refusal(node.layer)
        try:
            if why is not None:
                raise Refusal("N1001", f"{node.type} {why}")
            ops[index] = op_of(node, Setting(index, net.state.phase, generator))
        except Refusal as refusal:
            at = Label(place_of(refusal.at, node.definition.places, node.at))
            message = f"PyTorch can't run {node.name}: {refusal.message}"
            report.add(Diagnostic(refusal.code, message, at, help=refusal.help, subject=refusal.subject))
    stop_on_errors(report)
    return ops


def _tensors(net: Net, arrays: Mapping[WeightKey, StoredArray], share: NetModule | None) -> dict[WeightKey, Tensor]:
    """Each weight once, by its owner."""
    report = Report()
    shared = {} if share is None else dict(share.tensors)
    tensors: dict[WeightKey, Tensor] = {}
    for node in net.nodes:
        for own in own_weights(node):
            key, shape = own.owner, own.weight.shape
            if key in shared:
                tensor = shared[key]
                if tensor.shape != shape and tensor.is_contiguous() and tensor.numel() == product(shape):
                    tensor = _viewed(tensor, shape)  # a dense net's weights are the same numbers in another shape
                if tensor.shape != shape:
                    found = show(tuple(tensor.shape))
                    message = f"the {own.weight.name} of {node.name} is {show(shape)}, and is to share {found}"
                    report.add(Diagnostic("N902", message, Label(node.at), subject=own.weight.name))
                tensors[key] = tensor
            else:
                tensor = _laid_out(arrays[key], node, net.state.phase)
                tensors[key] = nn.Parameter(tensor) if own.weight.learned else tensor
    stop_on_errors(report)
    return tensors


def _viewed(tensor: Tensor, shape: Shape) -> Tensor:
    """A shared tensor in a shape that has as many numbers: the same memory."""
    view = tensor.detach().view([known(size) for size in shape])
    return nn.Parameter(view) if isinstance(tensor, nn.Parameter) else view


def _laid_out(array: StoredArray, node: Node, phase: Phase) -> Tensor:
    """A weight as a tensor of its own: copied once, or not at all if it was made for this.

    Channels last makes a CPU's forward pass 1.1 times as fast (VGG-16); for training it was faster and slower.
    """
    last = phase is Phase.TEST and node.layer.weight_is_kernel and len(array.shape) == 4
    if array.is_fresh and not last:
        return torch.from_numpy(array.read())
    layout = torch.channels_last if last else torch.contiguous_format
    tensor = torch.empty(array.shape, dtype=PARAMETER_DTYPE, memory_format=layout)
    np.copyto(tensor.numpy(), array.read(), casting="unsafe")
    return tensor
