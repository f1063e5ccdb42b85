"""What commands do with streams that are closed, full, or can't show a character; each as a process of its own."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
NET = str(ROOT / "nets/digits.net")
FULL = Path("/dev/full")

HELP = ("--help", "--version", "train --help", "--print-completion bash")
needs_full = pytest.mark.skipif(not FULL.exists(), reason="the system has no /dev/full")


def netdef(words: str, **environment: str) -> subprocess.CompletedProcess[bytes]:
    """A command of a shell, in which ``netdef`` is the program."""
    program = f'netdef() {{ "{sys.executable}" -m netdef "$@"; }}; '
    own = {**os.environ, **environment, "PYTHONPATH": str(ROOT)}
    return subprocess.run(["sh", "-c", program + words], env=own, capture_output=True, check=False)


@pytest.fixture
def bad(tmp_path: Path) -> Path:
    path = tmp_path / "bad.net"
    path.write_text('input "d" [1, 2] layer "a" Foo')
    return path


def test_a_closed_output_is_a_mistake_that_is_told() -> None:
    done = netdef(f"netdef summary {NET} >&-")
    assert (done.returncode, b"standard output can't be written" in done.stderr) == (1, True)


@needs_full
@pytest.mark.parametrize("words", [f"summary {NET}", f"expand {NET}", f"check {NET}", "layers", "explain N204", *HELP])
def test_a_full_disk_is_a_mistake_that_is_told(words: str) -> None:
    done = netdef(f"netdef {words} >{FULL}")
    assert done.returncode == 1
    assert done.stderr.count(b"\n") == 2
    assert b"standard output can't be written: No space left" in done.stderr


@needs_full
@pytest.mark.parametrize("stream", ["2>&-", f"2>{FULL}"])
def test_what_cannot_be_said_changes_neither_status_nor_output(stream: str, bad: Path) -> None:
    done = netdef(f"netdef check {bad} {stream}")
    assert (done.returncode, done.stdout, done.stderr) == (1, b"", b"")
    done = netdef(f"netdef no-such-command {stream}")
    assert (done.returncode, done.stdout, done.stderr) == (2, b"", b"")


def test_a_reader_that_had_enough_is_no_mistake() -> None:
    done = netdef(f"netdef summary {NET} | true; netdef summary {NET} | head -n 1; netdef --version | true")
    assert (done.returncode, done.stderr) == (0, b"")


def test_characters_that_an_encoding_lacks_are_written_as_json_has_them(tmp_path: Path) -> None:
    path = tmp_path / "a.net"
    path.write_text('name: "é😀" input "d" [1, 2] layer "ü" ReLU', "utf-8")
    done = netdef(f"netdef summary {path} --format json", PYTHONIOENCODING="ascii")
    assert done.stdout.isascii()
    assert json.loads(done.stdout)["name"] == "é😀"
    assert netdef(f"netdef summary {path}", PYTHONIOENCODING="ascii").returncode == 0


@pytest.mark.parametrize("format", ["text", "concise", "json", "sarif"])
def test_a_path_that_is_no_utf8_can_be_named(format: str, tmp_path: Path) -> None:
    path = os.fsencode(tmp_path) + b"/\xff.net"
    Path(os.fsdecode(path)).write_text('input "d" [1, 2] layer "a" Foo')
    done = netdef(f"netdef check --format {format} {os.fsdecode(tmp_path)}/*.net")
    assert (done.returncode, b"N209" in done.stdout + done.stderr) == (1, True)
    if format == "sarif":
        (result,) = json.loads(done.stdout)["runs"][0]["results"]
        uri = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
        assert uri.endswith("/%FF.net")


INTERRUPTED = """
import os, signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell has what runs behind it ignore interrupts
class Interrupt:
    def find_spec(self, name, path=None, target=None):
        if name == {module!r}:
            os.kill(os.getpid(), signal.SIGINT)
sys.meta_path.insert(0, Interrupt())
sys.argv = ["netdef", "check", {net!r}]
from netdef.__main__ import main
sys.exit(main())
"""


@pytest.mark.parametrize(
    ("module", "status"),
    [
        ("netdef.cli", -signal.SIGINT),
        ("netdef.commands.check", -signal.SIGINT),
        ("netdef.compiler.layers.pooling", 130),
    ],
)
def test_an_interrupt_leaves_no_traceback(module: str, status: int) -> None:
    """Neither while the program's modules are imported, before any command runs, nor later."""
    code = INTERRUPTED.format(module=module, net=NET)
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (status, b"netdef: stopped\n" if status > 0 else b"")


@pytest.mark.parametrize("words", ["netdef new lenet -o out", "netdef draw a.net -o out/a.dot"])
def test_a_full_disk_leaves_nothing_half(words: str, tmp_path: Path) -> None:
    """The shell allows no file a single byte, as a full disk does; what was there before is there still."""
    (tmp_path / "a.net").write_text('input "d" [1, 2] layer "a" ReLU')
    (tmp_path / "out").mkdir()
    done = netdef(f"cd {tmp_path} && trap '' XFSZ && ulimit -f 0 && {words}")
    assert (done.returncode, b"N006" in done.stderr) == (1, True)
    assert list((tmp_path / "out").iterdir()) == []


def test_a_net_of_several_files_is_copied_whole_or_not_at_all(tmp_path: Path) -> None:
    """There is room for the first ones."""
    done = netdef(f"cd {tmp_path} && trap '' XFSZ && ulimit -f 4 && netdef new vgg16 -o .")
    assert (done.returncode, done.stderr.count(b"N006")) == (1, 1)
    assert list(tmp_path.iterdir()) == []
