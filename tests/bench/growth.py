"""How time and memory of checking and drawing grow with a text: each row a kind of text, at a size and at ten times it.

    python tests/bench/growth.py [--sizes 10000,100000,1000000] [KIND...]

Each measurement is a process of its own: seconds of CPU (not of a clock, which counts what others do), and memory at
its peak. A kind is bounded if ten times the text takes about ten times as much, or if it is cut off with a mistake.
"""

import argparse
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from itertools import pairwise

MEASURED = """
import sys
from netdef.compiler.all_phases import analyse_phases
from netdef.compiler.files import Files
from netdef.compiler.render import FORMATS
from netdef.compiler.request import NetRequest
found = analyse_phases(NetRequest(file="a.net"), Files({"a.net": sys.stdin.read()}, disk=False))
for render in FORMATS.values():
    render(found.report)
print(len(found.report), ",".join(sorted({said.code for said in found.report})[:3]) or "fine")
"""
INPUT = 'input: "data" input_shape { dim: 1 dim: 3 dim: 9 dim: 9 }\n'
CONVOLUTION = "convolution_param { num_output: 3 kernel_size: 3 pad: 1 }"


def layers(num: int) -> str:
    """A sound net: convolutions and ReLUs in turn."""
    names = ["data", *(f"l{i}" for i in range(num))]
    kinds = (f'type: "Convolution" {CONVOLUTION}', 'type: "ReLU"')
    pairs = pairwise(names)
    rows = (f'layer {{ name: "{b}" {kinds[i % 2]} bottom: "{a}" top: "{b}" }}' for i, (a, b) in enumerate(pairs))
    return INPUT + "\n".join(rows)


KINDS: Mapping[str, Callable[[int], str]] = {
    "layers": layers,
    "layers on one line": lambda num: layers(num).replace("\n", " "),
    "a loop": lambda num: f'input "data" [1, 3]\nrepeat i in 1..{num} {{ layer "r${{i}}" ReLU }}',
    "values of one field": lambda num: f'input: "data" input_shape {{ {"dim: 1 " * num} }}',
    "a variable's list": lambda num: (
        f"let a = [{'1, ' * 1000}1]\nrepeat i in 1..{num // 1000} " + '{ layer "x${i}" DummyData { shape { dim: a } } }'
    ),
    "terms of a sum": lambda num: f"let a = {'+'.join('1' * num)}",
    "sums": lambda num: f"let a = {'+'.join('1' * 90)}\n" * (num // 90),
    "unknown blobs": lambda num: "".join(
        f'layer {{ name: "r{i}" type: "ReLU" bottom: "x{i}" top: "r{i}" }}\n' for i in range(num)
    ),
    "unknown variables": lambda num: "".join(f"let v{i} = w{i}\n" for i in range(num)),
    "unknown fields": lambda num: (
        INPUT
        + "".join(f'layer {{ name: "r{i}" type: "ReLU" bottom: "data" top: "r{i}" odd{i}: 1 }}\n' for i in range(num))
    ),
    "one unknown type": lambda num: (
        INPUT + "".join(f'layer {{ name: "r{i}" type: "Odd" bottom: "data" top: "r{i}" }}\n' for i in range(num))
    ),
    "claims": lambda num: INPUT + "expect { " + 'blob { name: "b" shape: [1] } ' * num + "}",
    "fields": "a: 1\n".__mul__,
    "comments": "#\n".__mul__,
    "closing braces": "}".__mul__,
    "stray characters": "@ ".__mul__,
}
"""What grows, by the words for it."""


def main() -> None:
    """Measure all kinds, or those that are named."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", default="10000,100000,1000000", help="how many of each kind")
    parser.add_argument("kinds", nargs="*", metavar="KIND", help="a part of a kind's name; all if none is given")
    args = parser.parse_args()
    sizes = [int(size) for size in args.sizes.split(",")]
    print(f"{'':24}{'number':>10}{'MB of text':>12}{'CPU s':>9}{'MiB':>8}{'mistakes':>10}  codes")
    for name, make in KINDS.items():
        if not args.kinds or any(kind in name for kind in args.kinds):
            for size in sizes:
                print(f"{name:24}{size:>10,}{measured(make(size))}", flush=True)


def measured(text: str) -> str:
    """What one text takes, and what is found."""
    process = subprocess.Popen([sys.executable, "-c", MEASURED], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(text.encode())
    process.stdin.close()
    number, _, codes = process.stdout.read().decode().strip().partition(" ")
    _, status, usage = os.wait4(process.pid, 0)
    said = f"{int(number):>10,}  {codes}" if status == 0 else f"{'':12}ended with {status}"
    return f"{len(text) / 1e6:>12.1f}{usage.ru_utime + usage.ru_stime:>9.2f}{usage.ru_maxrss / 1024:>8.0f}{said}"


if __name__ == "__main__":
    main()
