"""Who may import whom, and whether the package list is the tree."""

import ast
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
HEAVY = {"torch", "onnx", "onnxruntime", "numpy", "rich", "graphviz", "yaml", "PIL", "sklearn", "safetensors"}


def imports(path: Path, *, everywhere: bool = True) -> Iterator[str]:
    """The modules that a file imports; with ``everywhere``, inside functions too."""
    tree = ast.parse(path.read_text("utf-8"))
    for node in ast.walk(tree) if everywhere else tree.body:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            yield node.module or ""


def files(folder: str) -> list[Path]:
    found = sorted((ROOT / folder).rglob("*.py"))
    assert found
    return found


@pytest.mark.parametrize("path", files("compiler"), ids=lambda path: str(path.relative_to(ROOT)))
def test_compiler_knows_neither_runtime_nor_torch(path: Path) -> None:
    roots = {name.split(".")[0] for name in imports(path)}
    assert not roots & {"torch", "onnxruntime", "torchvision"}
    assert "onnx" not in roots or (ROOT / "compiler/onnx") in path.parents
    assert not [name for name in imports(path) if name.startswith(("netdef.runtime", "netdef.commands", "netdef.cli"))]


@pytest.mark.parametrize("path", files("runtime"), ids=lambda path: str(path.relative_to(ROOT)))
def test_runtime_knows_no_command(path: Path) -> None:
    assert not [name for name in imports(path) if name.startswith(("netdef.commands", "netdef.cli", "torchvision"))]


@pytest.mark.parametrize("path", files("compiler/layers"), ids=lambda path: path.stem)
def test_layers_know_nothing_of_files_and_spans(path: Path) -> None:
    assert not {"netdef.compiler.source", "netdef.compiler.syntax.tree"} & set(imports(path))


@pytest.mark.parametrize("back_end", ["compiler/onnx", "runtime/lowering"])
def test_a_family_has_the_same_file_name_everywhere(back_end: str) -> None:
    families = {path.name for path in (ROOT / "compiler/layers").glob("*.py")} - {"__init__.py", "base.py"}
    assert families <= {path.name for path in (ROOT / back_end).glob("*.py")}


def test_the_package_list_is_the_tree() -> None:
    setuptools = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["setuptools"]
    folders = {"netdef", "netdef.nets"}
    for top, name in (
        ("netdef/commands", "netdef.commands"),
        ("netdef/options", "netdef.options"),
        ("netdef/training", "netdef.training"),
        ("compiler", "netdef.compiler"),
        ("runtime", "netdef.runtime"),
    ):
        for init in (ROOT / top).rglob("__init__.py"):
            folders.add(".".join([name, *init.parent.relative_to(ROOT / top).parts]))
    data_only = {"netdef.compiler.explain"}
    assert set(setuptools["packages"]) == folders | data_only


@pytest.mark.parametrize("package", ["compiler", "runtime"])
def test_a_bare_import_is_refused(package: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", f"import {package}"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert f"import netdef.{package}, not {package}" in done.stderr


def test_a_summary_loads_nothing_heavy() -> None:
    code = (
        "import sys; from netdef.cli import main; main(['summary', 'nets/vgg16.net']);"
        f"print(sorted({HEAVY} & set(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "[]"
