"""What a net shows of itself in a Python shell and in a notebook: what the commands print and write."""

import pickle
import sys
from html import unescape
from pathlib import Path
from xml.etree import ElementTree

import pytest

import netdef
from netdef.cli import main
from netdef.compiler.request import UsageError
from netdef.compiler.views import shown_net
from netdef.compiler.views.summary import FORMATS
from tests.nets import net_of

NETS = Path(__file__).parents[3] / "nets"
LENET = NETS / "lenet.net"
SVG = "{http://www.w3.org/2000/svg}"


def texts(svg: str) -> set[str]:
    """What a drawing says, as XML's own reader finds it."""
    return {"".join(text.itertext()) for text in ElementTree.fromstring(svg).iter(f"{SVG}text")}


@pytest.mark.parametrize("format", FORMATS)
def test_the_summary_is_the_commands(format: str, capsys: pytest.CaptureFixture[str]) -> None:
    summary = netdef.load(LENET).summary(format)
    assert main(["summary", str(LENET), "--format", format]) == 0
    assert repr(summary) + "\n" == capsys.readouterr().out  # as a shell shows it


def test_an_unknown_format_is_wrong_usage() -> None:
    with pytest.raises(UsageError, match="format: 'yaml' is not table or json or csv or markdown"):
        netdef.load(LENET).summary("yaml")


def test_a_drawing_is_written_as_the_command_does(tmp_path: Path) -> None:
    assert netdef.load(LENET).draw(tmp_path / "own.dot") == tmp_path / "own.dot"
    assert main(["draw", str(LENET), "-o", str(tmp_path / "other.dot")]) == 0
    assert (tmp_path / "own.dot").read_text("utf-8") == (tmp_path / "other.dot").read_text("utf-8")
    with pytest.raises(netdef.NetError, match="no drawing has this suffix"):
        netdef.load(LENET).draw(tmp_path / "own.txt")


def test_a_drawing_without_a_name_is_for_notebooks() -> None:
    drawing = netdef.load(LENET).draw()
    assert {"conv1", "pool1", "prob"} <= texts(drawing._repr_svg_())
    assert len(repr(drawing)) < 120


def test_a_notebook_shows_summary_and_drawing() -> None:
    net = netdef.load(LENET)
    page = net._repr_html_()
    assert net.summary() in unescape(page)
    assert texts(page[page.index("<svg") : page.index("</svg>") + 6]) == texts(net.draw())


def test_a_name_is_text_in_a_notebook_too() -> None:
    page = net_of('name: "<script>" input "data" [1, 2] layer "<b>x" ReLU')._repr_html_()
    assert "<script>" not in page
    assert "<b>" not in page


def test_a_net_of_many_layers_is_shown_in_part(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shown_net, "MOST_DRAWN", 8)
    monkeypatch.setattr(shown_net, "MOST_LINES", 5)
    page = netdef.load(LENET)._repr_html_()
    assert "<svg" not in page
    assert "9 layers are many to draw here" in page
    assert "lines more: print(net.summary())" in page


def test_without_what_draws_a_notebook_shows_the_summary(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "graphviz", None)
    net = netdef.load(LENET)
    page = net._repr_html_()
    assert net.summary() in unescape(page)
    assert "not drawn: " in page


def test_every_way_to_a_net_gives_one_that_shows_itself() -> None:
    net = netdef.load(LENET)
    found = netdef.analyse(path=LENET).net
    assert found is not None
    for each in (net, found, netdef.dense(net), netdef.load(LENET, dense=True), pickle.loads(pickle.dumps(net))):
        assert isinstance(each, netdef.Net)
        assert each.summary().startswith("LeNet")
        assert repr(each).startswith("<Net 'LeNet' TEST: 9 layers")
