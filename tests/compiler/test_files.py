"""Where texts come from: the disk, unsaved texts over it, and what can be read only once."""

import io
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

import netdef
from netdef.cli import main
from netdef.compiler.diagnostics import Diagnostic, Report
from netdef.compiler.files import Files

NET = 'input "data" [1, 3, 8, 8]\nlayer "p" Pooling { kernel_size: 2 stride: 2 }\n'
PLAIN = """
name: "plain"
layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 1 dim: 3 dim: 8 dim: 8 } } }
layer { name: "p" type: "Pooling" bottom: "data" top: "p" pooling_param { kernel_size: 2 stride: 2 } }
"""


def codes(found: netdef.Analysis) -> list[str]:
    return [diagnostic.code for diagnostic in found.report]


def test_unsaved_texts_lie_over_the_disk(tmp_path: Path) -> None:
    main_file, blocks = tmp_path / "main.net", tmp_path / "blocks.net"
    main_file.write_text('include "blocks.net" input "data" [1, 3, 8, 8] b(3)')
    blocks.write_text('block b(n) { layer "p" Pooling { kernel_size: n } }')
    assert netdef.load(main_file).blobs["p"] == (1, 3, 6, 6)
    files = Files({str(tmp_path / "." / "blocks.net"): 'block b(n) { layer "q" Pooling { kernel_size: n } }'})
    assert netdef.load(main_file, files=files).blobs["q"] == (1, 3, 6, 6)
    found = netdef.analyse('include "blocks.net" input "data" [1, 3, 8, 8] b(4)', path=main_file, files=files)
    assert found.net is not None
    assert found.net.blobs["q"] == (1, 3, 5, 5)


def test_a_text_is_found_by_whatever_link_it_goes(tmp_path: Path) -> None:
    (tmp_path / "main.net").write_text('include "link.net"')
    (tmp_path / "blocks.net").write_text("nothing")
    (tmp_path / "link.net").symlink_to(tmp_path / "blocks.net")
    files = Files({str(tmp_path / "blocks.net"): NET})
    assert netdef.load(tmp_path / "main.net", files=files).blobs["p"] == (1, 3, 4, 4)
    (tmp_path / "blocks.net").write_text('include "main.net"')
    assert codes(netdef.analyse(path=tmp_path / "main.net")) == ["N311"]


def test_without_a_disk_there_are_only_the_texts(tmp_path: Path) -> None:
    (tmp_path / "there.net").write_text(NET)
    files = Files(
        {"main.net": 'include "sub/blocks.net"', "sub/blocks.net": 'include "../more.net"', "more.net": NET}, disk=False
    )
    assert netdef.load("main.net", files=files).blobs["p"] == (1, 3, 4, 4)
    assert codes(netdef.analyse(path=tmp_path / "there.net", files=files)) == ["N001"]
    circle = Files({"a.net": 'include "b.net"', "b.net": 'include "./a.net"'}, disk=False)
    assert codes(netdef.analyse(path="a.net", files=circle)) == ["N311"]


def standard_input(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))


@pytest.mark.parametrize("name", ["-", "/dev/stdin"])
@pytest.mark.parametrize(
    "command", ["check", "summary", "expand", "draw", "export", "verify", "summary --dense", "expand --phase TEST"]
)
def test_every_command_reads_the_standard_input_once(
    command: str, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    standard_input(monkeypatch, NET)
    verb, *options = command.split()
    out = {"draw": ["-o", "x.dot"], "export": ["--onnx", "-o", "x.onnx"]}.get(verb, [])
    assert main([verb, name, *options, *out]) == 0
    said = capsys.readouterr()
    assert "error" not in said.err
    if verb == "check":
        assert said.out == "<stdin>: fine: 2 layers, 0 parameters\n"


@pytest.mark.parametrize(("command", "made"), [("draw - -o x.dot", "x.dot"), ("export - --onnx", "stdin.onnx")])
def test_what_is_named_after_the_standard_input_is_called_stdin(
    command: str, made: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    standard_input(monkeypatch, NET)
    assert main(command.split()) == 0
    assert (tmp_path / made).is_file()


def test_mistakes_of_the_standard_input_bear_its_name(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    standard_input(monkeypatch, NET.replace("kernel_size", "kernal_size"))
    assert main(["check", "-", "--format", "concise"]) == 1
    assert capsys.readouterr().out.startswith("<stdin>:2:21: error[")


def test_a_pipe_is_read_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_text, args=(NET,))
    writer.start()
    assert main(["check", str(pipe)]) == 0
    writer.join(10)
    assert capsys.readouterr().out == f"{pipe}: fine: 2 layers, 0 parameters\n"


def test_another_pipe_of_the_same_name_is_another_text() -> None:
    """As a shell's <(...) gives them: /dev/fd/63 names another pipe in each command."""
    files, texts = Files(), (NET, NET.replace("kernel_size", "kernel_w"))
    for number, text in enumerate(texts):
        end, other = os.pipe()
        os.dup2(end, 100)
        os.write(other, text.encode())
        os.close(other)
        try:
            for _ in range(2):  # within a command, it is read once
                found = files.open("/dev/fd/100", Report())
                assert found is not None
                assert found.text == texts[number]
        finally:
            os.close(end)
            os.close(100)


def test_includes_of_the_standard_input_are_looked_up_in_the_working_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "blocks.net").write_text(NET)
    standard_input(monkeypatch, 'include "blocks.net"')
    assert netdef.load("-").blobs["p"] == (1, 3, 4, 4)


def test_a_closed_standard_input_is_a_mistake(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    report = Report()
    assert Files().open("-", report) is None
    assert [diagnostic.message for diagnostic in report] == ["<stdin> cannot be read: it is closed"]


def test_processes_that_are_started_read_what_was_read(monkeypatch: pytest.MonkeyPatch) -> None:
    standard_input(monkeypatch, NET)
    files = Files()
    assert netdef.load("-", files=files).blobs["p"] == (1, 3, 4, 4)
    read = [sys.executable, "-c", "import netdef; print(netdef.load('-').blobs['p'])"]
    with files.hand_on_stdin():
        done = subprocess.run(read, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=True)
    assert done.stdout == "(1, 3, 4, 4)\n"
    assert not [name for name in os.environ if name.startswith("NETDEF_STDIN")]


def test_where_texts_come_from_is_shown() -> None:
    assert repr(Files({"a.net": ""}, disk=False)) == "<Files: a.net>"
    assert repr(Files()) == "<Files: the disk>"


@pytest.mark.parametrize("leading_out", ["../secret.net", "/etc/hostname", "link.net", "sub/../../secret.net"])
def test_an_include_stays_in_the_nets_folder_or_the_working_one(
    leading_out: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stranger's net would show lines of any file, as those of a mistake."""
    (tmp_path / "secret.net").write_text("a secret")
    home = tmp_path / "home"
    (home / "sub").mkdir(parents=True)
    (home / "link.net").symlink_to(tmp_path / "secret.net")
    (home / "more.net").write_text(NET)
    (home / "main.net").write_text(f'include "{leading_out}"')
    monkeypatch.chdir(home)
    found = analyse_file(home / "main.net")
    assert [(each.code, "leads out of the net's folder" in each.message) for each in found] == [("N311", True)]
    (home / "sub/main.net").write_text('include "../more.net"')
    assert "N311" not in {each.code for each in analyse_file(Path("sub/main.net"))}, "from the working folder"
    monkeypatch.chdir(tmp_path)
    if leading_out.endswith("secret.net") or leading_out == "link.net":
        assert "N311" not in {each.code for each in analyse_file(Path("home/main.net"))}, "in the working folder now"


def analyse_file(path: Path) -> list[Diagnostic]:
    return list(netdef.analyse(path=str(path)).report)
