"""Training that breaks down in this process."""

from collections.abc import Callable

import pytest
import torch

from netdef.runtime.training.solver import Solver


def break_at(monkeypatch: pytest.MonkeyPatch, iteration: int, error: BaseException | None = None) -> Callable[[], None]:
    """Let the step after some iterations fail; calling what is returned mends it."""
    sound = Solver.step

    def step(self: Solver, **blobs: torch.Tensor) -> torch.Tensor:
        if self.iteration == iteration:
            raise error or OSError("the plug is out")
        return sound(self, **blobs)

    monkeypatch.setattr(Solver, "step", step)
    return lambda: monkeypatch.setattr(Solver, "step", sound)
