"""The lines of a box stand in its middle, whatever font the reader has."""

import re
import shutil
from pathlib import Path

import pytest

import netdef
from netdef.compiler.views.centred import centred
from netdef.compiler.views.draw import drawing
from netdef.compiler.views.graphviz_program import PORT
from tests.programs import leave_only

NETS = Path(__file__).parents[3] / "nets"
BOX = """\
<g id="node1" class="node">
<title>n0</title>
<g id="a_node1"><a xlink:title="data: Input">
<path fill="#eeeeee" stroke="#777777" d="M130.5,-748C130.5,-748 100.5,-748 100.5,-748 94.5,-748 88.5,-742 142.5,-718"/>
<text text-anchor="start" x="100" y="-732.9" font-weight="bold">data</text>
<text xml:space="preserve" text-anchor="start" x="101.5" y="-719.9">Input</text>
</a>
</g>
</g>
"""
TITLE_OF_A_FRAME = """\
<g id="node2" class="node">
<text text-anchor="start" x="212" y="-650">stage(1)</text>
</g>
"""
SHAPE_AT_AN_ARROW = """\
<g id="edge1" class="edge">
<path fill="none" stroke="#666666" d="M10,-711C10,-704 10,-693 10,-683"/>
<text text-anchor="middle" x="40" y="-694.5">1x1x8x8</text>
</g>
"""


def test_lines_are_tied_to_the_middle_of_their_box() -> None:
    shown = centred(BOX)
    assert re.findall(r'text-anchor="(\w+)" x="([^"]*)"', shown) == [("middle", "115.50")] * 2
    assert re.sub("<text.*?>", "", shown) == re.sub("<text.*?>", "", BOX)


def test_texts_in_no_box_stay() -> None:
    assert centred(BOX + TITLE_OF_A_FRAME + SHAPE_AT_AN_ARROW).endswith(TITLE_OF_A_FRAME + SHAPE_AT_AN_ARROW)


@pytest.mark.parametrize("program", ["dot", PORT])
@pytest.mark.parametrize("form", ["svg", "html"])
def test_no_box_of_a_net_has_a_line_from_the_left(
    program: str, form: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not installed")
    leave_only(tmp_path, monkeypatch, program, real=True)
    shown = drawing(netdef.load(NETS / "vgg16.net"), form).decode()
    from_left = re.findall(r'text-anchor="start"[^>]*>([^<]*)', shown)
    assert from_left
    assert all(re.match(r"stage|classifier", text) for text in from_left)  # the titles of frames
