"""Run a net on random inputs and say how long each layer takes, forward and backward.

Backward goes from the loss, or in a net without one (phase TEST) from the sum of the outputs. Times are medians.
Layers are timed one by one, not compiled; the whole net beside them as the options say.
"""

import argparse
import sys
from typing import TYPE_CHECKING, Any

from netdef.compiler.load import load_net
from netdef.compiler.net.net import Net
from netdef.compiler.shape import known, number_or_none
from netdef.compiler.views import columns
from netdef.options.hardware import speed_arguments
from netdef.options.net import net_arguments, net_request
from netdef.options.values import count
from netdef.runtime.console import Console
from netdef.runtime.hardware.threads import share_processors

if TYPE_CHECKING:
    from netdef.runtime.timing import Times, Timing

HELP = "time per layer, forward and backward"
EXTRAS = ("train",)

HEADINGS = ("layer", "type", "MACs", "forward ms", "backward ms", "share", "forward GFLOP/s")
LEFT = 2
FORMATS = ("table", "json", "csv", "markdown")


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("file", metavar="FILE", help="a .net or .prototxt file")
    parser.add_argument("--format", choices=FORMATS, default="table", help="how to print it")
    parser.add_argument("--batch", type=count, metavar="N", help="samples in a pass; as the net says if not given")
    parser.add_argument("--repeat", type=count, default=10, metavar="N", help="passes of which the median is taken")
    parser.add_argument("--device", metavar="D", help="cpu, cuda or cuda:1; a GPU if there is one")
    speed_arguments(parser)
    net_arguments(parser)


def run(args: argparse.Namespace, console: Console) -> int:
    """Print the times on stdout."""
    share_processors()
    if args.batch is not None:
        inputs = load_net(net_request(args)).inputs
        args.size = [(name, (args.batch, *map(known, shape[1:]))) for name, shape in inputs.items()]
    net = load_net(net_request(args))
    console.show(net.report)

    from netdef.runtime.hardware.devices import device_of
    from netdef.runtime.hardware.execution_settings import graphs_pay, settings_for
    from netdef.runtime.timing import measure

    device = device_of(args.device)
    batch = known(next(iter(net.inputs.values()), (1,))[0])
    settings = settings_for(device, vars(args), graphs=graphs_pay(net, batch))
    timing = measure(net, device, settings, args.repeat, lambda text: print(f"netdef time: {text}", file=sys.stderr))
    if args.format == "json":
        import json

        facts = {"device": str(device), "batch": batch, "settings": settings._asdict(), "repeat": args.repeat}
        print(json.dumps(facts | as_dict(net, timing), indent=2))
        return 0
    rows = _rows(net, timing)
    if args.format == "csv":
        print(columns.csv(HEADINGS, rows, LEFT))
    elif args.format == "markdown":
        print("\n".join([*columns.markdown(HEADINGS, rows, LEFT), "", *(f"* {line}" for line in _totals(timing))]))
    else:
        title = f"{net.name or net.definition.path}, phase {net.phase}, batch {batch}, {device}, {settings.text}"
        print("\n".join([title, "", *columns.table(HEADINGS, rows, LEFT), *_totals(timing)]))
    return 0


def as_dict(net: Net, timing: "Timing") -> dict[str, Any]:
    """The times as JSON has them, in milliseconds."""
    return {
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


def _milliseconds(times: "Times") -> dict[str, float]:
    return {"forward_ms": times.forward * 1000, "backward_ms": times.backward * 1000}


def _rows(net: Net, timing: "Timing") -> list[tuple[str, ...]]:
    total = sum(timing.sum)
    rows: list[tuple[str, ...]] = []
    for node in net.nodes:
        if node.name in timing.layers:
            times = timing.layers[node.name]
            rows.append(
                (
                    node.name,
                    node.type,
                    f"{node.macs:,}" if node.macs != 0 else "",
                    f"{times.forward * 1000:,.3f}",
                    f"{times.backward * 1000:,.3f}",
                    f"{100 * sum(times) / total:.1f} %",
                    f"{2 * macs / times.forward / 1e9:,.1f}" if (macs := known(node.macs)) else "",
                )
            )
    return rows


def _totals(timing: "Timing") -> list[str]:
    """The last lines: what the whole takes, beside its parts."""
    lines = []
    for name, times in (("layers together", timing.sum), ("the whole net", timing.whole)):
        forward, backward, both = (f"{1000 * seconds:,.2f} ms" for seconds in (*times, sum(times)))
        lines.append(f"{name}: {forward} forward, {backward} backward, {both} both")
    return [*lines, f"{timing.memory / 2**20:,.0f} MiB of memory at the peak"]
