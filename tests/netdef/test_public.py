"""What ``import netdef`` gives, and what it shows of itself."""

import ast
import inspect
import os
import pydoc
import subprocess
import sys
from pathlib import Path

import pytest

import netdef

SOURCE = Path(netdef.__file__)


def test_dir_shows_the_public_names_alone() -> None:
    assert dir(netdef) == sorted(netdef.__all__)


def test_each_name_is_there_for_type_checkers_too() -> None:
    (checked,) = (node for node in ast.parse(SOURCE.read_text("utf-8")).body if isinstance(node, ast.If))
    names = [alias.asname for node in checked.body if isinstance(node, ast.ImportFrom) for alias in node.names]
    assert sorted(filter(None, names)) == sorted(netdef.__all__)
    assert sorted(netdef._HOMES) == sorted(netdef.__all__)


def test_help_tells_of_each_name_in_a_line_and_in_full() -> None:
    lines = (netdef.__doc__ or "").splitlines()
    shown = pydoc.plain(pydoc.render_doc(netdef))
    for name in netdef.__all__:
        assert any(line.split()[:1] == [name] for line in lines), name
        value = getattr(netdef, name)
        assert inspect.getdoc(value), name
        assert (inspect.getdoc(value) or "").splitlines()[0] in shown
        if inspect.isroutine(value):
            assert f"{value.__name__}(" in shown


def test_import_costs_nothing() -> None:
    code = "import sys; import netdef; print({name.partition('.')[0] for name in sys.modules})"
    done = subprocess.run([sys.executable, "-X", "importtime", "-c", code], capture_output=True, text=True, check=True)
    assert "netdef." not in done.stderr
    assert not any(heavy in done.stdout for heavy in ("'numpy'", "'torch'", "'lark'"))


@pytest.mark.long
def test_a_users_script_is_typed_strictly(tmp_path: Path) -> None:
    """As mypy sees it from outside, by the package's own py.typed and without this project's settings."""
    script = (Path(__file__).with_name("typed_script.py")).read_text("utf-8")
    (tmp_path / "script.py").write_text(script, "utf-8")
    words = ["--strict", "--config-file", "", "--follow-imports", "silent", "--cache-dir", "cache", "script.py"]
    environment = {**os.environ, "MYPYPATH": str(SOURCE.parent.parent)}
    command = [sys.executable, "-m", "mypy", *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment, cwd=tmp_path)
    assert done.stdout.startswith("Success"), done.stdout
