"""A dry run, and a batch learned by heart: what they tell, and that they leave nothing behind."""

from contextlib import nullcontext
from pathlib import Path

import pytest

import netdef.runtime.hardware.process_group
from netdef import load
from netdef.cli import main
from netdef.compiler import memory
from netdef.runtime.hardware.process_group import ProcessGroup
from netdef.runtime.training import dry_run
from netdef.runtime.training.dry_run import DryRun, Memory
from netdef.runtime.training.memory_estimate import fixed_bytes, image_bytes

Captured = pytest.CaptureFixture[str]

NET = """
input "data" [1, 1, 8, 8]
input "label" [1]
layer "fc1" InnerProduct {{ bottom: "data" num_output: 7 weight_filler {{ type: "{filler}" }} }}
layer "fc2" InnerProduct {{ num_output: 10 weight_filler {{ type: "{filler}" }} }}
layer "loss" SoftmaxWithLoss {{ bottom: ["fc2", "label"] }}
preprocess {{ channels: GREY mean: 127 scale: 0.01 }}
"""
RECIPE = "iterations: 1000\nbatch: 12\nlr: 0.1\n"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    write()
    Path("a.yaml").write_text(RECIPE)
    return tmp_path


def write(filler: str = "msra") -> None:
    Path("a.net").write_text(NET.format(filler=filler))


def train(*words: str) -> int:
    return main(["train", "a.net", "--data", "synthetic", "--device", "cpu", *words])


@pytest.mark.parametrize("iter_size", [1, 3])
def test_a_dry_run_tells_memory_and_time(home: Path, capsys: Captured, iter_size: int) -> None:
    Path("a.yaml").write_text(f"{RECIPE}iter_size: {iter_size}\nsolver: {{type: Adam}}\n")
    assert train("--dry-run") == 0
    out = capsys.readouterr().out
    num = 64 * 7 + 7 + 7 * 10 + 10
    weights = f"weights {4 * num / 1e6:.1f} MB, gradients {4 * num / 1e6:.1f} MB"
    assert f"{weights}, the solver's history {8 * num / 1e6:.1f} MB" in out
    assert "an iteration: " in out
    assert "the whole recipe: 1,000 iterations in " in out
    assert sorted(path.name for path in home.iterdir()) == ["a.net", "a.yaml"]


def test_what_the_backward_pass_needs_is_counted(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of these layers, the first one's tops and the soft-max; the input and the weights are there anyway."""
    found: list[Memory] = []

    def noted(memory: Memory) -> str:
        found.append(memory)
        return ""

    monkeypatch.setattr(Memory, "text", property(noted))
    for _ in range(2):
        assert train("--dry-run") == 0
        Path("a.yaml").write_text(f"{RECIPE}iter_size: 2\n")
    whole, half = (memory.kept for memory in found)
    assert whole == pytest.approx(4 * 12 * (7 + 10), abs=16)
    assert half == pytest.approx(whole / 2, abs=16)
    assert found[0].peak > 50e6  # torch alone has more


@pytest.mark.parametrize(("recipe", "told"), [(RECIPE, "1,000 iterations"), ("epochs: 2\n", "it counts epochs")])
def test_a_dry_run_does_without_data(home: Path, capsys: Captured, recipe: str, told: str) -> None:
    Path("a.yaml").write_text(recipe)
    assert main(["train", "a.net", "--data", "nowhere", "--device", "cpu", "--dry-run"]) == 0
    out, err = capsys.readouterr()
    assert told in out
    assert "there is no data nowhere" in err
    assert "reading a batch" not in out


@pytest.mark.parametrize(
    ("reading", "readers", "expected"), [(None, 4, 2.0), (1.0, 0, 3.0), (1.0, 4, 2.0), (12.0, 4, 3.0)]
)
def test_readers_work_beside_the_one_that_computes(reading: float | None, readers: int, expected: float) -> None:
    found = DryRun(Memory(1, 1, 1, 1, 1), 8, 2.0, reading, readers, 100)
    assert found.whole == expected
    assert f"100 iterations in 0:0{int(100 * expected // 60)}:" in found.text


def test_only_one_of_several_processes_tells(home: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured) -> None:
    monkeypatch.setenv("TORCHELASTIC_RUN_ID", "a launcher's")
    monkeypatch.setenv("RANK", "1")
    monkeypatch.setattr(
        netdef.runtime.hardware.process_group, "process_group", lambda *_: nullcontext(ProcessGroup(rank=1))
    )
    assert main(["train", "a.net", "--data", "nowhere", "--device", "cpu", "--dry-run"]) == 0
    assert capsys.readouterr() == ("", "")


def test_a_batch_is_learned_by_heart(home: Path, capsys: Captured) -> None:
    assert train("--overfit-one-batch") == 0
    assert "the net can learn: on one batch the loss fell from " in capsys.readouterr().out
    assert sorted(path.name for path in home.iterdir()) == ["a.net", "a.yaml"]


@pytest.mark.parametrize(
    ("rate", "filler", "hint"),
    [
        (1e-9, "msra", "try --lr 1e-08"),
        (1e9, "msra", "try --lr 1e+08"),
        (0.1, "constant", "the weights of fc1, fc2 are all 0"),
        (0.0, "msra", "the learning rate is 0"),
    ],
)
def test_why_a_batch_can_not_be_learned(home: Path, capsys: Captured, rate: float, filler: str, hint: str) -> None:
    write(filler)
    Path("a.yaml").write_text(RECIPE.replace("0.1", f"{rate:g}"))
    assert train("--overfit-one-batch") == 1
    err = capsys.readouterr().err
    assert "[N842]" in err
    assert hint in err


def test_what_will_not_fit_is_refused_before_anything_is_computed(
    home: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The estimate is the shapes': a batch of a billion images is never made, on a machine that could hold it, too."""
    monkeypatch.setattr(memory, "_installed", lambda: 2**60)
    Path("a.yaml").write_text("iterations: 1000\nbatch: 2000000000\n")
    assert train("--dry-run") == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert "error[N012]: there is not enough memory: this training would take about " in err
    assert "--passes " in err
    assert "at once, with the same result; or --batch " in err


def test_a_large_batch_is_tried_in_part(home: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is told is the whole batch's: memory of the backward pass, and the images."""
    monkeypatch.setattr(dry_run, "MOST_BYTES", 2000)
    found: list[DryRun] = []
    whole = DryRun.text.fget  # type: ignore[attr-defined]  # a property

    def noted(tried: DryRun) -> str:
        found.append(tried)
        return str(whole(tried))

    monkeypatch.setattr(DryRun, "text", property(noted))
    Path("a.yaml").write_text("iterations: 1000\nbatch: 400\n")
    assert train("--dry-run") == 0
    (tried,) = found
    assert tried.batch == 400
    assert tried.computed is not None
    assert 1 <= tried.computed < 10
    assert tried.memory.kept == pytest.approx(4 * 400 * (7 + 10), rel=0.3)
    assert f"{tried.computed} images of the 400 were computed, and the rest scaled up" in capsys.readouterr().out


def test_the_estimate_is_that_of_the_tops_and_the_solver(home: Path) -> None:
    """All tops in float32, the largest twice, and of each weight its gradient and what the solver remembers."""
    net = load("a.net", phase="TRAIN")
    tops = [64, 1, 7, 10, 1]  # data, label, fc1, fc2, loss
    weights = 64 * 7 + 7 + 7 * 10 + 10
    assert image_bytes(net) == 4 * (sum(tops) + max(tops))
    assert fixed_bytes(net, num_remembered=2) == 4 * weights * 4
