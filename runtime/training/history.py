"""What happened in runs, as numbers along iterations, epochs or seconds: a run's metrics, or those of its stages."""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from netdef.compiler.diagnostics import Diagnostic
from netdef.compiler.net_error import NetError
from netdef.runtime.run import Run

Along = Literal["iteration", "epoch", "seconds"]
"""What a curve runs along."""
Numbers = NDArray[np.float64]


class History(NamedTuple):
    """What happened in a run, or in its stages one after another.

    stages   the name and the metrics of each; a run by itself is one stage
    kinds    what the test net's scalar outputs are, by their blobs: ``loss``, ``measure``, or else unknown
    """

    name: str
    stages: tuple[tuple[str, list[dict[str, float]]], ...]
    kinds: Mapping[str, str] = MappingProxyType({})

    def values(self, stage: int, along: Along, key: str) -> tuple[Numbers, Numbers]:
        """Where a stage's lines that have ``key`` lie, behind the stages before it, and what they say of it."""
        start = self.start(stage, along)
        found = [(start + line[along], line[key]) for line in self.stages[stage][1] if key in line and along in line]
        x, y = np.array(found, dtype=np.float64).reshape(-1, 2).T
        return x, y

    def start(self, stage: int, along: Along) -> float:
        """Where a stage begins: at the end of those before it."""
        return sum(max((line.get(along, 0.0) for line in lines), default=0.0) for _, lines in self.stages[:stage])


def read_history(path: Path) -> History:
    """What happened in the run, or in the run of several stages, in a folder.

    Raises:
        NetError: if there is none, or nothing happened yet.
    """
    names = Run(path).manifest.get("stages")
    homes = [path] if names is None else [path / name for name in names]
    stages = tuple((home.name, spread(list(Run(home).lines))) for home in homes)
    if not any(lines for _, lines in stages):
        help = "a run has its first line a second after it began"
        raise NetError(Diagnostic("N889", f"{path} has no iteration yet, so there is nothing to draw", help=help))
    kinds: dict[str, str] = {}
    for home in homes:
        told = Run(home).manifest.within("test", "outputs") if Run(home).is_there else None
        kinds |= {blob: str(kind) for blob, kind in told.items()} if isinstance(told, dict) else {}
    return History(path.resolve().name, tuple(stage for stage in stages if stage[1]), kinds)


def spread(lines: list[dict[str, float]]) -> list[dict[str, float]]:
    """The lines with a time of its own for each iteration: several are noted at once, after the last of them.

    One that doesn't tell its time has that of the line before it.
    """
    noted = np.maximum.accumulate([0.0, *(line.get("seconds", 0.0) for line in lines)])[1:]
    times, counts = np.unique(noted, return_counts=True)
    seconds = np.interp(np.arange(1, len(lines) + 1), [0, *np.cumsum(counts)], [0.0, *times])
    return [{**line, "seconds": float(time)} for line, time in zip(lines, seconds, strict=True)]
