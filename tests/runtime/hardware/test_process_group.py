"""Several devices, as real processes over gloo: the same weights as one, bit for bit or nearly, whatever breaks."""

import os
import signal
from collections.abc import Iterator
from contextlib import chdir
from pathlib import Path

import pytest
from safetensors.numpy import load_file

from tests.runtime.processes import NET, SMALL, finish, last, lines, losses, start, train, wait_for_lines, write_net

TWO = (*SMALL, "--devices", "2")


@pytest.fixture(scope="module", autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A working folder with a net, a run of it on two devices, and a longer one."""
    folder = tmp_path_factory.mktemp("devices")
    with chdir(folder):
        write_net(folder)
        train(*TWO, "--epochs", "3", "-o", "two")
        yield


def furthest(one: str, other: str) -> float:
    """The largest difference between the last weights of two runs."""
    ours, theirs = (load_file(Path(run) / "last.safetensors") for run in (one, other))
    assert ours.keys() == theirs.keys()
    return max(float(abs(ours[key] - theirs[key]).max()) for key in ours)


@pytest.mark.slow
def test_two_devices_are_one_in_two_passes() -> None:
    train(*SMALL, "--passes", "2", "--epochs", "3", "-o", "one")
    assert last("two") == last("one")
    assert losses("two") == losses("one")


@pytest.mark.slow
def test_torchrun_is_the_same() -> None:
    words = ("-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", "-m", "netdef")
    finish(start(*words, "train", *SMALL, "--epochs", "3", "-o", "torchrun"))
    assert last("torchrun") == last("two")


@pytest.mark.slow
def test_sharded_weights_are_the_same() -> None:
    train(*TWO, "--shard", "--epochs", "3", "-o", "sharded")
    assert furthest("sharded", "two") < 1e-7


@pytest.mark.slow
@pytest.mark.parametrize(
    "layer",
    [pytest.param("", marks=pytest.mark.long), 'layer "bn" BatchNorm\nlayer "scale" Scale { bias_term: true }'],
)
def test_two_devices_are_the_whole_batch_in_double_precision(layer: str) -> None:
    """BatchNorm's statistics, too, if they are taken over all devices."""
    name = "normal" if layer else "double"
    Path(f"{name}.net").write_text(NET.replace('layer "relu"', f'{layer}\nlayer "relu"'))
    words = (f"{name}.net", *SMALL[1:], "--recipe", "small.yaml", "--epochs", "2", "--precision", "float64")
    train(*words, "-o", f"{name}1")
    said = train(*words, "--devices", "2", "--sync-batchnorm", "-o", f"{name}2")
    assert ("BatchNorm" in said) == bool(layer)
    assert furthest(f"{name}1", f"{name}2") < 1e-12


@pytest.fixture(scope="module")
def unbroken() -> str:
    """A longer run, of one device in two passes."""
    train(*SMALL, "--passes", "2", "--epochs", "30", "-o", "unbroken")
    return "unbroken"


@pytest.mark.slow
def test_a_killed_process_is_started_again(unbroken: str) -> None:
    """SIGKILL to one of two in the middle of an epoch: all start again from the last checkpoint."""
    broken = start("train", *TWO, "--epochs", "30", "--restarts", "1", "-o", "broken")
    wait_for_lines("broken", 40)
    children = Path(f"/proc/{broken.pid}/task/{broken.pid}/children").read_text().split()
    os.kill(int(children[-1]), signal.SIGKILL)
    said = finish(broken)
    assert "going on after iteration" in said
    assert last("broken") == last(unbroken)
    assert losses("broken") == losses(unbroken)


@pytest.mark.slow
def test_a_stopped_run_goes_on_with_another_number(unbroken: str) -> None:
    """SIGHUP saves and goes on, SIGTERM saves and stops; one process goes on where two were."""
    process = start("train", *TWO, "--epochs", "30", "-o", "stopped")
    wait_for_lines("stopped", 35)
    process.send_signal(signal.SIGHUP)
    wait_for_lines("stopped", len(lines("stopped")) + 30)
    process.send_signal(signal.SIGTERM)
    said = finish(process, 128 + signal.SIGTERM)
    assert "netdef train --resume -o stopped" in said
    train("--resume", "--devices", "1", "-o", "stopped")  # in two passes, to keep the order of sums
    assert last("stopped") == last(unbroken)
    assert losses("stopped") == losses(unbroken)


@pytest.mark.slow
def test_mistakes_are_said_once() -> None:
    """What all find before training, and what only one looks at in it."""
    said = train(*TWO, "--batch", "99", "-o", "odd", status=1)
    assert said.count("error[N891]: a batch of 99 can't be divided into 2 equal parts") == said.count("error[") == 1
    assert "say --batch 98 or 100" in said
    said = train(*TWO, "--lr", "1e30", "-o", "nan", status=1)
    assert said.count("error[N844]: the loss is nan at iteration 2") == said.count("error[") == 1


UNALIKE = """
import sys, time
from netdef.cli import status_of
from netdef.compiler.diagnostics import Diagnostic
from netdef.compiler.net_error import NetError
from netdef.compiler.request import UsageError
from netdef.runtime.hardware.process_group import process_group

def work(console):
    with process_group("cpu") as group:
        if group.rank == int(sys.argv[1]):
            raise UsageError("out of order") if sys.argv[2] == "usage" else NetError(Diagnostic("N700", "out of order"))
        if sys.argv[2] == "decides":
            group.decide_on_rank_0(lambda: open("decided", "w"))
        group.barrier()
    return 0

sys.exit(status_of(work))
"""


@pytest.mark.slow
@pytest.mark.parametrize(("rank", "what", "status"), [("0", "talks", 1), ("1", "decides", 1), ("1", "usage", 2)])
def test_a_mistake_that_one_alone_finds_ends_all(rank: str, what: str, status: int) -> None:
    """The others wait for it in the middle of a talk, or for all to come where rank 0 is to decide."""
    Path("unalike.py").write_text(UNALIKE)
    launcher = ("-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", "unalike.py", rank, what)
    process = start(*launcher)
    _, said = process.communicate(timeout=100)
    assert process.returncode == 1, "torchrun's own status"
    assert said.count("out of order") == 1, said
    assert "lost another" not in said
    assert f"exitcode  : {status}" in said
    assert not Path("decided").exists()
