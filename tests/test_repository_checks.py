"""What other repositories take from this one: hooks for pre-commit, and an action for GitHub, run as they stand."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from netdef.cli import COMMANDS

ROOT = Path(__file__).parent.parent
HOOKS = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text("utf-8"))
ACTION = yaml.safe_load((ROOT / ".github/actions/check/action.yml").read_text("utf-8"))

SOUND = 'name: "sound"\ninput "data" [1, 3, 8, 8]\nlayer "fc" InnerProduct { num_output: 2 }\n'
WRONG = 'input "data" [1, 3, 8, 8]\nlayer "conv" Convolution { num_output: 2 kernel_size: 9 }\n'
UGLY = "name : 'ugly'\ninput \"data\" [1,3]\n"


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A git repository that has netdef on its path, as one in which it was installed."""
    if shutil.which("git") is None:
        pytest.skip("git is not installed")
    folder = tmp_path / "repository"
    folder.mkdir()
    subprocess.run(["git", "init", "--quiet", folder], check=True)
    program = tmp_path / "bin/netdef"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m netdef "$@"\n')
    program.chmod(0o755)
    return folder


def put(repository: Path, **texts: str) -> None:
    for name, text in texts.items():
        (repository / f"{name}.net").write_text(text)
    subprocess.run(["git", "add", "--all"], cwd=repository, check=True)


def run(command: list[str], repository: Path, **environ: str) -> "subprocess.CompletedProcess[str]":
    path = os.pathsep.join([str(repository.parent / "bin"), os.environ["PATH"]])
    environment = {**os.environ, "PATH": path, **environ}
    return subprocess.run(command, cwd=repository, env=environment, capture_output=True, text=True, check=False)


# ---- pre-commit
@pytest.mark.parametrize("hook", HOOKS, ids=lambda hook: hook["id"])
def test_a_hook_has_what_pre_commit_asks_for(hook: dict[str, Any]) -> None:
    """Required are id, name, entry and language (pre-commit.com, "Creating new hooks"); python installs the package."""
    assert {"id", "name", "entry", "language", "files"} <= set(hook)
    assert hook["language"] == "python"
    program, command, *_ = hook["entry"].split()
    assert (program, command in COMMANDS) == ("netdef", True)
    assert [bool(re.search(hook["files"], name)) for name in ("a/b.net", "solver.prototxt", "network.py")] == [
        True, True, False,
    ]  # fmt: skip


def test_the_hooks_entries_check_and_format_files(repository: Path) -> None:
    put(repository, sound=SOUND, wrong=WRONG, ugly=UGLY)
    entries = {hook["id"]: hook["entry"].split() for hook in HOOKS}
    assert run([*entries["netdef-check"], "sound.net"], repository).returncode == 0
    done = run([*entries["netdef-check"], "sound.net", "wrong.net"], repository)
    assert done.returncode == 1
    assert "error[N204]" in done.stderr
    assert run([*entries["netdef-fmt"], "ugly.net"], repository).returncode == 0
    assert (repository / "ugly.net").read_text() == 'name: "ugly"\ninput "data" [1, 3]\n'


# ---- the action
def script(name: str) -> str:
    """What a step of the action runs."""
    (step,) = (step for step in ACTION["runs"]["steps"] if step.get("name") == name)
    text: str = step["run"]
    return text


def act(repository: Path, **inputs: str) -> "subprocess.CompletedProcess[str]":
    """The checking step, with the action's inputs; then the step that ends the job, whose status is returned."""
    given = {name: words["default"] for name, words in ACTION["inputs"].items()} | inputs
    output = repository.parent / "output"
    environ = {name.upper(): given[name] for name in ("files", "args", "sarif", "format")}
    # GitHub's own way to run a script of bash: docs.github.com, "Workflow syntax", jobs.<job_id>.steps[*].shell
    bash = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c"]
    done = run([*bash, script("Check")], repository, GITHUB_OUTPUT=str(output), **environ)
    if done.returncode:
        return done
    name, _, status = output.read_text().splitlines()[-1].partition("=")
    assert name == "status"
    ended = run([*bash, script("Tell whether anything is an error")], repository, STATUS=status)
    done.returncode = ended.returncode
    return done


def test_sound_nets_end_the_action_with_success(repository: Path) -> None:
    put(repository, sound=SOUND)
    done = act(repository)
    assert done.returncode == 0, done.stderr
    assert "sound.net: fine: 2 layers" in done.stdout
    assert json.loads((repository / "netdef.sarif").read_text())["runs"][0]["results"] == []


def test_mistakes_are_in_the_file_for_code_scanning_and_end_the_action_with_failure(repository: Path) -> None:
    put(repository, sound=SOUND, wrong=WRONG)
    done = act(repository)
    assert done.returncode == 1
    assert "error[N204]" in done.stderr
    (result,) = json.loads((repository / "netdef.sarif").read_text())["runs"][0]["results"]
    assert result["ruleId"] == "N204"
    (place,) = result["locations"]
    assert place["physicalLocation"]["artifactLocation"]["uri"] == "wrong.net"  # as the checkout has it


def test_names_with_blanks_and_files_that_git_does_not_know(repository: Path) -> None:
    put(repository, **{"two words": SOUND})
    (repository / "unknown.net").write_text(WRONG)
    done = act(repository)
    assert done.returncode == 0, done.stderr
    assert "two words.net: fine" in done.stdout
    assert "unknown" not in done.stdout + done.stderr


def test_arguments_are_handed_on_and_nothing_in_them_is_run(repository: Path) -> None:
    put(repository, sound=SOUND)
    done = act(repository, args="--size data=1x3x7..9x8")
    assert done.returncode == 1
    assert "error[N515]" in done.stderr
    act(repository, args="$(touch stolen) `touch stolen` ; touch stolen", files="*.net;touch${IFS}stolen")
    assert not (repository / "stolen").exists()


def test_the_style_is_asked_for_if_it_is_to_be(repository: Path) -> None:
    put(repository, ugly=UGLY)
    assert act(repository).returncode == 0
    done = act(repository, format="true")
    assert done.returncode == 1
    assert '+name: "ugly"' in done.stdout


def test_a_repository_without_nets_is_told(repository: Path) -> None:
    put(repository)
    done = act(repository, files="models/*.prototxt")
    assert done.returncode == 1
    assert "netdef: no file of this repository is named models/*.prototxt" in done.stderr


def test_what_is_found_is_uploaded_from_where_it_was_written() -> None:
    (upload,) = (step for step in ACTION["runs"]["steps"] if "upload-sarif" in step.get("uses", ""))
    assert upload["with"]["sarif_file"] == "${{ inputs.sarif }}"
    assert ACTION["runs"]["using"] == "composite"
    assert all("shell" in step for step in ACTION["runs"]["steps"] if "run" in step)


def test_readme_names_hooks_and_inputs_that_are_there() -> None:
    blocks = re.findall(r"```yaml\n(.*?)```", (ROOT / "README.md").read_text("utf-8"), re.DOTALL)
    config, workflow = (yaml.safe_load(block) for block in blocks[:2])
    (repo,) = config["repos"]
    assert {hook["id"] for hook in repo["hooks"]} == {hook["id"] for hook in HOOKS}
    assert set(workflow["steps"][-1]["with"]) <= set(ACTION["inputs"])
