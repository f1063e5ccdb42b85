"""Run folders: where they are, what is in them, and what is refused."""

import json
from pathlib import Path

import pytest

from netdef.compiler.diagnostics import Diagnostic
from netdef.compiler.net_error import NetError
from netdef.compiler.weights.formats.run_folder import best_weights
from netdef.runtime.run import (
    Run,
    file_name,
    launched_run,
    new_run,
    newest_run,
    put_aside,
    refuse_another,
    run_in,
    stored_checkpoints,
)
from netdef.runtime.trained_run import trained_run


def mistake(error: pytest.ExceptionInfo[NetError]) -> Diagnostic:
    (found,) = error.value.report
    return found


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def begun(path: Path | None, name: str = "net") -> Run:
    run = new_run(path, name)
    run.begin({"net": name})
    return run


def test_a_run_is_called_after_its_net_and_numbered(here: Path) -> None:
    paths = [begun(None, "VGG 16/a").path for _ in range(3)]
    assert [str(path) for path in paths] == ["runs/VGG-16-a", "runs/VGG-16-a-2", "runs/VGG-16-a-3"]
    assert all((path / "checkpoints").is_dir() for path in paths)


def test_names_are_fit_for_files() -> None:
    assert [file_name(name) for name in ("a b", "..", "", "é/é", "v1.0")] == ["a-b", "net", "net", "é-é", "v1.0"]


def test_a_folder_that_is_taken_is_refused(here: Path) -> None:
    begun(Path("mine"))
    Path("other").mkdir()
    (Path("other") / "file").touch()
    (Path("empty")).mkdir()
    with pytest.raises(NetError) as error:
        new_run(Path("mine"), "net")
    assert (mistake(error).code, mistake(error).help) == ("N881", "--resume goes on with the run in mine")
    with pytest.raises(NetError) as error:
        new_run(Path("other"), "net")
    assert (mistake(error).code, mistake(error).help) == ("N881", "choose another with -o")
    assert new_run(Path("empty"), "net").path == Path("empty")


def test_of_two_that_begin_in_one_folder_one_is_refused(here: Path) -> None:
    """Both saw it empty; what the first has said of its run is not written over."""
    first, second = (new_run(Path("mine"), "net") for _ in range(2))
    first.begin({"command": "first"})
    with pytest.raises(NetError) as error:
        second.begin({"command": "second"})
    assert (mistake(error).code, mistake(error).help) == ("N881", "--resume goes on with the run in mine")
    assert first.manifest["command"] == "first"
    assert [path.name for path in Path("mine").iterdir() if path.is_file()] == ["manifest.json"]


def test_the_newest_run_of_a_net_is_found(here: Path) -> None:
    first, second = begun(None, "a"), begun(None, "a")
    begun(None, "a-b")
    (first.checkpoints / "1").touch()
    assert newest_run("a").path == first.path
    (second.checkpoints / "2").touch()
    assert newest_run("a").path == second.path


@pytest.mark.parametrize("name", ["b", "digits"])
def test_no_run_to_go_on_with(here: Path, name: str) -> None:
    begun(None, "a")
    with pytest.raises(NetError) as error:
        newest_run(name)
    assert mistake(error).code == "N882"
    with pytest.raises(NetError) as error:
        run_in(Path(name))
    assert mistake(error).code == "N882"


def test_weights_know_their_run(here: Path) -> None:
    run = begun(Path("mine"))
    with pytest.raises(NetError) as error:
        best_weights(run.path)
    assert mistake(error).code == "N885"
    run.best.touch()
    assert best_weights(run.path) == run.best
    assert best_weights(Path("file.npz")) == Path("file.npz")
    for weights in (run.path, run.best):
        found = trained_run(str(weights))
        assert found is not None
        assert found.folder == run.path
    assert trained_run("file.npz") is None


def test_metrics_are_cut_where_a_run_goes_on(here: Path) -> None:
    run = begun(Path("mine"))
    assert run.cut_back(3) == 0.0
    run.log({"iteration": i, "seconds": i / 10} for i in range(1, 8))
    with run.metrics.open("a") as file:
        file.write('{"iteration": 8, "sec')  # killed while it wrote
    assert run.cut_back(7) == 0.7
    assert run.cut_back(5) == 0.5
    run.log([{"iteration": 6, "seconds": 9.0}])
    assert [json.loads(line)["iteration"] for line in run.metrics.read_text().splitlines()] == [1, 2, 3, 4, 5, 6]


def test_the_evaluations_are_found_among_the_metrics(here: Path) -> None:
    run = begun(Path("mine"))
    run.log({"iteration": i} | ({"top1_error": i / 10} if i % 2 == 0 else {}) for i in range(1, 6))
    assert run.evaluations == [{"iteration": 2, "top1_error": 0.2}, {"iteration": 4, "top1_error": 0.4}]


def test_another_recipe_or_net_is_refused_with_the_difference(here: Path) -> None:
    run = begun(Path("mine"))
    identity = {"recipe": {"batch": 64, "lr": {"base": 0.1}}, "net": {"conv1": "a", "conv2": "b"}}
    run.manifest = {"identity": identity, "command": "netdef train a.net"}
    refuse_another(run, identity)
    with pytest.raises(NetError) as error:
        refuse_another(run, {"recipe": {"batch": 64, "lr": {"base": 0.2}}, "net": {"conv1": "a", "conv3": "c"}})
    assert mistake(error).code == "N883"
    assert mistake(error).notes == (
        "recipe.lr.base: 0.1 in the run, 0.2 now",
        "net.conv2: b in the run, nothing now",
        "net.conv3: nothing in the run, c now",
    )
    many = {"net": {f"conv{i}": "x" for i in range(1, 10)}}
    with pytest.raises(NetError) as error:
        refuse_another(run, many)
    assert mistake(error).notes[-1] == "and 6 more"


def test_a_manifest_that_is_none(here: Path) -> None:
    run = begun(Path("mine"))
    (run.path / "manifest.json").write_text("{")
    with pytest.raises(NetError) as error:
        _ = run.manifest
    assert mistake(error).code == "N882"


def test_what_was_left_half_written_goes_when_the_run_goes_on(here: Path) -> None:
    run = new_run(Path("run"), "x")
    (run.path / ".unfinished-1.safetensors").touch()
    (run.path / "metrics.jsonl").touch()
    with run.held():
        assert [path.name for path in run.path.iterdir()] == ["metrics.jsonl"]


def test_what_lies_beside_checkpoints_is_none(tmp_path: Path) -> None:
    """A copy that somebody keeps, 00000046-backup.safetensors, ended going on with status 3."""
    names = ("00000046.safetensors", "123456789.safetensors", "00000046-backup.safetensors", "1 2.safetensors")
    for name in (*names, "46e1.safetensors", "\N{SUPERSCRIPT TWO}.safetensors", f"{'9' * 200}.safetensors"):
        (tmp_path / name).touch()
    assert [path.name for path in stored_checkpoints(tmp_path)] == ["123456789.safetensors", "00000046.safetensors"]
    put_aside(tmp_path, 46)
    assert [path.name for path in stored_checkpoints(tmp_path)] == ["00000046.safetensors"]


def test_a_damaged_run_of_others_is_in_nobodys_way(here: Path) -> None:
    begun(Path("runs/other"))
    Path("runs/other/manifest.json").write_text("[]")
    assert launched_run(None, "mine") is None
