"""How time and memory of checking and drawing grow with a text: each row a kind of text, at a size and at ten times it.

    python tests/bench/growth.py [--sizes 10000,100000,1000000] [KIND...]

Each measurement is a process of its own: seconds of CPU (not of a clock, which counts what others do), and memory at
its peak. A kind is bounded if ten times the text takes about ten times as much, or if it is cut off with a mistake.
No row may take more than its bounds; those that do are marked, and the status is 1 then.
"""

import argparse
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import NamedTuple

MEASURED = """
import sys
from netdef.compiler.all_phases import analyse_phases
from netdef.compiler.files import Files
from netdef.compiler.render.formats import FORMATS
from netdef.compiler.request import NetRequest
found = analyse_phases(NetRequest(file="a.net"), Files({"a.net": sys.stdin.read()}, disk=False))
for render in FORMATS.values():
    render(found.report)
print(len(found.report), ",".join(sorted({said.code for said in found.report})[:3]) or "fine")
"""
LABEL = """
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from PIL import Image
from netdef.compiler.net_error import NetError
from netdef.runtime.data.datasets.source import open_data
number = int(sys.stdin.read())
with TemporaryDirectory() as folder:
    Image.new("RGB", (4, 4)).save(Path(folder, "a.png"))
    Path(folder, "list.txt").write_text(f"a.png {number}\\na.png 0\\n")
    try:
        found = open_data(str(Path(folder, "list.txt")))
        print(0, f"{len(found.train.classes)} classes")
    except NetError as error:
        print(len(error.report), ",".join(said.code for said in error.report))
"""
"""A list of images with one great label: a class has a name for each number up to it."""
SECONDS, MEBIBYTES = 5.0, 1024
"""What a row may take."""
OF_LAYERS = (
    "layers", "layers on one line", "unknown blobs", "unknown fields", "unknown types", "one unknown type",
    "claims of unknown blobs", "mistakes on one line",
)  # fmt: skip
"""Kinds in which each piece is a layer, or as much text, and every layer is worked out."""
SECONDS_OF_LAYERS = 10.0
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
    "unknown types": lambda num: (
        INPUT + "".join(f'layer {{ name: "r{i}" type: "Odd{i}" bottom: "data" top: "r{i}" }}\n' for i in range(num))
    ),
    "one unknown type": lambda num: (
        INPUT + "".join(f'layer {{ name: "r{i}" type: "Odd" bottom: "data" top: "r{i}" }}\n' for i in range(num))
    ),
    "claims": lambda num: INPUT + "expect { " + 'blob { name: "b" shape: [1] } ' * num + "}",
    "claims of unknown blobs": lambda num: (
        layers(num // 10) + "".join(f'\nexpect {{ blob {{ name: "b{i}" shape: [1] }} }}' for i in range(num))
    ),
    "mistakes on one line": lambda num: "".join(f'layer {{ type: "ReLU" odd{i}: 1 }} ' for i in range(num)),
    "fields": "a: 1\n".__mul__,
    "comments": "#\n".__mul__,
    "closing braces": "}".__mul__,
    "stray characters": "@ ".__mul__,
}
"""What grows, by the words for it."""


def main() -> int:
    """Measure all kinds, or those that are named; 1 if any takes too much."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", default="10000,100000,1000000", help="how many of each kind")
    parser.add_argument("kinds", nargs="*", metavar="KIND", help="a part of a kind's name; all if none is given")
    args = parser.parse_args()
    sizes = [int(size) for size in args.sizes.split(",")]
    print(f"{'':24}{'number':>13}{'MB of text':>12}{'CPU s':>9}{'MiB':>8}{'mistakes':>10}  codes")
    rows = [(name, size, MEASURED, make) for name, make in KINDS.items() for size in sizes]
    rows += [("a label", size, LABEL, str) for size in (*sizes, 999_999_999)]
    is_bounded = True
    for name, size, program, make in rows:
        if not args.kinds or any(kind in name for kind in args.kinds):
            row = measured(program, make(size))
            seconds = SECONDS_OF_LAYERS if name in OF_LAYERS else SECONDS
            fits = row.status == 0 and row.seconds <= seconds and row.mebibytes <= MEBIBYTES
            is_bounded &= fits
            print(f"{name:24}{size:>13,}{row.text}{'' if fits else '  TOO MUCH'}", flush=True)
    return 0 if is_bounded else 1


class Row(NamedTuple):
    """What one text takes, and what is found."""

    status: int
    megabytes: float
    seconds: float
    mebibytes: float
    said: str

    @property
    def text(self) -> str:
        """The columns behind the kind and the number."""
        number, _, codes = self.said.partition(" ")
        found = f"{int(number):>10,}  {codes}" if self.status == 0 else f"{'':12}ended with {self.status}"
        return f"{self.megabytes:>12.1f}{self.seconds:>9.2f}{self.mebibytes:>8.0f}{found}"


def measured(program: str, text: str) -> Row:
    """Run a program of Python's on a text."""
    process = subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(text.encode())
    process.stdin.close()
    said = process.stdout.read().decode().strip()
    _, status, usage = os.wait4(process.pid, 0)
    return Row(status, len(text) / 1e6, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, said)


if __name__ == "__main__":
    sys.exit(main())
