"""netdef explain: the pages of the manual of mistakes, and its contents."""

import json

import pytest

from netdef.cli import main
from netdef.compiler import explain

Captured = pytest.CaptureFixture[str]


def test_explain_prints_the_page(capsys: Captured) -> None:
    assert main(["explain", "n204"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("N204: A window that does not fit the image\n\nA window must lie within")
    assert (explain.FOLDER / "N204.txt").read_text().rstrip() in out
    assert '\n   9  layer "conv2" Convolution { num_output: 50 kernel_size: 7 }\n' in out


def test_explain_lists_all_codes_by_their_law(capsys: Captured) -> None:
    assert main(["explain"]) == 0
    out = capsys.readouterr().out
    assert all(f"  {code:5}  {explain.title(code)}\n" in out + "\n" for code in explain.codes())
    assert out.index("N2  a layer: its parameters and its shapes") < out.index("  N204  ") < out.index("N3  blocks")


def test_explain_does_not_know_every_code(capsys: Captured) -> None:
    assert main(["explain", "N2044"]) == 2
    assert (
        capsys.readouterr().err == "netdef: there is no code N2044; did you mean N204? netdef explain lists them all\n"
    )


def test_explain_in_json(capsys: Captured) -> None:
    assert main(["explain", "N311", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert list(found["files"]) == ["N311.net", "N311_blocks.net"]
    assert main(["explain", "--json"]) == 0
    assert list(json.loads(capsys.readouterr().out)) == explain.codes()
