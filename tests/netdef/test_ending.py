"""A signal ends any command without a traceback, a half-written file or a folder that stays."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SIGNALLED = """
import os, signal, sys
for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
    signal.signal(each, signal.SIG_IGN if {ignored} else signal.SIG_DFL)
from netdef.__main__ import main
from {module} import {function} as found
import {module} as module
def signalled(*args, **words):
    os.kill(os.getpid(), {number})
    os.kill(os.getpid(), {number})
    return found(*args, **words)
module.{function} = signalled
sys.argv = ["netdef", *{words!r}]
sys.exit(main())
"""
LENET = str(ROOT / "nets/lenet.net")
MOMENTS = {
    "a file": (["draw", LENET, "-o", "lenet.dot"], "netdef.compiler.atomic", "sync"),
    "a folder": (["pack", "images", "packed"], "netdef.compiler.atomic", "sync"),
    "a model": (["export", LENET, "-o", "lenet.onnx"], "netdef.compiler.atomic", "sync"),
    "a temporary folder": (["verify", LENET], "netdef.runtime.verification.verify", "open_session"),
}
"""A command, and a function in whose place the signal comes."""


def run(moment: str, number: int, folder: Path, *, ignored: bool = False) -> subprocess.CompletedProcess[str]:
    words, module, function = MOMENTS[moment]
    code = SIGNALLED.format(words=words, module=module, function=function, number=int(number), ignored=ignored)
    own = {**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": str(folder / "tmp")}
    command = [sys.executable, "-c", code]
    return subprocess.run(command, env=own, cwd=folder, capture_output=True, text=True, check=False)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    image = pytest.importorskip("PIL.Image")
    for name in ("a", "b"):
        (tmp_path / "images" / name).mkdir(parents=True)
        image.new("RGB", (8, 8)).save(tmp_path / "images" / name / "0.png")
    (tmp_path / "tmp").mkdir()
    return tmp_path


def entries(folder: Path) -> set[str]:
    """All but what ONNX Runtime keeps hidden among temporary files."""
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if not path.name.startswith(".ses")}


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_leaves_nothing_behind(moment: str, number: signal.Signals, folder: Path) -> None:
    """A second one, which often comes with it, doesn't keep the command from cleaning up."""
    before = entries(folder)
    done = run(moment, number, folder)
    assert (done.returncode, done.stderr) == (128 + number, "netdef: stopped\n")
    assert entries(folder) == before


def test_what_is_ignored_stays_so(folder: Path) -> None:
    """As under nohup."""
    done = run("a file", signal.SIGHUP, folder, ignored=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert (folder / "lenet.dot").is_file()
