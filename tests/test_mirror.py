"""Tests mirror the source: who knows where a module lies knows where its tests do."""

from pathlib import Path

import pytest

TESTS = Path(__file__).parent
ROOT = TESTS.parent
ACROSS = {
    "compiler/test_published.py": "what people published and reported, each with the answer that Caffe gives",
    "compiler/net/test_nets_that_bvlc_refuses.py": "why BVLC Caffe refuses a real net, and what becomes of it here",
    "compiler/onnx/test_opencv.py": "models, read by another reader",
    "compiler/onnx/test_rules.py": "the table that all families' rules make",
    "compiler/syntax/test_one_mistake.py": "one mistake, one message, whichever module finds it",
    "netdef/test_library.py": "what commands do, done from Python",
    "netdef/test_own_types.py": "a layer type of a user's own, through all stages",
    "netdef/test_public.py": "the names that netdef shows",
    "runtime/lowering/test_rules.py": "the same of PyTorch",
    "runtime/test_damaged_files.py": "damaged files of every kind, through all that reads them",
    "runtime/test_names_stay_inside.py": "names that files give of others, whichever module follows them",
    "runtime/training/test_nothing_lost.py": "what ends a process, whichever module is at work",
}
"""Tests of no one module, and what they try."""
FILES = sorted(path for top in ("compiler", "netdef", "runtime") for path in (TESTS / top).rglob("test_*.py"))


def name(path: Path) -> str:
    return str(path.relative_to(TESTS))


def modules(folder: Path) -> set[str]:
    """The modules and packages of a folder, and the folder itself."""
    return {path.stem for path in folder.glob("*.py")} | {path.parent.name for path in folder.glob("*/__init__.py")}


@pytest.mark.parametrize("path", [path for path in FILES if name(path) not in ACROSS], ids=name)
def test_a_test_file_is_named_after_a_module_beside_it(path: Path) -> None:
    """``test_MODULE.py``, or ``test_MODULE_MORE.py``, in the module's folder under tests; or after the whole folder."""
    folder = ROOT / path.parent.relative_to(TESTS)
    subject = path.stem.removeprefix("test_")
    assert any(f"{subject}_".startswith(f"{module}_") for module in {*modules(folder), folder.name})


@pytest.mark.parametrize("command", sorted(path.stem for path in (ROOT / "netdef/commands").glob("[a-z]*.py")))
def test_each_command_has_its_tests(command: str) -> None:
    assert (TESTS / f"netdef/commands/test_{command}.py").exists()


@pytest.mark.parametrize("top", ["compiler", "netdef", "runtime"])
def test_each_package_has_its_tests(top: str) -> None:
    """In a folder of its name, or in one file; those of a family's layers and rules are in tests/layers."""
    packages = {path.parent.relative_to(ROOT) for path in (ROOT / top).rglob("*/__init__.py")}
    packages -= {Path("compiler/layers"), Path("netdef/compiler"), Path("netdef/runtime")}
    tried = {path.relative_to(TESTS).parent for path in FILES}
    tried |= {path.relative_to(TESTS).with_name(path.stem.removeprefix("test_")) for path in FILES}
    tried |= {parent for path in tried for parent in path.parents}
    assert {str(package) for package in packages if package not in tried} == set()


def test_exceptions_are_there() -> None:
    assert [path for path in ACROSS if not (TESTS / path).exists()] == []
