"""Processes that netdef starts: who can reach them, and that none is left, whatever ends them."""

import os
import re
import signal
import stat
import subprocess
import time
from collections.abc import Iterator
from contextlib import chdir
from pathlib import Path

import pytest

from netdef.runtime.hardware import launcher
from tests.runtime.processes import SMALL, finish, start, wait_for_lines, write_net

LISTENS = "0A"
"""What /proc calls the state of a socket that waits for others."""
FOREVER = ("train", *SMALL, "--devices", "2", "--epochs", "100000")


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder of temporary files, and a working folder with a net."""
    write_net(tmp_path)
    folder = tmp_path / "tmp"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    with chdir(tmp_path):
        yield folder


def processes_of(pid: int) -> list[int]:
    """A process and all that it and its own started."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *(below for child in children for below in processes_of(int(child)))]


def listening(pids: list[int]) -> set[str]:
    """The addresses, in hexadecimal, at which processes wait for others."""
    links = [link for pid in pids for link in Path(f"/proc/{pid}/fd").iterdir() if link.is_symlink()]
    own = {match[1] for link in links if (match := re.fullmatch(r"socket:\[(\d+)\]", os.readlink(link)))}
    lines = [
        line.split() for kind in ("tcp", "tcp6") for line in Path(f"/proc/net/{kind}").read_text().splitlines()[1:]
    ]
    return {words[1].partition(":")[0] for words in lines if words[3] == LISTENS and words[9] in own}


def is_loopback(address: str) -> bool:
    return (
        address.endswith("7F")
        if len(address) == 8
        else address in ("0" * 24 + "01000000", "0" * 16 + "FFFF00000100007F")
    )


def wait_until_gone(pids: list[int]) -> None:
    deadline = time.monotonic() + 60
    while any(Path(f"/proc/{pid}/cmdline").exists() and Path(f"/proc/{pid}/cmdline").read_bytes() for pid in pids):
        assert time.monotonic() < deadline, subprocess.check_output(["ps", "f", *map(str, pids)], text=True)
        time.sleep(0.05)


@pytest.mark.slow
def test_nobody_outside_reaches_the_processes(temporary: Path) -> None:
    """Where torch's launcher waits at a port on all interfaces, whoever comes may leave a pickle that runs code."""
    process = start(*FOREVER, "-o", "run")
    wait_for_lines("run", 3)
    addresses = listening(processes_of(process.pid))
    folders = {folder.name: folder.stat() for folder in temporary.glob("netdef-*")}
    process.send_signal(signal.SIGTERM)
    finish(process, 128 + signal.SIGTERM)
    assert addresses, "gloo's own, or this test looks at the wrong place"
    assert all(map(is_loopback, addresses)), addresses
    assert [stat.S_IMODE(found.st_mode) for found in folders.values()] == [0o700]
    assert list(temporary.glob("netdef-*")) == []


@pytest.mark.slow
def test_a_killed_device_ends_all_with_a_word(temporary: Path) -> None:
    process = start(*FOREVER, "-o", "run")
    wait_for_lines("run", 3)
    pids = processes_of(process.pid)
    os.kill(pids[-1], signal.SIGKILL)
    said = finish(process, 1)
    assert re.search(
        r"netdef: process [01] of 2 was ended by SIGKILL, which the system sends where memory runs out", said
    )
    assert said.count("error[") == said.count("error[N892]: process ") == 1
    wait_until_gone(pids)
    assert list(temporary.glob("netdef-*")) == []


@pytest.mark.slow
def test_a_killed_launcher_leaves_no_process(temporary: Path) -> None:
    """The processes save and stop; what is left is a folder among the temporary ones, at most."""
    process = start(*FOREVER, "-o", "run")
    wait_for_lines("run", 3)
    pids = processes_of(process.pid)
    process.kill()
    process.communicate()
    wait_until_gone(pids)
    assert list(Path("run/checkpoints").glob("*.safetensors"))
    assert len(list(temporary.glob("netdef-*"))) <= 1


@pytest.mark.slow
@pytest.mark.long
def test_a_mistake_of_several_processes_has_its_status_each_time(temporary: Path) -> None:
    """A thread of gloo's outlived the interpreter about once in twenty runs, and ended it with SIGABRT."""
    for number in range(50):
        process = start("train", *SMALL, "--devices", "2", "--lr", "1e30", "-o", f"run{number}")
        said = finish(process, 1)
        assert said.count("error[") == said.count("error[N844]") == 1


def ended(*code: str) -> launcher.Launched:
    return launcher.launch(["-c", "\n".join(code)], 1, restarts=2, device="cpu")


def test_what_a_signal_ended_is_started_again_and_named(tmp_path: Path) -> None:
    marks = tmp_path / "marks"
    dies = f"import os; open({str(marks)!r}, 'a').write('x'); os.kill(os.getpid(), 9)"
    found = ended(dies)
    assert found.status == 137
    assert found.lost == ("process 0 of 1 was ended by SIGKILL, which the system sends where memory runs out",)
    assert marks.read_text() == "xxx"


def test_a_users_mistake_is_not_made_again(tmp_path: Path) -> None:
    marks = tmp_path / "marks"
    found = ended(f"open({str(marks)!r}, 'a').write('x')", "raise SystemExit(1)")
    assert (found.status, found.lost) == (1, ())
    assert marks.read_text() == "x"


def test_a_process_that_hangs_while_another_failed_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(launcher, "ENDS_WITHIN", 0.2)
    monkeypatch.setattr(launcher, "DIES_WITHIN", 0.2)
    code = "import os, signal, time; signal.signal(15, signal.SIG_IGN); os.environ['RANK'] == '1' or time.sleep(60)"
    found = launcher.launch(["-c", f"{code}; raise SystemExit(2)"], 2, device="cpu")
    assert found.status == 2
    assert "process 0 of 2 was ended by SIG" in found.lost[0]


def test_the_environment_of_whoever_asks_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    before = dict(os.environ)
    assert launcher.launch(["-c", "import os; assert os.environ['OMP_NUM_THREADS']"], 2, device="cpu").status == 0
    assert dict(os.environ) == before
