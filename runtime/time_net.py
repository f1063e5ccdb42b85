"""A net's times from a request, and how they are shown: as a table, or as data."""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from netdef.compiler.load import load_net
from netdef.compiler.net.net import Net
from netdef.compiler.request import NetRequest
from netdef.compiler.shape import known, number_or_none
from netdef.compiler.views import columns
from netdef.runtime.console import Console
from netdef.runtime.hardware.devices import device_of
from netdef.runtime.hardware.execution_settings import ExecutionSettings, graphs_pay, settings_for
from netdef.runtime.progress import counting
from netdef.runtime.requests import TimeRequest
from netdef.runtime.timing import Times, Timing, measure, num_passes

HEADINGS = ("layer", "type", "MACs", "forward ms", "backward ms", "share", "forward GFLOP/s")
LEFT = 2
"""Columns of words; the others are numbers."""


class TimedNet(NamedTuple):
    """A net's times, and how they were measured."""

    net: Net
    timing: Timing
    device: str
    batch: int
    settings: ExecutionSettings
    repeat: int

    @property
    def as_data(self) -> dict[str, Any]:
        """Plain values for JSON, times in milliseconds."""
        net, timing = self.net, self.timing
        return {
            "device": self.device,
            "batch": self.batch,
            "settings": self.settings._asdict(),
            "repeat": self.repeat,
            "name": net.name,
            "phase": net.phase,
            "layers": [
                {
                    "name": node.name,
                    "type": node.type,
                    "macs": number_or_none(node.macs),
                    **_milliseconds(timing.layers[node.name]),
                }
                for node in net.nodes
                if node.name in timing.layers
            ],
            "macs": net.macs,
            "sum_of_layers": _milliseconds(timing.sum),
            "whole": _milliseconds(timing.whole),
            "peak_memory_bytes": timing.memory,
        }

    def table(self, form: str) -> str:
        """A row for each layer, as ``csv`` or ``markdown``, or as a ``table`` for people."""
        rows, totals = list(self._rows()), list(self._totals())
        if form == "csv":
            return columns.csv(HEADINGS, rows, LEFT)
        if form == "markdown":
            return "\n".join([*columns.markdown(HEADINGS, rows, LEFT), "", *(f"* {line}" for line in totals)])
        how = f"phase {self.net.phase}, batch {self.batch}, {self.device}, {self.settings.text}"
        title = f"{self.net.name or self.net.definition.path}, {how}"
        return "\n".join([title, "", *columns.table(HEADINGS, rows, LEFT), *totals])

    def _rows(self) -> Iterator[tuple[str, ...]]:
        total = sum(self.timing.sum)
        for node in self.net.nodes:
            if node.name in self.timing.layers:
                times = self.timing.layers[node.name]
                yield (
                    node.name,
                    node.type,
                    f"{node.macs:,}" if node.macs != 0 else "",
                    f"{times.forward * 1000:,.3f}",
                    f"{times.backward * 1000:,.3f}",
                    f"{100 * sum(times) / total:.1f} %" if total else "",
                    f"{2 * macs / times.forward / 1e9:,.1f}" if (macs := known(node.macs)) and times.forward else "",
                )

    def _totals(self) -> Iterator[str]:
        """The last lines: what the whole takes, beside its parts."""
        for name, times in (("layers together", self.timing.sum), ("the whole net", self.timing.whole)):
            forward, backward, both = (f"{1000 * seconds:,.2f} ms" for seconds in (*times, sum(times)))
            yield f"{name}: {forward} forward, {backward} backward, {both} both"
        yield f"{self.timing.memory / 2**20:,.0f} MiB of memory at the peak"


def time_net(request: TimeRequest, console: Console) -> TimedNet:
    """Time the net that is asked for, on random inputs.

    Raises:
        NetError: if the net is wrong, or the device can't do what is asked of it.
    """
    net = load_net(request.net if request.batch is None else _with_batch(request.net, request.batch))
    console.show(net.report)
    device = device_of(request.hardware.device)
    batch = known(next(iter(net.inputs.values()), (1,))[0])
    settings = settings_for(device, vars(request.hardware), graphs=graphs_pay(net, batch))
    with counting(console, "netdef time", num_passes(request.repeat), "passes") as counter:
        timing = measure(net, device, settings, request.repeat, tell=_telling(console), counter=counter)
    return TimedNet(net, timing, str(device), batch, settings, request.repeat)


def _telling(console: Console) -> Callable[[str], None]:
    return lambda text: console.say(f"netdef time: {text}")


def _with_batch(request: NetRequest, batch: int) -> NetRequest:
    """The same net, every input with so many samples."""
    inputs = load_net(request).inputs
    return request.replace(sizes={name: (batch, *map(known, shape[1:])) for name, shape in inputs.items()})


def _milliseconds(times: Times) -> dict[str, float]:
    return {"forward_ms": times.forward * 1000, "backward_ms": times.backward * 1000}
