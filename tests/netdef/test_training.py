"""Training from Python does what ``netdef train`` does, bit for bit; a run that goes on takes what is said anew."""

import json
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

import netdef
from netdef.cli import main, parse
from netdef.compiler.request import UsageError
from netdef.launch import Task
from netdef.options.training import train_request
from netdef.runtime.console import Console
from netdef.runtime.requests import DivisionRequest, TrainRequest
from netdef.runtime.run import Run
from tests.runtime.breaking import break_at
from tests.runtime.processes import ROOT, best, last, losses, write_net

Captured = pytest.CaptureFixture[str]
WORDS = ("train", "small.net", "--data", "synthetic", "--epochs", "1")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    write_net(tmp_path)
    return tmp_path


def test_python_trains_as_the_command_does(home: Path, capsys: Captured) -> None:
    assert main([*WORDS, "--lr", "0.1", "--seed", "3", "-o", "command"]) == 0
    told = capsys.readouterr()
    run = netdef.train("small.net", data="synthetic", epochs=1, lr=0.1, seed=3, out="python")
    assert last("python") == last("command")
    assert best("python") == best("command")
    assert losses("python") == losses("command")
    ours, theirs = Run(Path("python")), Run(Path("command"))
    assert ours.request == theirs.request
    assert ours.manifest["command"] == (
        "netdef.train(net='small.net', epochs=1, lr=0.1, seed=3, data='synthetic', out='python')"
    )
    out, err = capsys.readouterr()
    assert out == "", "what the function returns is not printed, too"
    assert err.splitlines()[:3] == told.err.splitlines()[:3]
    assert "next: netdef evaluate" in told.out

    assert run.path == Path("python")
    assert run.result == ours.manifest["result"] == run.metrics[-1]
    assert [line["iteration"] for line in run.metrics] == [row[0] for row in losses("python")]
    (weight, bias) = run.weights["conv"]
    assert (weight.shape, bias.shape) == ((4, 1, 3, 3), (4,))
    np.testing.assert_array_equal(netdef.read_weights("python")["conv"][0], weight)


def test_progress_is_switched_off(home: Path, capfd: pytest.CaptureFixture[str]) -> None:
    netdef.train(Path("small.net"), data="synthetic", epochs=1, progress=False)
    assert capfd.readouterr() == ("", "")
    assert Run(Path("runs/small")).is_finished


def test_a_thread_beside_the_main_one_trains(home: Path) -> None:
    """It is sent no signals, and must not ask for any."""
    found: list[netdef.training.TrainingResult] = []
    work = threading.Thread(
        target=lambda: found.append(netdef.train("small.net", data="synthetic", epochs=1, progress=False))
    )
    work.start()
    work.join()
    assert found[0].path == Path("runs/small")


@pytest.mark.slow
def test_python_starts_processes(home: Path, capfd: pytest.CaptureFixture[str]) -> None:
    run = netdef.train("small.net", data="synthetic", epochs=1, devices=2, device="cpu", out="two", progress=False)
    assert capfd.readouterr() == ("", "")
    assert run.path == Path("two")
    netdef.train("small.net", data="synthetic", epochs=1, passes=2, device="cpu", out="one", progress=False)
    assert last("two") == last("one")
    with pytest.raises(netdef.NetError, match="ended with status 1"):
        netdef.train("small.net", data="synthetic", batch=99, devices=2, device="cpu", progress=False)
    assert capfd.readouterr().err.count("error[N891]") == 1


def test_mistakes_are_errors_of_the_net(home: Path) -> None:
    with pytest.raises(netdef.NetError, match="there is no data nowhere"):
        netdef.train("small.net", data="nowhere", progress=False)
    with pytest.raises(UsageError, match="which net"):
        netdef.train(progress=False)
    with pytest.raises(UsageError, match="a precision is bf16, tf32, float32, float64, not half"):
        netdef.train("small.net", precision="half", progress=False)
    with pytest.raises(netdef.NetError, match="there is no run of small"):
        netdef.train("small.net", resume=True, progress=False)


def test_the_new_is_laid_over_what_the_run_began_with(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("tensorboard")
    assert main([*WORDS, "-o", "whole"]) == 0
    mend = break_at(monkeypatch, 5)
    assert main([*WORDS, "-o", "broken", "--tensorboard", "--keep", "1", "--corrupt", "skip"]) == 3
    mend()
    watched = list(Path("broken/tensorboard").iterdir())
    run = netdef.train(resume=True, out="broken", tensorboard=False, corrupt="error", progress=False)
    assert list(Path("broken/tensorboard").iterdir()) == watched, "it was switched off again"
    assert len(list(Path("broken/checkpoints").iterdir())) == 1, "what isn't said again is as it was"
    assert run.request.keep == 1
    assert last("broken") == last("whole")


@pytest.mark.parametrize("switch", ["shard", "sync_batchnorm"])
def test_switches_are_switched_off_again(switch: str) -> None:
    began = TrainRequest(tensorboard=True, division=DivisionRequest(shard=True, sync_batchnorm=True))
    now = train_request(parse(["train", "--resume", "-o", "run", f"--no-{switch.replace('_', '-')}"])).over(began)
    assert now.division == began.division.replace(**{switch: False})
    assert now.tensorboard is True


def test_a_run_of_an_older_netdef_says_so(home: Path, capsys: Captured) -> None:
    netdef.train("small.net", data="synthetic", epochs=1, out="old", progress=False)
    path = Path("old/manifest.json")
    manifest = json.loads(path.read_text())
    path.write_text(json.dumps(manifest | {"request": {"colour": "red"}}))
    assert main(["train", "--resume", "-o", "old"]) == 1
    assert "what was asked for isn't known" in capsys.readouterr().err, "nor does one of a newer netdef"
    del manifest["request"]
    path.write_text(json.dumps(manifest | {"arguments": {"file": "small.net"}}))
    assert main(["train", "--resume", "-o", "old"]) == 1
    err = capsys.readouterr().err
    assert "error[N882]: the run in old was begun by another version" in err
    assert "perhaps from its weights" in err
    assert main(["evaluate", "small.net", "--weights", "old"]) == 1
    assert main(["evaluate", "small.net", "--weights", "old", "--data", "synthetic"]) == 0


def test_what_is_asked_for_is_known_before_torch_is_loaded() -> None:
    """So that mistakes show at once, and OpenMP is told of it before it begins."""
    code = (
        "import sys, netdef.launch, netdef.requests, netdef.training; from netdef.cli import main;"
        "main(['train', '--recipe', sys.argv[1]]);"
        "print(sorted({'torch'} & set(sys.modules)))"
    )
    absent = [sys.executable, "-c", code, "absent.yaml"]
    done = subprocess.run(absent, cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
    assert "absent.yaml" in done.stderr


def test_a_process_is_told_its_task_as_data() -> None:
    request = TrainRequest(out="run", division=DivisionRequest(passes=2))
    console = Console(progress=False)
    task = Task.of("train", request, "netdef train", console)
    *words, told = task.words
    assert words == ["-m", "netdef.launched"]
    assert Task.from_words(told) == task
    assert TrainRequest.from_data(Task.from_words(told).request) == request
    assert task.console(Console()) == console


def test_what_is_said_once_before_training(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Cases 16 and 17: half of the test data, zeros, frozen layers, and statistics of the batch in tests."""
    monkeypatch.chdir(tmp_path)
    Path("net.net").write_text(
        """
        input "data" [1, 1, 8, 8]
        input "label" [1]
        layer "bn" BatchNorm { bottom: "data" use_global_stats: false }
        layer "kept" InnerProduct { num_output: 9 weight_filler { type: "msra" } param { lr_mult: 0 } bias_term: false }
        layer "relu" ReLU
        layer "zero" InnerProduct { num_output: 12 }
        layer "fc" InnerProduct { num_output: 10 }
        layer "loss" SoftmaxWithLoss { bottom: ["fc", "label"] include { phase: TRAIN } }
        layer "prob" Softmax { bottom: "fc" include { phase: TEST } }
        """
    )
    Path("r.yaml").write_text("iterations: 2\nbatch: 8\nlr: 0.1\ntest: {interval: 1, batches: 2, batch: 10}\n")
    assert main(["train", "net.net", "--recipe", "r.yaml", "--data", "digits", "--device", "cpu", "-o", "run"]) == 0
    said = capsys.readouterr().err
    for once in (
        "a test sees 20 of 355 test images (2 x 10 images), the next one others",
        "zero, fc start at zero",
        "kept: not trained (lr_mult: 0), they stay as they are filled",
        "bn takes its mean and variance from the batch, in tests too",
    ):
        assert said.count(once) == 1
        assert said.index(once) < said.index("iteration 1/2")
    assert main(["train", "net.net", "--recipe", "r.yaml", "--data", "digits", "--weights", "run", "-o", "b"]) == 0
    said = capsys.readouterr().err
    assert "start at zero" not in said
    assert "kept: not trained (lr_mult: 0), they stay as they are\n" in said
