"""A plain install from the checkout, into an environment of its own."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.mark.long
def test_pip_install_brings_lark_alone_and_seven_commands(tmp_path: Path) -> None:
    """Half a minute, and pip's index. tests/compiler/test_extras.py tries all commands without either."""
    subprocess.run([sys.executable, "-m", "venv", str(tmp_path / "venv")], check=True)
    programs, checkout = tmp_path / "venv/bin", tmp_path / "checkout"
    checkout.mkdir()
    for name in ("compiler", "netdef", "nets", "runtime", "pyproject.toml", "README.md", "LICENSE"):
        subprocess.run(
            ["cp", "-a", str(ROOT / name), str(checkout)], check=True
        )  # what pip builds would stay beside it

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=False)

    installed = run(str(programs / "pip"), "install", "--quiet", "--disable-pip-version-check", str(checkout))
    assert installed.returncode == 0, installed.stderr
    listed = run(str(programs / "pip"), "list", "--format=freeze", "--disable-pip-version-check").stdout
    assert {line.split("==")[0] for line in listed.split()} == {"lark", "netdef-compiler", "pip", "setuptools"}
    for words in (
        "new vgg16",
        "check vgg16.net",
        "summary vgg16.net",
        "expand vgg16.net",
        "draw vgg16.net -o vgg16.dot",
        "layers Convolution",
        "explain N010",
    ):
        done = run(str(programs / "netdef"), *words.split())
        assert (done.returncode, done.stderr) == (0, ""), words
        assert done.stdout
    refused = run(str(programs / "netdef"), "train", "vgg16.net")
    assert refused.returncode == 1
    assert "pip install 'netdef-compiler[train]'" in refused.stderr
