"""Whatever ends a process, and when: the run goes on from its last checkpoint, and ends as if nothing had been."""

import json
import os
import random
import resource
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import chdir
from math import ceil
from pathlib import Path
from typing import NamedTuple

import pytest

from netdef.cli import main
from netdef.compiler.faults import POINTS
from netdef.runtime.data.batches import Batch, TestBatches
from netdef.runtime.run import Run
from tests.runtime.processes import SMALL, best, finish, last, losses, start, train, wait_for_lines, write_net

LENGTH = ("--epochs", "16")


class Seconds(NamedTuple):
    """How long an unbroken run takes to its first line, and to its end."""

    begun: float
    ended: float


@pytest.fixture(scope="module", autouse=True)
def seconds(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seconds]:
    """Those of the run called ``whole``."""
    folder = tmp_path_factory.mktemp("nothing_lost")
    with chdir(folder):
        write_net(folder)
        now = time.monotonic()
        process = start("train", *SMALL, *LENGTH, "-o", "whole")
        wait_for_lines("whole", 1)
        begun = time.monotonic() - now
        finish(process)
        yield Seconds(begun, time.monotonic() - now)


def again(run: str) -> tuple[str, ...]:
    """Go on with a run, or begin it if it didn't come so far."""
    return ("--resume", "-o", run) if (Path(run) / "manifest.json").exists() else (*SMALL, *LENGTH, "-o", run)


def check(run: str) -> None:
    """A run that was broken goes on and is the one that wasn't."""
    train(*again(run))
    check_finished(run)


def check_finished(run: str) -> None:
    """A run that came to its end is the one that wasn't broken."""
    assert last(run) == last("whole")
    assert best(run) == best("whole")
    assert losses(run) == losses("whole")
    files = {path.name for path in Path(run).rglob("*") if path.is_file()}
    assert not [name for name in files if "unfinished" in name]


@pytest.mark.slow
def test_each_named_moment() -> None:
    for times, point in enumerate(POINTS, start=2):
        process = start("train", *again("named"), NETDEF_FAULT=f"{point}:{times}")
        finish(process, -signal.SIGKILL)
    check("named")


@pytest.mark.slow
def test_ten_moments_by_chance(seconds: Seconds) -> None:
    """From just before a run goes on to a fifth of its length later, so that one run is broken many times."""
    seed = int(os.environ.get("NETDEF_SEED", time.time_ns() % 10_000))
    print(f"NETDEF_SEED={seed}")
    chance = random.Random(seed)
    moments = 0.9 * seconds.begun, seconds.begun + (seconds.ended - seconds.begun) / 5
    run = "run0"
    for number in range(10):
        process = start("train", *again(run))
        time.sleep(chance.uniform(*moments))
        process.kill()
        process.communicate()
        if process.returncode == 0:
            check_finished(run)
            run = f"run{number + 1}"
    check(run)


@pytest.mark.slow
def test_signals_save(capsys: pytest.CaptureFixture[str]) -> None:
    process = start("train", *SMALL, *LENGTH, "-o", "signals")
    wait_for_lines("signals", 20)
    process.send_signal(signal.SIGINT)
    said = finish(process, 128 + signal.SIGINT)
    assert "stopped; to go on: netdef train --resume -o signals" in said
    newest = max(int(path.stem) for path in Path("signals/checkpoints").iterdir())
    assert newest == losses("signals")[-1][0] > 0
    check("signals")


@pytest.mark.long
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL], ids=lambda number: number.name)
@pytest.mark.parametrize("words", [(), ("--workers", "2"), ("--devices", "2")], ids=" ".join)
def test_signals_at_moments_by_chance(words: tuple[str, ...], number: signal.Signals, seconds: Seconds) -> None:
    """From the first import to the end: it ends soon, as the shell knows signals, without a word too many."""
    seed = int(os.environ.get("NETDEF_SEED", time.time_ns() % 10_000))
    print(f"NETDEF_SEED={seed}")
    chance = random.Random(seed)
    run = f"swept{'_'.join(words)}_{number.name}"
    for _ in range(12):
        new = (*again(run), *words) if "--resume" not in again(run) else again(run)
        process = start("train", *new, PYTHONFAULTHANDLER="1")
        time.sleep(chance.uniform(0, 1.5 * seconds.ended))
        process.send_signal(number)
        said = ended(process)
        assert process.returncode in (0, -number, 128 + number), said
        assert "Traceback" not in said
        assert "our fault" not in said
    train(*again(run), *(() if Path(run).exists() else words))
    assert len(losses(run)) == len(losses("whole"))
    if words != ("--devices", "2"):
        check_finished(run)


def ended(process: subprocess.Popen[str]) -> str:
    """What a process said that is to end soon; of one that stands still, where it does."""
    try:
        return process.communicate(timeout=60)[1]
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGABRT)
        raise AssertionError(process.communicate(timeout=60)[1]) from None


@pytest.mark.parametrize("batch", [2, 5, 6])
def test_a_signal_stops_a_test_which_is_made_up_for(batch: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Three batches of 100 are a test of the 256 images."""
    words = ["train", *SMALL, "--epochs", "3", "-o"]
    if not Path("tests").exists():
        assert main([*words, "tests"]) == 0
    run, asked = f"stopped_in_batch{batch}", 0

    def read(batches: TestBatches, index: int) -> Batch:
        nonlocal asked
        asked += 1
        if asked == batch:
            signal.raise_signal(signal.SIGTERM)
        return test_batch(batches, index)

    test_batch = TestBatches.__getitem__
    monkeypatch.setattr(TestBatches, "__getitem__", read)
    monkeypatch.setattr("netdef.runtime.training.testing.TEST_BATCH", 100)
    assert main([*words, run]) == 128 + signal.SIGTERM
    assert asked == batch
    assert main(["train", "--resume", "-o", run]) == 0
    assert last(run) == last("tests")
    assert best(run) == best("tests")
    assert losses(run) == losses("tests")


@pytest.mark.slow
def test_a_full_disk_is_said_and_the_last_checkpoint_is_sound() -> None:
    """A limit on the size of files, set in the middle of a run, stands in for the disk."""
    process = start("train", *SMALL, *LENGTH, "-o", "full")
    wait_for_lines("full", 30)
    resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (1000, 1000))
    said = finish(process, 1)
    assert "error[N887]: the run full can't be saved" in said
    assert "the last checkpoint is intact: full/checkpoints/000000" in said
    assert "netdef train --resume -o full" in said
    check("full")


def test_a_folder_that_cannot_be_written_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", *SMALL, "-o", "/proc/run"]) == 1
    assert "error[N887]: no run can be made in /proc/run" in capsys.readouterr().err


@pytest.mark.parametrize("num", [1, 4])
def test_as_many_checkpoints_are_kept_as_asked(num: int) -> None:
    run = f"kept{num}"
    assert main(["train", *SMALL, "--epochs", "6", "--keep", str(num), "-o", run]) == 0
    kept = sorted(int(path.stem) for path in Path(f"{run}/checkpoints").iterdir())
    assert kept == [ceil(epoch * 1024 / 100) for epoch in range(1, 7)][-num:]


def test_the_manifest_tells_what_the_run_is() -> None:
    manifest = json.loads(Path("whole/manifest.json").read_text())
    assert manifest["versions"].keys() >= {"python", "torch", "netdef-compiler"}
    assert all(len(manifest["hashes"][part]) == 64 for part in ("net", "data", "recipe"))
    assert manifest["identity"]["recipe"]["seed"] == 1
    assert "bilinear" in manifest["rescaling"]
    assert manifest["result"]["iteration"] == losses("whole")[-1][0]


def test_only_one_trains_in_a_folder(capsys: pytest.CaptureFixture[str]) -> None:
    """Whoever trains holds the folder; the kernel lets go when that process ends, however it does."""
    with Run(Path("whole")).held():
        assert main(["train", "--resume", "-o", "whole"]) == 1
    assert "error[N888]: another process trains in whole" in capsys.readouterr().err
    assert main(["train", "--resume", "-o", "whole"]) == 0


@pytest.mark.slow
def test_nobody_has_to_watch() -> None:
    """The reader of a pipe leaves, as a closed terminal does, and training goes on."""
    process = start("train", *SMALL, *LENGTH, "-o", "alone")
    assert process.stderr is not None
    process.stderr.readline()
    process.stderr.close()
    assert process.wait(timeout=100) == 0
    check_finished("alone")
