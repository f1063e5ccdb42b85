"""A checked net as a PyTorch module."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from netdef.compiler.diagnostics import Diagnostic, did_you_mean
from netdef.compiler.net.net import Net, Node
from netdef.compiler.net.weight_key import WeightKey
from netdef.compiler.net_error import NetError
from netdef.compiler.override import override
from netdef.compiler.schema.caffe import Phase
from netdef.compiler.weights.match import Matched, match
from netdef.compiler.weights.stored import Weights
from netdef.runtime.call_inputs import Fed, call_inputs, unlike_weights
from netdef.runtime.check_inputs import check_fed
from netdef.runtime.execution import ExecutionPlan, make_plan
from netdef.runtime.hardware.process_group import ProcessGroup
from netdef.runtime.lowering.base import Op, wide
from netdef.runtime.lowering.dropout_generator import DropoutGenerator
from netdef.runtime.lowering.normalization import ByBatch
from netdef.runtime.tensors import fill_in, plain


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

    if TYPE_CHECKING:

        @override
        def __call__(self, /, *fed: Fed | Mapping[str, Fed], **blobs: Fed) -> dict[str, Tensor]:
            """As ``forward``."""

    @override
    def forward(self, /, *fed: Fed | Mapping[str, Fed], **blobs: Fed) -> dict[str, Tensor]:
        """The net's outputs, by name: ``module(x)["prob"]``.

        Args:
            fed: the inputs in the file's order, or one mapping by name.
            blobs: inputs by name, instead. All may be tensors, or NumPy arrays, which become tensors of the module's
                kind and device.

        Raises:
            NetError: if one is no input, is missing, or has a shape or a kind that the net can't do.
        """
        return self._wanted(self._outputs, self._run(self._outputs, fed, blobs))

    def blobs(self, wanted: str | Sequence[str], /, *fed: Fed | Mapping[str, Fed], **inputs: Fed) -> dict[str, Tensor]:
        """Some blobs, by name; an earlier version is called ``blob@layer``. Only what they need is computed and fed."""
        plan = self._plan(wanted)
        return self._wanted(plan, self._run(plan, fed, inputs))

    def check(self, wanted: str | Sequence[str], /, *fed: Fed | Mapping[str, Fed], **inputs: Fed) -> None:
        """Raise ``NetError`` where ``blobs`` would, without computing anything: only the inputs' shapes count."""
        plan = self._plan(wanted)
        check_fed(self.net, plan, call_inputs(self.net, plan, fed, inputs, self._a_weight))

    def loss(self, /, *fed: Fed | Mapping[str, Fed], **blobs: Fed) -> tuple[Tensor, dict[str, Tensor]]:
        """The sum of loss_weight times top over the whole net, a scalar; and the outputs. It is fed as a call is.

        Each term, in the order of the layers, is multiplied by its number in ``loss_scales``: 1, unless the blobs are a
        part of a batch and somebody says what the term is worth there.
        """
        plan = self._with_loss
        if not plan.loss_terms:
            help = "load it with phase TRAIN, or add a layer such as SoftmaxWithLoss"
            raise NetError(Diagnostic("N1005", f"nothing in {self.net.name or 'the net'} counts in a loss", help=help))
        values = self._run(plan, fed, blobs)
        terms = [wide(values[number]).sum() * weight for weight, number in plan.loss_terms]
        return (torch.stack(terms) * self.loss_scales).sum(), self._wanted(plan, values)

    def set_step(self, seed: int, step: int, first_sample: int = 0) -> None:
        """Choose Dropout's masks: they depend on the seed, the step, the passes since then, and the sample.

        ``first_sample`` is the place in the whole batch of the first sample that is fed next. Without this call every
        pass meets other masks, and they are the same in each run.
        """
        self.generator.set_step(seed, step, first_sample)

    def forget(self) -> None:
        """Let recurrent layers begin the next pass with nothing; by default they go on where the last one ended."""
        for op in self._ops.values():
            op.forget()

    # ---- weights
    def layer_params(self, layer: str) -> list[Tensor]:
        """A layer's tensors, in the order of the ``.caffemodel``, BatchNorm's statistics too."""
        for node in self.net.nodes:
            if node.name == layer:
                return self._of(node)
        raise NetError(Diagnostic("N1004", f"there is no layer {layer}", help=did_you_mean(layer, self.net.params)))

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
    def _plan(self, wanted: str | Sequence[str]) -> ExecutionPlan:
        names = (wanted,) if isinstance(wanted, str) else tuple(wanted)
        if names not in self._plans:
            self._plans[names] = make_plan(self.net, self._ops, names)
        return self._plans[names]

    @property
    def _a_weight(self) -> Tensor:
        """Some weight, or what may stand for one: it shows what the module computes in, and where."""
        return next(iter(self._tensors.values()), self.loss_scales)

    def _run(
        self, plan: ExecutionPlan, in_order: tuple[Fed | Mapping[str, Fed], ...], by_name: Mapping[str, Fed]
    ) -> dict[int, Tensor]:
        """Run a plan; what is left at its end, by number."""
        fed = call_inputs(self.net, plan, in_order, by_name, self._a_weight)
        if torch.compiler.is_compiling():  # the program is compiled for sizes that passed here, or guards itself
            return self._execute(plan, fed)
        check_fed(self.net, plan, fed)
        try:
            return self._execute(plan, fed)
        except RuntimeError as error:
            if (mistake := unlike_weights(self.net, fed, self._a_weight, error)) is None:
                raise
            raise NetError(mistake) from error

    def _execute(self, plan: ExecutionPlan, fed: Mapping[str, Tensor]) -> dict[int, Tensor]:
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


def _safe(name: str, taken: nn.ModuleDict) -> str:
    """A layer's name as an attribute's: without dots, and no word of ``ModuleDict``'s own."""
    safe = name.replace(".", "_") or "layer"
    while hasattr(taken, safe):
        safe += "_"
    return safe
