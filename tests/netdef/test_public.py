"""What ``import netdef`` gives, and what it shows of itself."""

import ast
import inspect
import pydoc
import subprocess
import sys
from pathlib import Path

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
