"""Completion, asked for as bash does when somebody presses Tab."""

import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from netdef.cli import COMMANDS, main
from netdef.options.completion import SHELLS

pytest.importorskip("shtab")

TAB = """
source {script}
COMP_WORDS=({words})
COMP_CWORD=$(({number} - 1))
COMP_LINE="${{COMP_WORDS[*]}}"
COMP_POINT=${{#COMP_LINE}}
function=$(complete -p netdef | sed 's/.*-F \\([^ ]*\\).*/\\1/')
$function netdef "${{COMP_WORDS[COMP_CWORD]}}" "${{COMP_WORDS[COMP_CWORD - 1]}}"
printf '%s\\n' "${{COMPREPLY[@]}}"
"""


@pytest.fixture(scope="module")
def script(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from contextlib import redirect_stdout

    path = tmp_path_factory.mktemp("completion") / "netdef.bash"
    with path.open("w") as file, redirect_stdout(file):
        assert main(["--print-completion", "bash"]) == 0
    return path


def tab(script: Path, folder: Path, *words: str) -> set[str]:
    """What bash offers for the last of some words."""
    text = TAB.format(script=script, words=" ".join(map(shlex.quote, words)), number=len(words))
    done = subprocess.run(["bash", "-c", text], cwd=folder, capture_output=True, text=True, check=True)
    return {word.strip() for word in done.stdout.splitlines() if word.strip()}


@pytest.mark.skipif(shutil.which("bash") is None, reason="bash is not installed")
def test_bash_completes(script: Path, tmp_path: Path) -> None:
    (tmp_path / "vgg16.net").touch()
    assert set(COMMANDS) <= tab(script, tmp_path, "netdef", "")
    assert tab(script, tmp_path, "netdef", "su") == {"summary"}
    assert tab(script, tmp_path, "netdef", "summary", "--blo") == {"--blocks"}
    assert tab(script, tmp_path, "netdef", "summary", "--format", "") == {"table", "json", "csv", "markdown"}
    assert tab(script, tmp_path, "netdef", "summary", "vg") == {"vgg16.net"}
    assert tab(script, tmp_path, "netdef", "explain", "N20") >= {"N201", "N209"}
    assert tab(script, tmp_path, "netdef", "new", "resnet") == {"resnet50"}
    assert "Convolution" in tab(script, tmp_path, "netdef", "layers", "Conv")


@pytest.mark.parametrize("shell", SHELLS)
def test_every_shell_has_its_script(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--print-completion", shell]) == 0
    text = capsys.readouterr().out
    assert all(command in text for command in COMMANDS)
    if (program := shutil.which(shell)) and shell != "tcsh":
        subprocess.run([program, "-n"], input=text, text=True, check=True)


def test_an_unknown_shell_is_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["--print-completion", "fsh"])
    assert caught.value.code == 2
    assert "did you mean zsh?" in capsys.readouterr().err
