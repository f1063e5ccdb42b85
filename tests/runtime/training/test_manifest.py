"""What a resumed run takes up of what it began with, and what it refuses."""

import json
from collections.abc import Sequence
from pathlib import Path

import pytest
import torch

from netdef.cli import main
from netdef.runtime.hardware import devices, launcher
from netdef.runtime.hardware.launcher import Launched
from netdef.runtime.run import Run
from netdef.runtime.training import train
from netdef.runtime.training.job import Job, solver_of
from netdef.runtime.training.progress import Display
from netdef.runtime.training.solver import Solver
from tests.runtime.breaking import break_at
from tests.runtime.processes import NET, last, losses, write_net

WORDS = ("train", "small.net", "--data", "synthetic", "--epochs", "1")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    write_net(tmp_path, NET.replace('layer "relu"', 'layer "bn" BatchNorm\nlayer "relu"'))
    return tmp_path


def broken(monkeypatch: pytest.MonkeyPatch, run: str, *words: str, iteration: int = 5) -> None:
    """A run that breaks down at an iteration."""
    mend = break_at(monkeypatch, iteration)
    assert main([*WORDS, *words, "-o", run]) == 3
    mend()


def test_first_weights_are_taken_again_if_there_is_no_checkpoint(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert main([*WORDS, "--seed", "7", "-o", "first"]) == 0
    assert main([*WORDS, "--weights", "first", "-o", "whole"]) == 0
    with monkeypatch.context() as patched:
        patched.setattr(train, "keep", lambda *_: 1 / 0)
        assert main([*WORDS, "--weights", "first", "-o", "broken"]) == 3
    assert main(["train", "--resume", "-o", "broken"]) == 0
    assert last("broken") == last("whole")
    assert losses("broken") == losses("whole")


def test_weights_are_no_longer_needed_once_there_is_a_checkpoint(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*WORDS, "--seed", "7", "-o", "first"]) == 0
    assert main([*WORDS, "--weights", "first", "-o", "whole"]) == 0
    broken(monkeypatch, "broken", "--weights", "first/last.safetensors")
    Path("first/last.safetensors").unlink()
    assert main(["train", "--resume", "-o", "broken"]) == 0
    assert last("broken") == last("whole")
    broken(monkeypatch, "again", "--weights", "first")
    capsys.readouterr()
    assert main(["train", "--resume", "-o", "again", "--weights", "elsewhere"]) == 0
    assert "goes on from its checkpoint; elsewhere is not read" in capsys.readouterr().err


def test_all_that_was_asked_for_is_taken_up(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = ("--keep", "3", "--corrupt", "skip", "--workers", "0", "--device", "cpu", "--sync-batchnorm")
    broken(monkeypatch, "run", *asked)
    taken: list[Job] = []

    def noted(job: Job, display: Display) -> Solver:
        taken.append(job)
        return solver_of(job, display)

    monkeypatch.setattr(train, "solver_of", noted)
    assert main(["train", "--resume", "-o", "run"]) == 0
    ((setup, *_),) = taken
    assert (setup.num_kept, setup.skip, setup.num_workers) == (3, True, 0)
    now = Run(Path("run")).request
    assert (now.hardware.device, now.division.sync_batchnorm) == ("cpu", True)


def test_batch_norm_keeps_its_parts(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """How many samples it takes for a batch is part of what is trained."""
    assert main([*WORDS, "--passes", "2", "-o", "whole"]) == 0
    assert "BatchNorm takes its mean and variance from each of the 2 parts of a batch" in capsys.readouterr().err
    broken(monkeypatch, "broken", "--passes", "2")
    assert main(["train", "--resume", "-o", "broken", "--passes", "1"]) == 1
    assert "BatchNorm: over 1/2 of a batch in the run, over all of a batch now" in capsys.readouterr().err
    assert main(["train", "--resume", "-o", "broken"]) == 0
    assert last("broken") == last("whole")


def test_other_images_are_refused(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from netdef.runtime.data.datasets.synthetic import Synthetic

    broken(monkeypatch, "run")
    read = Synthetic.read
    monkeypatch.setattr(Synthetic, "read", lambda self, index: 255 - read(self, index))
    assert main(["train", "--resume", "-o", "run"]) == 1
    assert "data.train.images: " in capsys.readouterr().err


def test_the_devices_are_those_that_it_began_with(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broken(monkeypatch, "run")
    manifest = json.loads(Path("run/manifest.json").read_text())
    manifest["request"] |= {"hardware": {"devices": 3}, "division": {"restarts": 2}}
    Path("run/manifest.json").write_text(json.dumps(manifest))
    launched: list[tuple[int, int]] = []

    def launch(words: Sequence[str], num: int, *, restarts: int, device: str | None) -> Launched:
        launched.append((num, restarts))
        return Launched("x", 0)

    monkeypatch.setattr(launcher, "launch", launch)
    assert main(["train", "--resume", "-o", "run"]) == 0
    assert main(["train", "--resume", "-o", "run", "--devices", "2"]) == 0
    assert main([*WORDS, "--restarts", "1"]) == 0  # one process, but started again if it breaks down
    assert launched == [(3, 2), (2, 2), (1, 1)]


def test_processes_on_a_cpu_need_no_gpus(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    assert devices.num_gpus("cpu") == 0
    assert main(["train", "x.net", "--devices", "2"]) == 1
    err = capsys.readouterr().err
    assert "this machine has 1 GPU, not 2" in err
    assert "--device cpu" in err
