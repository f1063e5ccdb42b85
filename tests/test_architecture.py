"""Who may import whom, and whether the package list is the tree."""

import ast
import os
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Mapping, Set
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

from netdef.compiler.layers import catalogue

ROOT = Path(__file__).parent.parent
HEAVY = {"torch", "onnx", "onnxruntime", "numpy", "rich", "graphviz", "yaml", "PIL", "sklearn", "safetensors"}
WITNESSES = {"google", "safetensors", "hypothesis", "torchinfo", "cv2", "lmdb"}
"""What only tests compare with: netdef reads Caffe's files and databases, and safetensors, by itself."""
TOPS = {"netdef.compiler": ROOT / "compiler", "netdef.runtime": ROOT / "runtime", "netdef": ROOT / "netdef"}
"""Where the packages lie whose own files are rooms, each by itself."""
ARGPARSE = ("netdef.cli", "netdef.options", "netdef.commands")
"""Who may know command lines."""


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


@cache
def modules() -> dict[str, Path]:
    """Each module's file, by its whole name; a package is its ``__init__.py``. Examples of mistakes are none."""
    found = {}
    for top, folder in TOPS.items():
        for path in set(folder.rglob("*.py")) - set(folder.rglob("explain/N*.py")):
            parts = path.relative_to(folder).with_suffix("").parts
            found[".".join([top, *parts]).removesuffix(".__init__")] = path
    return found


@cache
def uses() -> dict[str, set[str]]:
    """The modules of ours that each module imports: at its top, in functions, or for type checking alone."""
    return {module: set(_ours(path)) - {module} for module, path in modules().items()}


def _ours(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in modules())
        elif isinstance(node, ast.ImportFrom) and node.module in modules():
            members = (f"{node.module}.{alias.name}" for alias in node.names)
            yield from (member if member in modules() else node.module for member in members)


def room(module: str) -> str:
    """A module's folder; what lies right in netdef, compiler or runtime is a room of its own."""
    package = module if modules()[module].name == "__init__.py" else module.rpartition(".")[0]
    return module if package in TOPS else package


def rooms() -> dict[str, set[str]]:
    """The rooms that each room imports from. A folder and a folder in it are two rooms."""
    found: dict[str, set[str]] = {}
    for module, used in uses().items():
        found.setdefault(room(module), set()).update(room(each) for each in used)
    return {name: used - {name} for name, used in found.items()}


def circle(graph: Mapping[str, Set[str]]) -> list[str]:
    """Some circle of a graph, from a node back to itself; empty if there is none."""
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        found: list[str] = error.args[1]
        return found[::-1]
    return []


def test_no_circle_between_modules() -> None:
    assert circle(uses()) == []


def test_no_circle_between_folders() -> None:
    assert circle(rooms()) == []


def test_argparse_is_known_to_commands_alone() -> None:
    knowing = [name for name, path in modules().items() if "argparse" in imports(path)]
    assert [name for name in knowing if not name.startswith(ARGPARSE)] == []


def test_shapes_are_inferred_in_one_place() -> None:
    """A layer is asked for its tops by the walk over a net; else by its own rules, and where an input is sized."""
    asking = {name for name, path in modules().items() if "infer" in _called(path)}
    own = {name for name in asking if name.startswith(("netdef.compiler.layers.", "netdef.runtime.lowering."))}
    assert asking - own == {"netdef.compiler.net.shapes", "netdef.compiler.net.given_sizes"}


def _called(path: Path) -> set[str]:
    """The names of methods that a file calls."""
    calls = (node.func for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.Call))
    return {function.attr for function in calls if isinstance(function, ast.Attribute)}


DIRECT_WRITES = {
    "netdef.compiler.files": "a copy of the standard input, in a folder of its own",
    "netdef.compiler.layers.make_index": "a developer's tool",
    "netdef.compiler.onnx.file": "into the unfinished file that it is given",
    "netdef.compiler.weights.formats.npz": "into the unfinished file that it is given",
    "netdef.compiler.weights.formats.safetensors": "into the unfinished file that it is given",
    "netdef.runtime.data.packing": "into an unfinished folder, and into memory",
    "netdef.runtime.run": "lines of metrics behind others: a half one is left out when they are read",
    "netdef.runtime.training.tensorboard": "TensorBoard's own records, which it reads up to a half one",
    "netdef.compiler.temporary": "a trial of the room, in a folder of its own",
    "netdef.streams": "to nowhere",
}
"""Who writes without ``atomic``, and why nothing half can come of it."""
KEPT_NAMES = {"save", "console.write_bytes"}
"""``compiler.save``, and the standard output."""
WRITERS = {"write_text", "write_bytes", "savefig", "save", "savez", "touch", "SummaryWriter"}


def test_files_are_written_whole_or_not_at_all() -> None:
    """Whoever writes a file is given the name of an unfinished one, ``unfinished``, which gets its own at the end."""
    found = {name for name, path in modules().items() if any(_writes(ast.parse(path.read_text("utf-8"))))}
    assert found == set(DIRECT_WRITES)


def _writes(node: ast.AST) -> Iterator[ast.Call]:
    """The calls that write to a file, but for those to what a function is given as unfinished."""
    if isinstance(node, ast.FunctionDef | ast.Lambda) and any(arg.arg == "unfinished" for arg in node.args.args):
        return
    if isinstance(node, ast.Call) and _is_writing(node):
        yield node
    for inner in ast.iter_child_nodes(node):
        yield from _writes(inner)


def _is_writing(call: ast.Call) -> bool:
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    if name != "open":
        return name in WRITERS and ast.unparse(call.func) not in KEPT_NAMES
    texts = [
        each.value for each in (*call.args, *(word.value for word in call.keywords)) if isinstance(each, ast.Constant)
    ]
    modes = [text for text in texts if isinstance(text, str) and len(text) <= 3]
    return "O_CREAT" in ast.unparse(call) or any(
        set(mode) & set("wax+") and set(mode) <= set("rwaxbt+") for mode in modes
    )


def test_no_command_imports_another() -> None:
    commands = {name for name in modules() if name.startswith("netdef.commands.")}
    assert {name: used for name in commands if (used := uses()[name] & commands)} == {}


@pytest.mark.parametrize("path", files("compiler"), ids=lambda path: str(path.relative_to(ROOT)))
def test_compiler_knows_neither_runtime_nor_torch(path: Path) -> None:
    roots = {name.split(".")[0] for name in imports(path)}
    assert not roots & {"torch", "onnxruntime", "torchvision"}
    assert "onnx" not in roots or (ROOT / "compiler/onnx") in path.parents


def test_what_tests_compare_with_is_used_by_tests_alone() -> None:
    found = {module for module, path in modules().items() if WITNESSES & {name.split(".")[0] for name in imports(path)}}
    assert not found


@pytest.mark.parametrize("path", files("runtime"), ids=lambda path: str(path.relative_to(ROOT)))
def test_runtime_takes_no_nets_and_images_from_torchvision(path: Path) -> None:
    assert "torchvision" not in {name.split(".")[0] for name in imports(path)}


@pytest.mark.parametrize("package", ["netdef.compiler", "netdef.runtime"])
def test_what_lies_below_knows_nothing_above(package: str) -> None:
    """The compiler knows only itself; the runtime knows the compiler too, and neither a command nor its options."""
    below = ("netdef.compiler", package)
    known = {name: used for name, used in uses().items() if name.startswith(package)}
    assert {name: up for name, used in known.items() if (up := {u for u in used if not u.startswith(below)})} == {}


@pytest.mark.parametrize("path", files("compiler/layers"), ids=lambda path: path.stem)
def test_layers_know_nothing_of_files_and_spans(path: Path) -> None:
    assert not {"netdef.compiler.source", "netdef.compiler.syntax.tree"} & set(imports(path))


KNOW_TYPES_BY_NAME = {
    "compiler/layers",
    "compiler/onnx",
    "compiler/net/definition.py",  # a net's own `input` becomes the Input layer that Caffe makes of it
    "runtime/lowering",
    "compiler/data_sizes.py",  # one way to read the sizes of the data that each type names
    "runtime/data/data_layers.py",  # one way to open data for each type that names some
}
"""Where a layer type may be known by its class; all others read roles."""


@pytest.mark.parametrize("top", ["compiler", "runtime", "netdef"])
def test_nobody_else_knows_a_layer_type_by_its_name(top: str) -> None:
    families = {f"netdef.compiler.layers.{family}" for family in catalogue.families()}
    allowed = [ROOT / place for place in KNOW_TYPES_BY_NAME]
    for path in files(top):
        if not any(place in (path, *path.parents) for place in allowed):
            assert not families & {*imports(path)}, path


@pytest.mark.parametrize("back_end", ["compiler/onnx", "runtime/lowering"])
def test_a_family_has_the_same_file_name_everywhere(back_end: str) -> None:
    assert {*catalogue.families()} <= {path.stem for path in (ROOT / back_end).glob("*.py")}


def test_the_package_list_is_the_tree() -> None:
    setuptools = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["setuptools"]
    folders = {"netdef", "netdef.nets"}
    for top, name in (
        ("netdef/commands", "netdef.commands"),
        ("netdef/options", "netdef.options"),
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


SLOW = {
    *("ast", "asyncio", "bz2", "copy", "dataclasses", "dis", "html", "inspect", "json", "lark", "logging"),
    *("multiprocessing", "numbers", "pickle", "random", "shutil", "subprocess", "tempfile", "textwrap", "threading"),
    *("tokenize", "typing_extensions", "importlib.metadata"),
}
"""What takes a millisecond or more to import, and a summary of a net that is right has no need of."""
FAMILIES_OF_VGG = {"activation", "convolution", "dropout", "inner_product", "inputs", "pooling", "softmax"}
MOST_MODULES = 150
"""Of ours, in a summary: each takes a fifth of a millisecond before it does anything."""


def test_a_summary_loads_nothing_heavy(tmp_path: Path) -> None:
    """Here at its second run: the first one makes the parser's tables, with Lark."""
    code = (
        "import sys; before = set(sys.modules); from netdef.cli import main; main(['summary', 'nets/vgg16.net']);"
        "print(*sorted(set(sys.modules) - before), file=sys.stderr)"
    )
    for _ in range(2):
        done = subprocess.run(
            [sys.executable, "-c", code],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
            env={**os.environ, "XDG_CACHE_HOME": str(tmp_path)},
        )
    loaded = set(done.stderr.split())
    assert (HEAVY | SLOW) & loaded == set()
    families = {f"netdef.compiler.layers.{family}" for family in catalogue.families()}
    assert families & loaded == {f"netdef.compiler.layers.{family}" for family in FAMILIES_OF_VGG}
    assert len([name for name in loaded if name.startswith("netdef.")]) <= MOST_MODULES


READERS_OF_TEXTS = {"compiler/files.py", "compiler/syntax/open_source.py", "compiler/syntax/table_cache.py"}
"""Who may open a file on a text's way to a net; all others are handed ``Files``."""


@pytest.mark.parametrize("room", ["compiler/syntax", "compiler/expand", "compiler/net", "compiler/load.py"])
def test_a_nets_text_is_read_through_files(room: str) -> None:
    paths = sorted((ROOT / room).rglob("*.py")) if (ROOT / room).is_dir() else [ROOT / room]
    for path in paths:
        name = str(path.relative_to(ROOT))
        calls = [node.func for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.Call)]
        called = {call.id for call in calls if isinstance(call, ast.Name)}
        called |= {call.attr for call in calls if isinstance(call, ast.Attribute)} - {"open"}
        opens = called & {"open", "read_text", "read_bytes"}
        assert name in READERS_OF_TEXTS or not opens, name
