"""Tables laid out as the paper's, and which of its figures stand beside a result."""

from pathlib import Path
from typing import Any

import pytest

from netdef.runtime.evaluation import Errors
from netdef.runtime.evaluation.protocol import Pool, Protocol
from netdef.runtime.evaluation.published import FUSED, PUBLISHED, published, published_fusion
from netdef.runtime.evaluation.report import Result, report

WIDE = (256, 384, 512)


def made(name: str, protocol: Protocol, *trained: int) -> dict[str, Any]:
    return {"net": f"{name.lower()}.net", "name": name, "protocol": protocol.as_data, "trained": list(trained)}


@pytest.mark.parametrize(
    ("protocol", "trained", "figures"),
    [
        (Protocol(dense=True, scales=(384,), flip=True), (), [(26.8, 8.7), (25.6, 8.1)]),
        (Protocol(dense=True, scales=(384,), flip=True), (256, 512), [(25.6, 8.1)]),
        (Protocol(dense=True, scales=(512, 256, 384), flip=True), (), [(24.8, 7.5)]),
        (Protocol(crops=50, scales=WIDE), (), [(24.6, 7.5)]),
        (Protocol(dense=True, crops=50, scales=WIDE, flip=True), (), [(24.4, 7.2)]),
        (Protocol(dense=True, scales=(384,)), (), []),  # the paper averages mirrors
        (Protocol(dense=True, scales=(384,), flip=True, pool=Pool.PROB), (), []),
        (Protocol(crops=10, scales=WIDE), (), []),
        (Protocol(dense=True, scales=(320,), flip=True), (), []),
    ],
)
def test_a_published_figure_stands_beside_the_same_protocol_only(
    protocol: Protocol, trained: tuple[int, ...], figures: list[tuple[float, float]]
) -> None:
    assert [(row.top1, row.top5) for row in published(made("VGG16", protocol, *trained))] == figures


DENSE = Protocol(dense=True, scales=WIDE, flip=True)


def test_a_fusions_figure_stands_beside_the_same_nets_only() -> None:
    two = [made("VGG19", DENSE), made("VGG16", DENSE, 256, 512)]
    assert published_fusion(two) == (24.0, 7.1)
    assert published_fusion([made(name, DENSE, 256) for name in ("VGG16", "VGG19")]) is None, "S was drawn there"
    assert published_fusion([*two, made("other", DENSE)]) is None
    others = [made(name, DENSE) for name in ("VGG11", "VGG13")]
    assert published_fusion([*two, {"fused": others}]) is None


def test_deeper_nets_and_more_scales_were_better_in_the_paper() -> None:
    """The published table holds together: no line is a slip of the pen that breaks the paper's own conclusions."""
    by_key = {(row.net, row.train, row.test, row.how): row for row in PUBLISHED}
    assert len(by_key) == len(PUBLISHED)
    for row in PUBLISHED:
        assert row.top5 < row.top1 / 2
        if row.table == 5:
            assert row.top1 <= by_key[row.net, row.train, row.test, "dense"].top1
        if row.table == 4:
            single = [r.top1 for r in PUBLISHED if (r.table, r.net, r.train) == (3, row.net, row.train)]
            assert row.top1 < min(single)
    for nets, top1, top5 in FUSED:
        assert top1 <= min(
            r.top1 for r in PUBLISHED for net, test, how, _ in nets if (r.net, r.test, r.how) == (net, test, how)
        )
        assert top5 <= 7.5


def test_the_figures_are_the_papers(shared: Path) -> None:
    """Value by value, from the text of Tables 3 to 6."""
    text = (shared / "reference" / "vgg.md").read_text("utf-8")
    found: list[tuple[object, ...]] = []
    for table in (3, 4):
        for net, train, test, *errors in rows_of(text, table):
            cells = (each.split(" / ") for each in (train, test, *errors))
            for s, q, first, fifth in zip(*cells, strict=True):
                found.append((table, net, sides(s), sides(q), "dense", float(first), float(fifth)))
    for net, *pairs in rows_of(text, 5):
        for how, pair in zip(("crops", "both"), pairs[1:], strict=True):
            found.append((5, net, (256, 512), WIDE, how, *map(float, pair.split(" / "))))
    assert sorted(found) == sorted(PUBLISHED)
    (fusions,) = (part for part in text.split("\n### ") if "Table 6" in part.splitlines()[0])
    for nets, *pair_of_errors in FUSED:
        assert "".join(f"{error} / " for error in pair_of_errors) in fusions
        assert list(nets) == sorted(nets)
        singles = {(row.net, row.test, row.how, row.train) for row in PUBLISHED}
        assert singles.issuperset(nets)


def rows_of(text: str, table: int) -> list[list[str]]:
    """The cells of a table, without its head."""
    (part,) = (part for part in text.split("\n### ") if f"Table {table} " in part.splitlines()[0])
    lines = [line for line in part.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def sides(text: str) -> tuple[int, ...]:
    """256; 256,384; [256;512]."""
    return tuple(map(int, text.strip("[]").replace(";", ",").split(",")))


def test_a_report_has_the_papers_tables() -> None:
    dense = Protocol(dense=True, scales=WIDE, flip=True)
    parts = [made("VGG16", dense, 256, 512), made("VGG19", dense)]
    results = [
        Result(made("VGG16", Protocol(dense=True, scales=(256,), flip=True)), Errors(1000, 271, 89)),
        *(Result(part, Errors(1000, 250, 75)) for part in parts),
        Result(made("VGG16", Protocol(crops=50, scales=WIDE)), Errors(1000, 240, 70)),
        Result(made("other", Protocol()), Errors(8, 4, 1)),
        Result({"fused": parts}, Errors(1000, 245, 70)),
    ]
    text = report(results, markdown=False)
    lines = [line.split("  ") for line in text.splitlines()]
    cells = [[cell.strip() for cell in line if cell.strip()] for line in lines]
    assert ["D (vgg16.net)", "not known", "256", "27.1", "8.9", "27.0 / 8.8"] in cells
    assert ["D (vgg16.net)", "[256; 512]", "256, 384, 512", "25.0", "7.5", "24.8 / 7.5"] in cells
    assert ["vgg16.net + vgg19.net", "24.5", "7.0", "24.0 / 7.1"] in cells
    assert ["other.net", "not known", "the net's own", "centre crop", "50.0", "12.5"] in cells
    marked = report(results, markdown=True)
    assert marked.count("\n### ") == 4
    assert "| D (vgg16.net) | not known | 256, 384, 512 | multi-crop | 24.0 | 7.0 | 24.6 / 7.5 |" in marked
    widths = {line.count("|") for line in marked.splitlines() if line.startswith("|")}
    assert widths == {7, 8, 5}
