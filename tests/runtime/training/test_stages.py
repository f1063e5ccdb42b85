"""Plans: recipes of several trainings in a row, read, carried out, broken off and gone on with."""

import json
from collections.abc import Callable
from pathlib import Path
from shutil import rmtree
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file

import netdef.runtime.data.datasets.source
from netdef.cli import main
from netdef.compiler.net_error import NetError
from netdef.compiler.schema.message import Message
from netdef.compiler.weights.formats.files import write_weights
from netdef.compiler.weights.formats.run_folder import best_weights
from netdef.runtime.run import Run
from netdef.runtime.training.history import read_history
from netdef.runtime.training.recipe.recipe import Init, Sgd
from netdef.runtime.training.recipe.schedule import Duration, Fixed, Plateau, Step
from netdef.runtime.training.recipe.yaml_recipe import Written, read_recipe
from netdef.runtime.training.solver import Solver

NETS = Path(__file__).parents[3] / "nets"
Captured = pytest.CaptureFixture[str]

SHALLOW = """
name: "shallow"
input "data" [1, 1, 8, 8]
layer "conv" Convolution { num_output: 4 kernel_size: 3 weight_filler { type: "msra" } }
layer "relu" ReLU
layer "fc" InnerProduct { num_output: 10 weight_filler { type: "xavier" } }
layer "prob" Softmax { include { phase: TEST } }
layer "label" Input { shape { dim: 1 } include { phase: TRAIN } }
layer "loss" SoftmaxWithLoss { bottom: ["fc", "label"] include { phase: TRAIN } }
preprocess { channels: GREY mean: 78 scale: 0.01 }
"""
MORE = 'layer "relu" ReLU\nlayer "conv2" Convolution { num_output: 4 kernel_size: 3 weight_filler { type: "msra" } }'
PLAN = """
net: deep.net
batch: 100
epochs: 1
lr: 0.05
stages:
  - {name: A, net: shallow.net}
  - {name: still, init: {stage: A, layers: [conv]}, lr: 1e-30, solver: {weight_decay: 0}}
  - {name: end, init: still, epochs: 2}
"""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with two nets and a plan for the deeper one."""
    pytest.importorskip("sklearn")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(torch, "get_num_threads", lambda: 1)
    Path("shallow.net").write_text(SHALLOW)
    Path("deep.net").write_text(SHALLOW.replace("shallow", "deep").replace('layer "relu" ReLU', MORE))
    Path("deep.yaml").write_text(PLAN)
    return tmp_path


def read(text: str) -> Written:
    Path("plan.yaml").write_text(text)
    return read_recipe(Path("plan.yaml"))


def mistake(text: str) -> str:
    """The one mistake of a recipe, and where it is."""
    with pytest.raises(NetError) as caught:
        read(text)
    (error,) = caught.value.report.errors
    where = "" if error.primary is None else str(error.primary.span)
    return f"{error.code} {error.message} {where}"


# ---- what is written
def test_a_recipe_is_like_another_but_for_what_it_says(home: Path) -> None:
    """Sections are merged, key by key; another policy or method replaces its section."""
    other = "batch: 32\nlr: {policy: step, base: 0.5, stepsize: 7}\nsolver: {momentum: 0.5}\naugment: {mirror: true}\n"
    Path("other.yaml").write_text(other)
    recipe = read("like: other.yaml\nlr: {base: 0.25}\nsolver: {weight_decay: 0}\naugment: {scale: 9}").recipe
    assert recipe.lr == Step(base=0.25, stepsize=Duration(7))
    assert recipe.solver == Sgd(momentum=0.5, weight_decay=0.0)
    assert (recipe.batch, recipe.augment.mirror, recipe.augment.scale) == (32, True, (9,))
    assert read("like: other.yaml\nlr: {policy: plateau, base: 1}").recipe.lr == Plateau(base=1.0)
    assert read("like: other.yaml\nlr: 2").recipe.lr == Fixed(base=2.0)


def test_a_stage_is_the_file_but_for_what_it_says(home: Path) -> None:
    written = read_recipe(Path("deep.yaml"))
    first, still, end = written.stages
    assert written.net == "deep.net"
    assert [(stage.name, stage.net) for stage in written.stages] == [
        ("A", "shallow.net"),
        ("still", None),
        ("end", None),
    ]
    assert (first.init, still.init, end.init) == (None, Init(stage="A", layers=("conv",)), Init(stage="still"))
    assert (first.recipe, end.recipe) == (written.recipe, written.recipe.replace(epochs=2.0))
    assert still.recipe.lr == Fixed(base=1e-30)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("stages: 3", "N862 stages takes a list"),
        ("stages: []", "N862 stages takes a list, with `- name: ...` for each, not an empty list"),
        ("stages:\n  - {epochs: 1}", "N865 a stage needs name"),
        ("stages:\n  - {name: a}\n  - {name: a}", "N867 this can't be a stage's name: a"),
        ("stages:\n  - {name: a/b}", "N867 this can't be a stage's name: a/b"),
        ("stages:\n  - {name: a, init: b}\n  - {name: b}", "N862 there is no stage b before a"),
        ("stages:\n  - {name: a, init: a}", "N862 there is no stage a before a"),
        ("stages:\n  - {name: a, batches: 1}", "N861 a stage has no setting batches"),
        ("stages:\n  - {name: a}\n  - {name: b, init: {stage: a, layer: x}}", "N861 init has no setting layer"),
        ("like: absent.yaml", "N864 cannot read the recipe absent.yaml"),
        ("like: plan.yaml", "N864 plan.yaml is like itself"),
    ],
)
def test_mistakes(home: Path, text: str, said: str) -> None:
    assert mistake(text).startswith(said)


def test_a_mistake_is_shown_in_its_own_file(home: Path, capsys: Captured) -> None:
    Path("other.yaml").write_text("batch: 32\n\nepochs: -1\n")
    Path("plan.yaml").write_text("like: other.yaml\nbatch: 16\n")
    assert main(["train", "deep.net", "--recipe", "plan.yaml"]) == 1
    assert "other.yaml:3:9" in capsys.readouterr().err
    Path("other.yaml").write_text("batch: 32\n")
    Path("plan.yaml").write_text("like: other.yaml\nepochs: -1\n")
    assert main(["train", "deep.net", "--recipe", "plan.yaml"]) == 1
    assert "plan.yaml:2:9" in capsys.readouterr().err


def test_nets_are_looked_up_from_the_folder_of_the_recipe(home: Path, capsys: Captured) -> None:
    """As ``like`` is; a net of the same name in the working folder is another."""
    Path("sub").mkdir()
    Path("sub/shallow.net").write_text(SHALLOW.replace("num_output: 4", "num_output: 5"))
    Path("sub/deep.yaml").write_text(PLAN)
    assert main(["train", "--recipe", "sub/deep.yaml", "--only", "A", "-o", "run"]) == 0
    assert weights("run")["conv/1"].shape == (5,)
    Path("sub/deep.yaml").write_text(PLAN.replace("shallow.net", "absent.net"))
    capsys.readouterr()
    assert main(["train", "--recipe", "sub/deep.yaml"]) == 1
    said = capsys.readouterr().err
    assert "there is no net absent.net, looked up from sub and the working folder" in said
    assert "help: correct the path in sub/deep.yaml\n" in said


# ---- the paper's
PAPER = {"batch": 256, "momentum": 0.9, "weight_decay": 5e-4, "gamma": 0.1}
"""Section 3.1 of the paper, for every stage."""
FROM_THE_FIRST = {"base": 1e-2, "num_drops": 3, "epochs": 74}
"""The same section, for the stages that begin at the first rate."""
DEEPER = [("A", (256,), 1e-2), ("256", (256,), 1e-2), ("384", (384,), 1e-3), ("jitter", (256, 512), 1e-3)]
"""Section 3.1 again: the stages, their scales and first rates."""
STAGES = {"vgg11": [], "vgg11_lrn": [], "vgg13": DEEPER[:2], "vgg13_5x5": []} | dict.fromkeys(
    ("vgg16", "vgg16_1x1", "vgg19"), DEEPER
)


def vars_of(message: Message) -> dict[str, Any]:
    return {key: getattr(message, key) for key in message.params}


def test_every_recipe_is_the_papers() -> None:
    files = {path.stem: path for path in NETS.glob("vgg[0-9]*.yaml")}
    assert files.keys() == STAGES.keys()
    for name, path in files.items():
        written = read_recipe(path)
        assert written.net == f"{name}.net"
        stages = [(stage.name, stage.recipe.augment.scale, stage.recipe.lr.base) for stage in written.stages]
        assert stages == STAGES[name]
        for recipe in (written.recipe, *(stage.recipe for stage in written.stages)):
            assert isinstance(recipe.solver, Sgd)
            assert isinstance(recipe.lr, Plateau)
            assert (recipe.augment.mirror, recipe.augment.rgb_shift) == (True, 0.1)
            found = vars_of(recipe) | vars_of(recipe.solver) | vars_of(recipe.lr)
            assert found.items() >= PAPER.items()
            assert recipe.lr.base != FROM_THE_FIRST["base"] or found.items() >= FROM_THE_FIRST.items()
        for stage, before in zip(written.stages[1:], written.stages, strict=False):
            assert stage.init is not None
            assert stage.init.stage == before.name


# ---- what is done
def weights(run: str, which: str = "best") -> dict[str, Any]:
    return load_file(Path(run) / f"{which}.safetensors")


def same(one: str, other: str) -> bool:
    files = ("best.safetensors", "last.safetensors")
    return all((Path(one) / file).read_bytes() == (Path(other) / file).read_bytes() for file in files)


STAGE_FOLDERS = ("1-A", "2-still", "3-end")


def test_a_plan_from_end_to_end(home: Path, capsys: Captured) -> None:
    assert main(["train", "deep.net", "-o", "run"]) == 0
    out, err = capsys.readouterr()
    assert "run: the stages A, still, end" in err
    assert [line for line in out.splitlines() if line.endswith(":")] == [f"{name}:" for name in STAGE_FOLDERS]
    assert Run(Path("run")).manifest["stages"] == list(STAGE_FOLDERS)
    first, still = weights("run/1-A"), weights("run/2-still", "last")
    conv = [name for name in first if name.startswith("conv/")]
    assert conv
    for name in conv:  # at a rate of nothing what came from A is as it was
        np.testing.assert_array_equal(still[name], first[name])
    others = [name for name in first if name not in conv]
    assert any(first[name].shape != still[name].shape or (first[name] != still[name]).any() for name in others)
    assert best_weights(Path("run")) == Path("run/3-end/best.safetensors")
    assert main(["evaluate", "deep.net", "--weights", "run", "--json"]) == 0
    (found,) = json.loads(capsys.readouterr().out)["results"]
    assert found["top1_error"] == min(line["top1_error"] for line in Run(Path("run/3-end")).evaluations)
    pytest.importorskip("matplotlib")
    assert main(["plot", "run"]) == 0
    assert Path("run/curves.svg").is_file()
    assert [name for name, _ in read_history(Path("run")).stages] == list(STAGE_FOLDERS)


def break_at(monkeypatch: pytest.MonkeyPatch, step_number: int) -> Callable[[], None]:
    """Let one step of all stages' together fail; calling what is returned mends it."""
    sound, count = Solver.step, 0

    def step(self: Solver, **blobs: torch.Tensor) -> torch.Tensor:
        nonlocal count
        count += 1
        if count > step_number:
            raise RuntimeError("the machine is on fire")
        return sound(self, **blobs)

    monkeypatch.setattr(Solver, "step", step)
    return lambda: monkeypatch.setattr(Solver, "step", sound)


@pytest.mark.parametrize("step_number", [15, 20, 40, 50])
def test_a_broken_plan_goes_on_bit_for_bit(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured, step_number: int
) -> None:
    """Broken in the second stage or in the third, of 15, 15 and 29 iterations; finished stages are left alone."""
    assert main(["train", "deep.net", "-o", "whole"]) == 0
    mend = break_at(monkeypatch, step_number)
    assert main(["train", "deep.net", "-o", "broken"]) == 3
    mend()
    before = Path("broken/1-A/metrics.jsonl").stat().st_mtime_ns
    capsys.readouterr()
    assert main(["train", "--resume", "-o", "broken"]) == 0
    assert "stage A: finished before" in capsys.readouterr().err
    assert Path("broken/1-A/metrics.jsonl").stat().st_mtime_ns == before
    assert all(same(f"broken/{stage}", f"whole/{stage}") for stage in STAGE_FOLDERS)


def test_a_broken_plan_keeps_its_number_of_parts(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sums have the same order, in stages that begin after the break, too."""
    assert main(["train", "deep.net", "-o", "whole", "--passes", "2"]) == 0
    mend = break_at(monkeypatch, 20)
    assert main(["train", "deep.net", "-o", "broken", "--passes", "2"]) == 3
    mend()
    assert main(["train", "--resume", "-o", "broken"]) == 0
    assert Run(Path("broken/3-end")).manifest["parts"] == 2
    assert all(same(f"broken/{stage}", f"whole/{stage}") for stage in STAGE_FOLDERS)


def test_one_stage_alone(home: Path, capsys: Captured) -> None:
    """It begins with what the plan says, of the weights that are given: of A's layers the first."""
    assert main(["train", "deep.net", "-o", "whole"]) == 0
    assert "stage A: 1 layer loaded; conv2, fc start from their fillers" in capsys.readouterr().err
    assert main(["train", "deep.net", "--only", "A", "-o", "first"]) == 0
    assert same("first", "whole/1-A")
    assert main(["train", "deep.net", "--only", "still", "--weights", "first", "-o", "still"]) == 0
    assert "first: 1 layer loaded; conv2, fc start from their fillers" in capsys.readouterr().err
    assert same("still", "whole/2-still")
    assert main(["train", "deep.net", "--only", "end", "--weights", "whole/2-still", "-o", "end"]) == 0
    assert same("end", "whole/3-end")
    write_weights("other.npz", {"fc": [np.zeros((10, 144))]})
    capsys.readouterr()
    assert main(["train", "deep.net", "--only", "still", "--weights", "other.npz"]) == 1
    assert "error[N845]: other.npz has no weights of conv" in capsys.readouterr().err
    assert main(["train", "deep.net", "--only", "ends"]) == 1
    assert "error[N845]: the recipe has no stage ends" in capsys.readouterr().err
    assert main(["train", "shallow.net", "--only", "A"]) == 1, "a net without a recipe"
    assert "error[N845]: the recipe has no stage A" in capsys.readouterr().err


def test_one_stage_of_a_broken_plan_goes_on(home: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured) -> None:
    """In the stage's own folder, bit for bit; then the plan goes on after it."""
    assert main(["train", "deep.net", "-o", "whole"]) == 0
    mend = break_at(monkeypatch, 20)
    assert main(["train", "deep.net", "-o", "broken"]) == 3
    mend()
    capsys.readouterr()
    assert main(["train", "--resume", "-o", "broken", "--only", "end"]) == 1
    assert "error[N882]: stage end of broken has not begun" in capsys.readouterr().err
    assert main(["train", "--resume", "-o", "broken", "--only", "still"]) == 0
    assert "broken/2-still: going on after iteration" in capsys.readouterr().err
    assert same("broken/2-still", "whole/2-still")
    assert not Path("broken/3-end").exists()
    assert main(["train", "--resume", "-o", "broken"]) == 0
    assert "stage still: finished before" in capsys.readouterr().err
    assert same("broken/3-end", "whole/3-end")


@pytest.mark.parametrize("words", [["-o", "run/2-still"], ["-o", "run", "--only", "still"]])
def test_a_stage_without_a_checkpoint_begins_as_in_its_plan(home: Path, capsys: Captured, words: list[str]) -> None:
    """Killed before the first one, and resumed alone: its manifest tells the weights that it begins with."""
    assert main(["train", "deep.net", "-o", "run"]) == 0
    last = Path("run/2-still/last.safetensors").read_bytes()
    for path in (*Path("run/2-still/checkpoints").iterdir(), *Path("run/2-still").glob("*.safetensors")):
        path.unlink()
    manifest = Run(Path("run/2-still")).manifest
    Run(Path("run/2-still")).manifest = {name: value for name, value in manifest.items() if name != "result"}
    assert main(["train", "--resume", *words]) == 0
    assert Path("run/2-still/last.safetensors").read_bytes() == last
    capsys.readouterr()
    assert main(["train", "deep.net", "--only", "still"]) == 1
    assert "error[N845]: stage still begins with the weights of stage A" in capsys.readouterr().err


def test_the_first_stage_goes_on_alone(home: Path) -> None:
    """Its net is another than the plan's, and has no recipe beside it."""
    assert main(["train", "deep.net", "-o", "whole"]) == 0
    before = Path("whole/1-A/last.safetensors").read_bytes()
    for path in Path("whole/1-A/checkpoints").iterdir():
        path.unlink()
    for words in (["-o", "whole/1-A"], ["-o", "whole", "--only", "A"]):
        assert main(["train", "--resume", *words]) == 0
        assert Path("whole/1-A/last.safetensors").read_bytes() == before
    assert main(["train", "deep.net", "--only", "A", "-o", "alone"]) == 0
    assert main(["train", "--resume", "-o", "alone"]) == 0


def test_weights_that_began_a_run_may_be_gone_when_it_goes_on(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The checkpoint knows what became of them, of a plan as of one of its stages."""
    assert main(["train", "deep.net", "--only", "A", "-o", "first", "--epochs", "0.1"]) == 0
    Path("first/best.safetensors").rename("w.safetensors")
    for words in ([], ["--only", "A"]):
        mend = break_at(monkeypatch, 5)
        Path("run").mkdir()
        assert main(["train", "deep.net", "-o", "run", "--weights", "w.safetensors", *words]) == 3
        mend()
        Path("w.safetensors").rename("gone.safetensors")
        assert main(["train", "--resume", "-o", "run"]) == 0
        Path("gone.safetensors").rename("w.safetensors")
        rmtree("run")


def test_a_plan_is_no_single_run(home: Path, capsys: Captured) -> None:
    """Nor is a single run a plan: going on with one as the other is refused, and how to go on is said."""
    Path("one.yaml").write_text("batch: 100\nepochs: 1\n")
    assert main(["train", "deep.net"]) == 0
    assert main(["train", "deep.net", "--recipe", "one.yaml", "-o", "one"]) == 0
    capsys.readouterr()
    assert main(["train", "deep.net", "--resume", "--recipe", "one.yaml"]) == 1
    said = capsys.readouterr().err
    assert "error[N883]: runs/deep is a run of several stages" in said
    assert "its stages: 1-A, 2-still, 3-end" in said
    assert "netdef train --resume -o runs/deep" in said
    assert main(["train", "deep.net", "--resume", "--recipe", "deep.yaml", "-o", "one"]) == 1
    assert "error[N883]: one is a run of one net, without stages" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("init: still,", "init: still, net: absent.net,", "error[N873]: there is no net absent.net"),
        ("[conv]", "[conv9]", "error[N845]: stage A has no weights of conv9"),
        ("[conv]", "[conv, fc]", "error[N902]: the weight of fc is 10x64, and 10x144 is given"),
        ("init: still,", "init: still, batch: 30,", "error[N891]"),
    ],
)
def test_a_plan_is_checked_before_it_begins(home: Path, capsys: Captured, old: str, new: str, said: str) -> None:
    """What is wrong with a stage is said at once, and no folder is made, so that the mended plan may begin there."""
    assert old in PLAN
    Path("deep.yaml").write_text(PLAN.replace(old, new))
    assert main(["train", "deep.net", "-o", "run", "--passes", "4"]) == 1
    err = capsys.readouterr().err
    assert said in err
    assert "note: in stage " in err
    assert not Path("run").exists()


def test_a_mistake_names_its_stage_and_data_are_opened_once(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    opened = []
    sound = netdef.runtime.data.datasets.source.open_data

    def open_data(*asked: Any) -> Any:
        opened.append(asked)
        return sound(*asked)

    monkeypatch.setattr(netdef.runtime.data.datasets.source, "open_data", open_data)
    assert main(["train", "deep.net", "-o", "run", "--data", "absent"]) == 1
    err = capsys.readouterr().err
    assert "error[N710]" in err
    assert "note: in stage A" in err
    assert not Path("run").exists()
    opened.clear()
    assert main(["train", "deep.net", "-o", "run", "--epochs", "0.1", "--lr", "0.25"]) == 0
    assert len(opened) == 1
    err = capsys.readouterr().err
    assert "--lr 0.25 is for every stage, instead of 0.05 (A), 1e-30 (still), 0.05 (end)" in err
    assert "--epochs 0.1 is for every stage, instead of 1 epochs (A), 1 epochs (still), 2 epochs (end)" in err


def test_what_a_plan_does_not_fit(home: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured) -> None:
    """A plan or a stage that was changed since it broke off, be the stage finished, begun or still to come."""
    mend = break_at(monkeypatch, 20)
    assert main(["train", "deep.net", "-o", "run"]) == 3
    mend()
    for old, new, difference in (
        ("name: end", "name: last", "stages.3-last: nothing in the run, begins with all layers of still now"),
        ("[conv]", "[fc]", "stages.2-still: begins with conv of A in the run, begins with fc of A now"),
        ("lr: 0.05", "lr: 0.7", "recipe.lr.base: 0.05 in the run, 0.7 now"),
        ("weight_decay: 0}", "weight_decay: 1}", "recipe.solver.weight_decay: 0.0 in the run, 1.0 now"),
    ):
        assert old in PLAN
        text = PLAN.replace(old, new)
        if new == "[fc]":  # whose shapes differ between the nets
            text = text.replace("A, net: shallow.net", "A, net: deep.net")
        Path("deep.yaml").write_text(text)
        capsys.readouterr()
        assert main(["train", "--resume", "-o", "run"]) == 1
        said = capsys.readouterr().err
        assert "error[N883]: run" in said
        assert difference in said
        assert "iterations of" not in said, "nothing was trained"
    Path("deep.yaml").write_text(PLAN)
    assert main(["train", "--resume", "-o", "run"]) == 0, "what was wrong is mended"


@pytest.mark.parametrize("word", ["--dry-run", "--overfit-one-batch"])
def test_trying_a_plan(home: Path, capsys: Captured, word: str) -> None:
    """Each stage under its name; of a stage alone with the weights that are given."""
    Path("deep.yaml").write_text(PLAN.replace(", lr: 1e-30", ""))
    assert main(["train", "deep.net", word]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line for line in lines if line.startswith("stage ")] == ["stage A:", "stage still:", "stage end:"]
    assert lines[0] == "stage A:"
    for words in (["--only", "still"], []):
        assert main(["train", "deep.net", word, "--weights", "absent.npz", *words]) == 1
        assert "error[N904]" in capsys.readouterr().err
    write_weights("other.npz", {"fc": [np.zeros((10, 144))]})
    assert main(["train", "deep.net", word, "--weights", "other.npz", "--only", "still"]) == 1
    assert "error[N845]: other.npz has no weights of conv" in capsys.readouterr().err
    Path("deep.yaml").write_text(PLAN.replace("[conv]", "[conv9]"))
    assert main(["train", "deep.net", word]) == 1
    assert "error[N845]: stage A has no weights of conv9" in capsys.readouterr().err
    assert not Path("runs").exists()
