"""How long a net takes, layer by layer, forward and backward."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from statistics import median
from time import perf_counter
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from netdef.compiler.net.net import Net
from netdef.compiler.override import override
from netdef.runtime.data.labels import check_fed
from netdef.runtime.hardware.acceleration import accelerated, prepare_module
from netdef.runtime.hardware.execution_settings import ExecutionSettings
from netdef.runtime.hardware.memory import peak_memory
from netdef.runtime.lower_net import lower
from netdef.runtime.lowering.base import Op, wide
from netdef.runtime.module import NetModule
from netdef.runtime.progress import UNCOUNTED, Counter
from netdef.runtime.verification.random_inputs import random_inputs

WARM_UP = 2
"""Passes that aren't counted: memory is claimed, and algorithms are chosen."""


class Times(NamedTuple):
    """Seconds of a forward and of a backward pass."""

    forward: float
    backward: float


class Timing(NamedTuple):
    """What was measured, all of it medians.

    layers   by name, in the net's order; those that compute nothing are not among them
    whole    a pass without a look at single layers, compiled if the settings say so; what it takes more than the
             layers together is spent between them
    memory   at the peak, in bytes: the device's, or on a CPU the whole process's
    """

    layers: dict[str, Times]
    whole: Times
    memory: int

    @property
    def sum(self) -> Times:
        """The layers together."""
        return Times(*(sum(times[i] for times in self.layers.values()) for i in range(2)))


def measure(
    net: Net,
    device: torch.device,
    settings: ExecutionSettings,
    repeat: int,
    *,
    tell: Callable[[str], None] = lambda text: None,
    counter: Counter = UNCOUNTED,
) -> Timing:
    """Time a net on random inputs of its own sizes; backward goes from its loss, else from the sum of its outputs.

    ``tell`` hears why torch's compiler failed, if it did; the ``counter`` is told of each of ``num_passes(repeat)``.
    """
    module = lower(net).to(device)
    prepare_module(module, settings)
    numbers = random_inputs(net, net.inputs, seed=0)
    inputs = {name: torch.from_numpy(array).to(device) for name, array in numbers.items()}
    check_fed(module, inputs)
    start = _Start(module)
    clock = _Clock(device)
    counter.note("the whole net")
    if clock.on_gpu:
        torch.cuda.reset_peak_memory_stats(device)
    run = accelerated(start, settings, tell)
    passes = []
    for _ in range(WARM_UP + repeat):
        passes.append(_timed(run, inputs, module, clock))
        counter.add()
    whole = _median(passes[WARM_UP:])
    memory = peak_memory(device)
    counter.note("layer by layer")
    run = accelerated(start, settings._replace(compile=False, cuda_graphs=False))
    laps = []
    for _ in range(WARM_UP + repeat):
        with _watched(module, clock) as watch:
            _timed(run, inputs, module, clock)
            watch.end()
        laps.append(watch.laps())
        counter.add()
    names = [node.name for node in net.nodes if not node.layer.fed]
    return Timing({name: _median([lap[i] for lap in laps[WARM_UP:]]) for i, name in enumerate(names)}, whole, memory)


def num_passes(repeat: int) -> int:
    """How many passes are run to time ``repeat`` of the whole net, and as many layer by layer."""
    return 2 * (WARM_UP + repeat)


class _Start(nn.Module):
    """The number that the backward pass starts from."""

    def __init__(self, module: NetModule) -> None:
        super().__init__()
        self.module = module

    @override
    def forward(self, **blobs: Tensor) -> Tensor:
        if self.module.net.has_loss:
            return self.module.loss(**blobs)[0]
        sums = [wide(output).sum() for output in self.module(**blobs).values()]
        return torch.stack(sums).sum() if sums else torch.zeros(())  # Silence may take all outputs there are


class _Clock:
    """The device's: a GPU works on after Python has gone ahead, and keeps the time itself."""

    def __init__(self, device: torch.device) -> None:
        self.on_gpu = device.type == "cuda"

    def now(self) -> Any:
        """A mark in the device's work."""
        if not self.on_gpu:
            return perf_counter()
        mark = torch.cuda.Event(enable_timing=True)  # type: ignore[no-untyped-call]  # torch's is untyped
        mark.record()
        return mark

    def wait(self) -> None:
        """Until all marks are past."""
        if self.on_gpu:
            torch.cuda.synchronize()

    def between(self, first: Any, last: Any) -> float:
        """Seconds from one mark to another."""
        return float(first.elapsed_time(last)) / 1000 if self.on_gpu else last - first


def _timed(run: Callable[..., Tensor], inputs: dict[str, Tensor], module: NetModule, clock: _Clock) -> Times:
    module.zero_grad(set_to_none=True)
    marks = [clock.now()]
    start = run(**inputs)
    marks.append(clock.now())
    if start.requires_grad:
        start.backward()  # type: ignore[no-untyped-call]  # torch says nothing of it
    marks.append(clock.now())
    clock.wait()
    return Times(*(clock.between(*pair) for pair in pairwise(marks)))


class _Watch:
    """Marks at the layers' borders in one pass, by the layers' numbers."""

    def __init__(self, num: int, clock: _Clock) -> None:
        self.num = num
        self.clock = clock
        self.entered: dict[int, Any] = {}
        self.left: dict[int, Any] = {}
        self.back: list[tuple[int, Any]] = []
        """The backward pass: each layer's begin in its turn, and last the end."""
        self.before: list[Any] = []

    def enter(self, number: int, bottoms: tuple[Tensor, ...]) -> None:
        """A layer begins; one that writes over its bottom changes what made it, so that is kept."""
        self.before = [bottom.grad_fn for bottom in bottoms]
        self.entered[number] = self.clock.now()

    def leave(self, number: int, tops: tuple[Tensor, ...]) -> None:
        """A layer ends. Autograd goes back layer by layer, and each begins where its top's gradient comes in."""
        self.left[number] = self.clock.now()
        for top in tops:
            maker = top.grad_fn
            if maker is not None and not any(maker is each for each in self.before):
                maker.register_prehook(lambda gradients: self.back.append((number, self.clock.now())))

    def end(self) -> None:
        """The backward pass is over."""
        self.back.append((-1, self.clock.now()))
        self.clock.wait()

    def laps(self) -> list[Times]:
        """The layers' times; a layer that isn't run, as Silence, takes none."""
        backward = dict.fromkeys(range(self.num), 0.0)
        for (number, begin), (_, end) in pairwise(self.back):
            backward[number] += self.clock.between(begin, end)
        forward = [
            self.clock.between(self.entered[i], self.left[i]) if i in self.left else 0.0 for i in range(self.num)
        ]
        return [Times(*pair) for pair in zip(forward, backward.values(), strict=True)]


@contextmanager
def _watched(module: NetModule, clock: _Clock) -> Iterator[_Watch]:
    """Hooks on every layer, for one pass."""
    watch = _Watch(len(module.layers), clock)

    def hooks(number: int, op: Op) -> Iterator[Any]:
        yield op.register_forward_pre_hook(lambda op, bottoms: watch.enter(number, bottoms))
        yield op.register_forward_hook(lambda op, bottoms, tops: watch.leave(number, tops))

    handles = [hook for i, op in enumerate(module.layers.values()) for hook in hooks(i, op)]  # type: ignore[arg-type]
    try:
        yield watch
    finally:
        for handle in handles:
            handle.remove()


def _median(times: list[Times]) -> Times:
    return Times(*(median(column) for column in zip(*times, strict=True)))
