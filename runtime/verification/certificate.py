"""The certificate of a comparison: what was compared, and how closely it agrees."""

import json
from collections.abc import Iterator
from math import isfinite, isnan, nan
from typing import Any, NamedTuple

from netdef.compiler.counted import counted, first_named
from netdef.compiler.override import override
from netdef.compiler.render.line import visible
from netdef.compiler.shape import Shape, known, product, show

NUM_SHOWN = 5
"""Blobs in the table."""


class Difference(NamedTuple):
    """How far a blob of ONNX Runtime's is from PyTorch's; infinite where only one of them is a number."""

    layer: str
    blob: str
    """Its version: ``blob@layer`` for an earlier one."""
    shape: Shape
    max_abs: float
    max_rel: float
    least: float = nan
    """PyTorch's least number; nan if one of them is none."""
    most: float = nan
    """And its greatest."""


class Constant(NamedTuple):
    """A blob that was one number everywhere and in every case: any back end that writes it would seem right."""

    layer: str
    blob: str
    value: float


class Case(NamedTuple):
    """One run of both.

    inputs      the shapes that were fed
    blobs       every blob, in the order of the layers
    outputs     the outputs of the model as exported
    """

    inputs: dict[str, Shape]
    blobs: tuple[Difference, ...]
    outputs: tuple[Difference, ...]


class Certificate(NamedTuple):
    """What was compared, and how closely it agrees."""

    about: dict[str, Any]
    """Versions, files and their hashes."""
    tolerance: float
    cases: tuple[Case, ...]

    @override
    def __repr__(self) -> str:
        return f"<Certificate: {self.verdict}>"

    @property
    def differences(self) -> Iterator[Difference]:
        """All that was compared."""
        for case in self.cases:
            yield from case.blobs
            yield from case.outputs

    @property
    def worst(self) -> Difference:
        """What differs most."""
        return max(self.differences, key=lambda difference: difference.max_rel)

    @property
    def first(self) -> Difference | None:
        """The first blob that differs by more than the tolerance, in the order of the layers; None if all agree."""
        blobs = (found for same in zip(*(case.blobs for case in self.cases), strict=True) for found in same)
        outputs = (found for case in self.cases for found in case.outputs)
        return next((found for found in (*blobs, *outputs) if not found.max_rel <= self.tolerance), None)

    @property
    def constant(self) -> list[Constant]:
        """The blobs of which nothing is proved: two numbers or more, all alike."""
        found = []
        for each in zip(*(case.blobs for case in self.cases), strict=True):
            values = {"nan" if isnan(end) else end for blob in each for end in (blob.least, blob.most)}
            if len(values) == 1 and sum(known(product(blob.shape)) for blob in each) > 1:
                found.append(Constant(each[0].layer, each[0].blob, each[0].least))
        return found

    @property
    def agrees(self) -> bool:
        """Whether nothing differs by more than the tolerance."""
        return self.first is None

    def json(self) -> str:
        """The certificate as JSON."""
        data = {
            "verdict": "equal" if self.agrees else "different",
            "tolerance": self.tolerance,
            "worst": _plain(self.worst),
            "first_difference": self.first and _plain(self.first),
            "constant": [_plain(found) for found in self.constant],
            **self.about,
            "cases": [
                {
                    "inputs": case.inputs,
                    "blobs": [_plain(found) for found in case.blobs],
                    "outputs": [_plain(found) for found in case.outputs],
                }
                for case in self.cases
            ],
        }
        return json.dumps(data, indent=2) + "\n"

    def table(self) -> str:
        """The blobs that differ most, and the verdict, for people."""
        rows = [("blob", "layer", "max abs", "max rel", "inputs")]
        by_blob: dict[str, tuple[Difference, Case]] = {}
        for case in self.cases:
            for found in (*case.blobs, *case.outputs):
                if found.blob not in by_blob or found.max_rel > by_blob[found.blob][0].max_rel:
                    by_blob[found.blob] = found, case
        ranked = sorted(by_blob.values(), key=lambda pair: -pair[0].max_rel)
        for found, case in ranked[:NUM_SHOWN]:
            fed = " ".join(show(shape) for shape in case.inputs.values())
            names = visible(found.blob), visible(found.layer)
            rows.append((*names, f"{found.max_abs:.1e}", f"{found.max_rel:.1e}", fed))
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        lines = ["  ".join(f"{cell:{w}}" for cell, w in zip(row, widths, strict=True)).rstrip() for row in rows]
        if num_more := max(len(ranked) - NUM_SHOWN, 0):
            lines.append(f"and {counted(num_more, 'blob')} more, which differ{'s' * (num_more == 1)} less")
        return "\n".join([*lines, self.verdict, *self._doubts()])

    def _doubts(self) -> Iterator[str]:
        """What the verdict says nothing about."""
        constant = self.constant
        if constant:
            named = first_named([f"{visible(found.blob)} ({found.value:g})" for found in constant], NUM_SHOWN)
            of_all = f"{len(constant)} of {counted(len(self.cases[0].blobs), 'blob')}"
            yield f"nothing is proved of {of_all}, one number everywhere: {named}"

    @property
    def verdict(self) -> str:
        """Whether the two agree, in a line."""
        first = self.first
        if first is not None:
            error = f"{first.max_rel:.1e}, more than {self.tolerance:g}"
            names = f"{visible(first.blob)}, made by {visible(first.layer)}"
            return f"DIFFERENT: the first blob that differs is {names}: {error}"
        cases = counted(len(self.cases), "case")
        return f"equal: {cases}, relative error at most {self.worst.max_rel:.1e} (tolerance {self.tolerance:g})"


def _plain(found: Difference | Constant) -> dict[str, Any]:
    """For JSON, which has numbers alone: null stands for infinities and nan."""
    values = found._asdict().items()
    return {key: None if isinstance(value, float) and not isfinite(value) else value for key, value in values}
