"""Settings without effect: each is named, and what a run remembers is what held."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from netdef.cli import main
from netdef.compiler.diagnostics import Diagnostic
from netdef.compiler.source import Source
from netdef.runtime.run import Run
from netdef.runtime.training.recipe.yaml_recipe import parse_recipe

h5py = pytest.importorskip("h5py")

NET = """
layer "rows" HDF5Data {{ top: ["data", "label"] source: "rows.txt" batch_size: 4 include {{ phase: TRAIN }} }}
layer "rows" HDF5Data {{ top: ["data", "label"] source: "rows.txt" batch_size: 3 include {{ phase: TEST }} }}
layer "fc" InnerProduct {{ bottom: "data" num_output: 2 weight_filler {{ type: "xavier" }} }}
layer "loss" SoftmaxWithLoss {{ bottom: ["fc", "label"] }}
{}
"""
IMAGES = """
layer "in" ImageData {
  top: ["data", "label"] source: "list.txt" batch_size: 50 new_height: 6 new_width: 6
  transform_param { mirror: true mean_value: 100 crop_size: 4 }
}
layer "fc" InnerProduct { bottom: "data" num_output: 10 weight_filler { type: "xavier" } }
layer "loss" SoftmaxWithLoss { bottom: ["fc", "label"] }
"""
PLAIN = "iterations: 2\nlr: 0.1\n"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with a net that its own rows feed."""
    monkeypatch.chdir(tmp_path)
    with h5py.File("rows.h5", "w") as file:
        file["data"], file["label"] = np.eye(6), np.arange(6) % 2
    Path("rows.txt").write_text("rows.h5\n")
    Path("net.net").write_text(NET.format(""))
    return tmp_path


def warned(err: str) -> list[str]:
    """The first lines of the warnings."""
    return [line.partition(": ")[2] for line in err.splitlines() if line.startswith("warning[N851]")]


def recipe_of(run: str) -> dict[str, Any]:
    recipe: dict[str, Any] = Run(Path(run)).manifest["identity"]["recipe"]
    return recipe


def weights(run: str) -> bytes:
    return Path(run, "last.safetensors").read_bytes()


def test_what_data_layers_decide(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (home / "plain.yaml").write_text(PLAIN)
    (home / "more.yaml").write_text(
        f"{PLAIN}batch: 20\naugment: {{mirror: true, rgb_shift: 0.1}}\ntest: {{batch: 7, batches: 2, scale: 64}}\n"
    )
    assert main(["train", "net.net", "--recipe", "plain.yaml", "-o", "plain"]) == 0
    assert warned(capsys.readouterr().err) == []
    assert main(["train", "net.net", "--recipe", "more.yaml", "-o", "more"]) == 0
    err = capsys.readouterr().err
    names = "batch, augment.mirror, augment.rgb_shift, test.batch and test.scale"
    assert warned(err) == [f"{names} have no effect: the net's data layers feed it"]
    for line in ("more.yaml:3:1", "a batch has 4: the data", "a batch has 3: the data", "shifts no colours"):
        assert line in err
    assert weights("plain") == weights("more")
    recipe = recipe_of("more")
    assert "augment" not in recipe
    assert (recipe["batch"], recipe["test"]["batch"], recipe["test"]["scale"]) == (4, 3, None)


def test_options_for_other_data(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", "net.net", "--epochs", "1", "--batch", "3", "--test-data", "digits", "-o", "run"]) == 0
    assert warned(capsys.readouterr().err) == ["--test-data has no effect: the net's data layers feed it"]
    assert recipe_of("run")["batch"] == 3, "asked for here and now"


def test_what_data_layers_say_beside_other_data(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (home / "net.net").write_text(IMAGES)
    (home / "net.yaml").write_text(f"{PLAIN}batch: 8\n")
    assert main(["train", "net.net", "--data", "synthetic", "-o", "run"]) == 0
    err = capsys.readouterr().err
    names = "batch_size and transform_param { mirror mean_value }"
    assert warned(err) == [f"{names} have no effect: synthetic feeds the net"]
    assert "net.net:3:" in err
    assert "a batch has 8, as the recipe or --batch says" in err
    assert "a test takes" not in err, "a layer of both phases is named once"
    (home / "net.net").write_text(IMAGES.replace("mirror: true mean_value: 100", "") + "preprocess { channels: BGR }")
    assert main(["train", "net.net", "--data", "synthetic", "-o", "other"]) == 0
    assert warned(capsys.readouterr().err) == ["batch_size has no effect: synthetic feeds the net"]


def notes(text: str) -> list[Diagnostic]:
    return list(parse_recipe(Source("<recipe>", text)).report)


def test_a_batch_of_tests_without_a_length() -> None:
    (warning,) = notes("test: {batch: 7}")
    assert warning.primary is not None
    assert (warning.code, warning.primary.span.text) == ("N851", "batch")
    assert notes("test: {batch: 7, batches: 2}") == notes("test: {batches: 2}") == []
    stages = "stages: [{name: a}, {name: b}, {name: c, test: {batches: 3}}]"
    assert len(notes(f"test: {{batch: 7}}\n{stages}")) == 1, "said once of all stages"
    assert notes(f"test: {{batch: 7}}\n{stages.replace('{name: a}, {name: b}, ', '')}") == []


def test_settings_of_a_stage_have_their_own_places() -> None:
    text = "batch: 8\naugment: {mirror: true}\nstages: [{name: a, batch: 9}, {name: b, augment: {crop: centre}}]"
    places = parse_recipe(Source("<recipe>", text)).places
    assert [text[places[stage]["batch"].start :][:8] for stage in (None, "a", "b")] == [
        "batch: 8",
        "batch: 9",
        "batch: 8",
    ]
    assert {"augment.mirror", "augment.crop"} <= places["b"].keys()
    assert "augment.crop" not in places["a"]


def test_a_run_of_data_layers_is_resumed(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (home / "net.yaml").write_text(f"{PLAIN}batch: 20\n")
    assert main(["train", "net.net", "-o", "run"]) == 0
    assert main(["train", "--resume", "-o", "run"]) == 0
    assert json.loads(Path("run/manifest.json").read_text())["result"]
