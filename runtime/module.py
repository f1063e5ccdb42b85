"""A checked net as a PyTorch module."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from netdef.compiler.diagnostics import Diagnostic, Label, Report, did_you_mean
from netdef.compiler.net.net import Net, Node, own_weights
from netdef.compiler.net.weight_key import WeightKey
from netdef.compiler.net_error import NetError, stop_on_errors
from netdef.compiler.override import override
from netdef.compiler.schema.caffe import Phase
from netdef.compiler.schema.decode import place_of
from netdef.compiler.schema.message import Refusal
from netdef.compiler.shape import Shape, known, product, show
from netdef.compiler.weights.complete import complete
from netdef.compiler.weights.match import Matched, match
from netdef.compiler.weights.stored import StoredArray, Weights
from netdef.runtime.check_inputs import check_fed
from netdef.runtime.execution import ExecutionPlan, make_plan
from netdef.runtime.hardware.process_group import ProcessGroup
from netdef.runtime.lowering import RULES
from netdef.runtime.lowering.base import Op, Setting, wide, widened
from netdef.runtime.lowering.dropout_generator import DropoutGenerator
from netdef.runtime.lowering.normalization import ByBatch

PARAMETER_DTYPE = torch.float32
"""What weights are in a module, whatever they are in their file: fractions of 24 bits, as Caffe computes."""


@dataclass(frozen=True, slots=True)
class Learned:
    """A weight that gradients change; a shared one stands under its owner."""

    layer: str
    index: int
    tensor: nn.Parameter
    lr_mult: float
    decay_mult: float


class NetModule(nn.Module):
    """Computes a net's blobs, for any batch, and any height and width that the layers can do.

    The net's phase decides what a layer computes; ``train()`` and ``eval()`` only switch, in a TRAIN net, whether
    Dropout drops and BatchNorm remembers.
    """

    loss_scales: Tensor

    def __init__(
        self, net: Net, ops: Mapping[int, Op], tensors: Mapping[WeightKey, Tensor], generator: DropoutGenerator
    ) -> None:
        super().__init__()
        self.net = net
        self.matched = Matched({}, (), (), ())
        """What became of the weights that were loaded last; their arrays, which may be an open file's, are let go."""
        self.layers = nn.ModuleDict()
        for index, op in ops.items():
            self.layers[_safe(net.nodes[index].name, self.layers)] = op
        self.generator = generator
        self._ops = dict(ops)
        self._tensors = dict(tensors)
        self._plans: dict[tuple[str, ...], ExecutionPlan] = {}
        self._outputs = make_plan(net, self._ops, net.outputs)
        self._with_loss = make_plan(net, self._ops, net.outputs, with_loss=True)
        self.register_buffer("loss_scales", torch.ones(len(self._with_loss.loss_terms)), persistent=False)

    @override
    def forward(self, **blobs: Tensor) -> dict[str, Tensor]:
        """The net's outputs, by name."""
        return self._wanted(self._outputs, self._run(self._outputs, blobs))

    def blobs(self, wanted: Sequence[str], **inputs: Tensor) -> dict[str, Tensor]:
        """Some blobs, by name; an earlier version is called ``blob@layer``. Only what they need is computed and fed."""
        plan = self._plan(wanted)
        return self._wanted(plan, self._run(plan, inputs))

    def check(self, wanted: Sequence[str], **inputs: Tensor) -> None:
        """Raise ``NetError`` where ``blobs`` would, without computing anything: only the inputs' shapes count."""
        check_fed(self.net, self._plan(wanted), inputs)

    def loss(self, **blobs: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        """The sum of loss_weight times top over the whole net, a scalar; and the outputs.

        Each term, in the order of the layers, is multiplied by its number in ``loss_scales``: 1, unless the blobs are a
        part of a batch and somebody says what the term is worth there.
        """
        plan = self._with_loss
        if not plan.loss_terms:
            help = "load it with phase TRAIN, or add a layer such as SoftmaxWithLoss"
            raise NetError(Diagnostic("N759", f"nothing in {self.net.name or 'the net'} counts in a loss", help=help))
        values = self._run(plan, blobs)
        terms = [wide(values[number]).sum() * weight for weight, number in plan.loss_terms]
        return (torch.stack(terms) * self.loss_scales).sum(), self._wanted(plan, values)

    def set_step(self, seed: int, step: int, first_sample: int = 0) -> None:
        """Choose Dropout's masks: they depend on the seed, the step, the passes since then, and the sample.

        ``first_sample`` is the place in the whole batch of the first sample that is fed next. Without this call every
        pass meets other masks, and they are the same in each run.
        """
        self.generator.set_step(seed, step, first_sample)

    # ---- weights
    def layer_params(self, layer: str) -> list[Tensor]:
        """A layer's tensors, in the order of the ``.caffemodel``, BatchNorm's statistics too."""
        for node in self.net.nodes:
            if node.name == layer:
                return self._of(node)
        raise NetError(Diagnostic("N758", f"there is no layer {layer}", help=did_you_mean(layer, self.net.params)))

    def learned(self) -> list[Learned]:
        """The weights that gradients change, each shared one once."""
        owned = {own.owner: own for node in self.net.nodes for own in node.weights}
        return [
            Learned(*key, tensor, owned[key].lr_mult, owned[key].decay_mult)
            for key, tensor in self._tensors.items()
            if isinstance(tensor, nn.Parameter)
        ]

    @property
    def has_idle_weights(self) -> bool:
        """Whether there are learned weights on which the loss doesn't depend."""
        busy: set[WeightKey] = set()
        needed = {number for _, number in self._with_loss.loss_terms}
        for step in reversed(self._with_loss.steps):
            if needed.intersection(step.tops):
                busy.update(own.owner for own in step.node.weights)
                stopped = step.stopped or (False,) * len(step.bottoms)
                needed.update(bottom for bottom, stop in zip(step.bottoms, stopped, strict=True) if not stop)
        return any((each.layer, each.index) not in busy for each in self.learned() if each.tensor.requires_grad)

    @property
    def statistics(self) -> list[Tensor]:
        """What is remembered of batches and not learned: BatchNorm's sums."""
        return [tensor for tensor in self._tensors.values() if not isinstance(tensor, nn.Parameter)]

    def normalise_over(self, group: ProcessGroup) -> None:
        """Let BatchNorm take its mean and variance from the shares of all processes; by default each has its own."""
        for op in self._ops.values():
            if isinstance(op, ByBatch):
                op.group = group

    def weights(self) -> dict[str, list[NDArray[np.float32]]]:
        """Copies of all weights, by layer; a shared one under each layer that has it, as in a ``.caffemodel``."""
        copies: dict[str, list[NDArray[np.float32]]] = {}
        for node in self.net.nodes:
            if node.weights:
                shapes = [own.weight.shape for own in node.weights]
                copies[node.name] = [
                    plain(tensor).view(shape).numpy() for tensor, shape in zip(self._of(node), shapes, strict=True)
                ]
        return copies

    @torch.no_grad()
    def load(self, weights: Weights) -> Matched:
        """Take weights by layer name, and say what came of them; layers that are not among them keep what they have.

        Each number is converted to what the module computes with.

        Raises:
            NetError: if one has another shape.
        """
        matched = match(self.net, weights)
        for key, array in matched.arrays.items():
            fill_in(self._tensors[key], array.read())
        self.matched = matched._replace(arrays={})
        return self.matched

    @property
    def tensors(self) -> Mapping[WeightKey, Tensor]:
        """All weights and statistics, each once, by its owner."""
        return self._tensors

    def adopt(self, tensors: Mapping[WeightKey, Tensor]) -> None:
        """Compute with other tensors of the same meaning from now on."""
        self._tensors = dict(tensors)
        for index, op in self._ops.items():
            for own in self.net.nodes[index].weights:
                op.store(own.weight, self._tensors[own.owner])

    def own_again(self) -> None:
        """Take for its tensors what a wrapper has put into the layers."""
        for index, op in self._ops.items():
            for own in self.net.nodes[index].weights:
                self._tensors[own.owner] = getattr(op, own.weight.name)

    def _of(self, node: Node) -> list[Tensor]:
        return [self._tensors[own.owner] for own in node.weights]

    # ---- the run
    def _plan(self, wanted: Sequence[str]) -> ExecutionPlan:
        names = tuple(wanted)
        if names not in self._plans:
            self._plans[names] = make_plan(self.net, self._ops, names)
        return self._plans[names]

    def _run(self, plan: ExecutionPlan, fed: Mapping[str, Tensor]) -> dict[int, Tensor]:
        """Run a plan; what is left at its end, by number."""
        if not torch.compiler.is_compiling():  # the program is compiled for sizes that passed here, or guards itself
            check_fed(self.net, plan, fed)
        if self.training and self.net.state.phase is Phase.TRAIN:
            self.generator.advance()
        values = {number: fed[name] for name, number in plan.inputs.items()}
        for step in plan.steps:
            bottoms = [values[number] for number in step.bottoms]
            if step.stopped:
                bottoms = [b.detach() if stop else b for b, stop in zip(bottoms, step.stopped, strict=True)]
            tops = step.op(*bottoms, in_place=True) if step.in_place else step.op(*bottoms)
            values.update(zip(step.tops, tops, strict=True))
            for number in step.freed:
                del values[number]
        return values

    @staticmethod
    def _wanted(plan: ExecutionPlan, values: Mapping[int, Tensor]) -> dict[str, Tensor]:
        return {name: values[number] for name, number in plan.wanted.items()}


def lower(net: Net, weights: Weights | None = None, *, share: NetModule | None = None, seed: int = 0) -> NetModule:
    """A net as a PyTorch module.

    Args:
        net: the net.
        weights: by layer; layers that are not among them are filled, and ``module.matched`` says which.
        share: a module whose tensors are used for layers of the same name: a TEST net beside the TRAIN net.
        seed: what the fillers' random numbers depend on, beside the layers' names.

    Raises:
        NetError: with every layer that PyTorch can't do, or every weight that doesn't fit.
    """
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
                raise Refusal("N750", f"{node.type} {why}")
            ops[index] = RULES.apply(node.layer, node, Setting(index, net.state.phase, generator))
        except Refusal as refusal:
            at = Label(place_of(refusal.at, node.definition.places, node.at))
            message = f"PyTorch can't run {node.name}: {refusal.message}"
            report.add(Diagnostic(refusal.code, message, at, help=refusal.help, subject=refusal.subject))
    stop_on_errors(report)
    return ops


def _tensors(net: Net, arrays: Mapping[WeightKey, StoredArray], share: NetModule | None) -> dict[WeightKey, Tensor]:
    """Each weight once, by its owner."""
    report = Report()
    shared = {} if share is None else share._tensors
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
                    report.add(Diagnostic("N754", message, Label(node.at), subject=own.weight.name))
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


def is_sharded(tensor: Tensor) -> bool:
    """Whether only a share of a tensor is here; asked without an import that takes a second."""
    return hasattr(tensor, "full_tensor")


def whole(tensor: Tensor) -> Tensor:
    """All of a tensor; of a sharded one, all processes must ask for it."""
    found: Tensor = tensor.full_tensor() if is_sharded(tensor) else tensor  # type: ignore[attr-defined]
    return found


def plain(tensor: Tensor) -> Tensor:
    """A copy on the CPU, in row-major order; of a sharded tensor the whole, which all processes must ask for."""
    return whole(tensor).detach().to("cpu", copy=True, memory_format=torch.contiguous_format)


def fill_in(tensor: Tensor, array: NDArray[np.generic]) -> None:
    """Give a tensor the numbers of an array, converted to its own kind; a sharded one takes its share."""
    values = torch.empty(array.shape, dtype=widened(tensor.dtype))
    np.copyto(values.numpy(), array, casting="unsafe")
    if is_sharded(tensor):
        from torch.distributed.tensor import DTensor, distribute_tensor

        assert isinstance(tensor, DTensor)
        values = distribute_tensor(values.to(tensor.device), tensor.device_mesh, tensor.placements)
    tensor.copy_(values)


def _safe(name: str, taken: nn.ModuleDict) -> str:
    """A layer's name as an attribute's: without dots, and no word of ``ModuleDict``'s own."""
    safe = name.replace(".", "_") or "layer"
    while hasattr(taken, safe):
        safe += "_"
    return safe
