"""What README says is so: its table of commands and of extras, and its examples in Python."""

import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import netdef
from netdef.cli import COMMANDS
from netdef.compiler.extras import EXTRAS, PACKAGES

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text("utf-8")


def rows(heading: str) -> list[list[str]]:
    """The cells of the first table under a heading."""
    table = re.search(r"(?:^\|.*\n)+", README.split(f"\n## {heading}\n", 1)[1], re.MULTILINE)
    assert table
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in table[0].splitlines()[2:]]


def test_every_command_is_in_the_table() -> None:
    named = {name for row in rows("Commands") for name in re.findall(r"netdef (\w+)", row[0])}
    assert named == set(COMMANDS)


def test_every_extra_is_in_the_table_with_what_it_brings() -> None:
    named = [(re.findall(r"`(\w+)`", extra), brings.split(", ")) for extra, _, brings in rows("Start")]
    assert {name for names, _ in named for name in names} == {*EXTRAS, "all"}
    for names, brings in named[:-1]:
        modules = {module for name in names for module in EXTRAS[name]} - ({"numpy"} if len(names) > 1 else set())
        assert {PACKAGES.get(module, module) for module in modules} == set(brings) - {"graphviz-pure"}


def test_python_does_what_the_commands_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    datasets = pytest.importorskip("sklearn.datasets")
    shutil.copytree(ROOT / "nets", tmp_path / "nets")
    image = datasets.load_digits().images[0] * (255 / 16)
    Image.fromarray(image.astype(np.uint8)).save(tmp_path / "digit.png")
    monkeypatch.chdir(tmp_path)
    block = next(block for block in re.findall(r"```python\n(.*?)```", README, re.DOTALL) if "netdef.train(" in block)
    found: dict[str, object] = {"netdef": netdef}
    values = []
    for line in block.splitlines():
        if line.startswith("run = "):
            exec(line, found)
        else:
            values.append(eval(line, found))
    top1_error, classes, files, agrees = values
    assert top1_error < 0.5
    assert len(classes) == 5
    assert [path.name for path in files] == ["digits.onnx"]
    assert agrees is True
