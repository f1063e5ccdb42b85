"""The manual of mistakes: what it shows is what netdef says, and every code is in it.

``pytest tests/compiler/test_explain.py --rewrite`` writes the transcripts anew; read them before they are committed.
"""

import re
import shlex
from pathlib import Path

import pytest

from netdef.cli import main
from netdef.compiler import explain
from netdef.compiler.diagnostics import CODE_GROUPS, group_of
from netdef.compiler.layers import catalogue
from netdef.compiler.net_error import NetError

ROOT = Path(__file__).parent.parent.parent
CODE = re.compile(r"\bN\d{3,4}\b")


def raised() -> dict[str, str]:
    """Each code that the source raises, and a file that does."""
    files = [path for folder in ("compiler", "runtime", "netdef/commands") for path in (ROOT / folder).rglob("*.py")]
    found: dict[str, str] = {}
    for path in [*files, *(ROOT / "netdef").glob("*.py")]:
        if path.parent != explain.FOLDER:
            found |= dict.fromkeys(re.findall(r'"(N\d{3,4})"', path.read_text("utf-8")), str(path.relative_to(ROOT)))
    return found


def transcribe(command: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> str:
    """A command line and what it says on stderr; of a Python traceback, the end."""
    words = shlex.split(command)
    while "=" in words[0]:
        monkeypatch.setenv(*words.pop(0).split("=", 1))
    if words[0] == "netdef":
        main(words[1:])
        said = capsys.readouterr().err.rstrip()
    else:
        assert words[:2] == ["python", "-c"]
        with pytest.raises(NetError) as caught:
            exec(words[2])
        said = f"{NetError.__module__}.{NetError.__qualname__}: {caught.value}"
    return f"$ {command}\n{said}\n"


@pytest.mark.parametrize("code", explain.codes())
def test_the_transcript_is_what_netdef_says(
    code: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    monkeypatch.chdir(explain.FOLDER)
    transcript = Path(f"{code}.txt")
    written = transcript.read_text("utf-8") if transcript.exists() else ""
    first = written.split("\n", 1)[0]
    command = first.removeprefix("$ ") if first.startswith("$ ") else f"netdef check {code}.net"
    with catalogue.restored():
        said = transcribe(command, capsys, monkeypatch)
    if request.config.getoption("--rewrite"):
        transcript.write_text(said, "utf-8")
    else:
        assert said == written
    assert f"[{code}]" in said


@pytest.mark.parametrize("code", explain.codes())
def test_a_page_has_a_title_an_explanation_and_an_example(code: str) -> None:
    page = explain.page(code)
    assert page.title[0].isupper()
    assert page.title[-1] not in ".!"
    assert len(page.title) < 80
    assert len(page.explanation) > 60
    assert not CODE.search(page.title)
    assert group_of(page.code) in CODE_GROUPS


def test_every_code_that_is_raised_is_explained_and_the_other_way_round() -> None:
    assert {code: file for code, file in raised().items() if code not in explain.codes()} == {}
    assert set(explain.codes()) - set(raised()) == set()


def test_no_file_belongs_to_no_code() -> None:
    names = {path.name for path in explain.FOLDER.iterdir() if path.is_file()} - {"__init__.py"}
    assert {name for name in names if re.split(r"[._]", name)[0] not in explain.codes()} == set()
