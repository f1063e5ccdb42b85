"""Results as tables laid out as the paper's Tables 3 to 6, its own figures beside them."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

from netdef.runtime.evaluation.errors import Errors
from netdef.runtime.evaluation.per_class import PerClass
from netdef.runtime.evaluation.posteriors import title
from netdef.runtime.evaluation.published import NETS, how, published, published_fusion

Row = tuple[str, ...]


class Result(NamedTuple):
    """Errors, those of each class, and what made them: ``Posteriors.made``."""

    made: dict[str, Any]
    errors: Errors
    per_class: PerClass | None = None

    @property
    def text(self) -> str:
        """A line for people."""
        speed = f", {self.made['images_per_s']:,.1f} images/s" if "images_per_s" in self.made else ""
        return f"{title(self.made)}: {self.errors.text} ({self.errors.num:,} images){speed}"

    @property
    def as_data(self) -> dict[str, Any]:
        """Plain values for JSON."""
        by_class = self.per_class.as_data if self.per_class else {}
        counts: dict[str, Any] = {"num": self.errors.num, **self.errors.as_data}
        if means := self.errors.outputs.means:
            counts["outputs"] = means
        if "fused" in self.made:
            beside = published_fusion(self.made["fused"])
            return {
                **self.made,
                **counts,
                **by_class,
                "published": beside and dict(zip(("top1", "top5"), beside, strict=True)),
            }
        return {**self.made, **counts, **by_class, "published": [row._asdict() for row in published(self.made)]}


class Table(NamedTuple):
    """A table of a report.

    fits   whether a result belongs there
    row    its cells, without the errors
    """

    heading: str
    columns: Row
    fits: Callable[[dict[str, Any]], bool]
    row: Callable[[dict[str, Any]], Row]


def _net(made: dict[str, Any]) -> str:
    name = NETS.get(made["name"])
    return f"{name} ({made['net']})" if name else str(made["net"])


def _scales(sides: Sequence[int], between: str = ", ") -> str:
    return between.join(map(str, sides)) or "the net's own"


def _trained(made: dict[str, Any]) -> str:
    sides = made.get("trained", ())
    return f"[{_scales(sides, '; ')}]" if len(sides) > 1 else str(*sides) or "not known"


def _sized(made: dict[str, Any]) -> Row:
    return _net(made), _trained(made), _scales(made["protocol"]["scales"])


METHODS = {"dense": "dense", "crops": "multi-crop", "both": "multi-crop & dense"}
SIZES = ("ConvNet config.", "train (S)", "test (Q)")


def _method(made: dict[str, Any]) -> str:
    """The protocol in words."""
    known, protocol = how(made["protocol"]), made["protocol"]
    if known:
        return METHODS[known]
    parts = ["dense"] * protocol["dense"] + [f"{protocol['crops']} crops"] * (protocol["crops"] > 0)
    parts = (parts or ["centre crop"]) + ["mirrored"] * protocol["flip"]
    return " & ".join(parts) + (", averaged after the soft-max" if protocol["pool"] == "prob" else "")


def _is(word: str | None, made: dict[str, Any]) -> bool:
    return "fused" not in made and how(made["protocol"]) == word


TABLES = (
    Table(
        "Single test scale (the paper's Table 3)",
        SIZES,
        lambda made: _is("dense", made) and len(made["protocol"]["scales"]) < 2,
        _sized,
    ),
    Table(
        "Multiple test scales (Table 4)",
        SIZES,
        lambda made: _is("dense", made) and len(made["protocol"]["scales"]) > 1,
        _sized,
    ),
    Table(
        "Multi-crop, and with dense evaluation (Table 5)",
        (*SIZES, "evaluation"),
        lambda made: _is("crops", made) or _is("both", made),
        lambda made: (*_sized(made), _method(made)),
    ),
    Table("Fusion (Table 6)", ("combined ConvNets",), lambda made: "fused" in made, lambda made: (title(made),)),
    Table(
        "Other protocols",
        (*SIZES, "evaluation"),
        lambda made: _is(None, made),
        lambda made: (*_sized(made), _method(made)),
    ),
)
ERRORS = ("top-1 error (%)", "top-5 error (%)")
PAPER = "the paper's (ILSVRC-2012 val)"


def report(results: Sequence[Result], *, markdown: bool) -> str:
    """The tables that have rows; the paper's figures have a column where it has any."""
    parts = []
    for table in TABLES:
        rows = [(*table.row(result.made), *_errors(result)) for result in results if table.fits(result.made)]
        if rows:
            cells = [(*table.columns, *ERRORS, PAPER), *rows]
            if not any(row[-1] for row in rows):
                cells = [row[:-1] for row in cells]
            lines = _markdown(cells) if markdown else _text(cells)
            parts.append("\n".join([f"### {table.heading}" if markdown else table.heading, "", *lines]))
    return "\n\n".join(parts)


def _errors(result: Result) -> Row:
    own = (f"{100 * result.errors.top1_error:.1f}", f"{100 * result.errors.top5_error:.1f}")
    if "fused" in result.made:
        beside = published_fusion(result.made["fused"])
        return (*own, f"{beside[0]} / {beside[1]}" if beside else "")
    rows = published(result.made)
    texts = [
        f"{row.top1} / {row.top5}" + (f" (S {_trained({'trained': row.train})})") * (len(rows) > 1) for row in rows
    ]
    return (*own, ", ".join(texts))


def _text(rows: Sequence[Row]) -> Iterator[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        yield "  ".join(f"{cell:{width}}" for cell, width in zip(row, widths, strict=True)).rstrip()


def _markdown(rows: Sequence[Row]) -> Iterator[str]:
    for index, row in enumerate(rows):
        yield "| " + " | ".join(cell.replace("|", r"\|") for cell in row) + " |"
        if not index:
            yield "|" + " --- |" * len(row)
