"""Nets that forks of Caffe refuse: refused here at the same time, in our words, at the layer that is wrong."""

from pathlib import Path

import numpy as np
import pytest
import torch

import netdef
from netdef.compiler.override import override
from netdef.runtime import lower
from tests.layers.cases import ForkCase

REFUSED = Path(__file__).parents[1] / "oracle/forks/refused"
NAMES = sorted(path.stem for path in REFUSED.glob("*.net"))


class RefusedCase(ForkCase):
    """A net that its fork refuses."""

    folder = REFUSED

    @property
    @override
    def phase(self) -> str:
        return "TEST"

    @property
    def when(self) -> str:
        """When it does: setup, or forward."""
        return self._row["when"]


def run(case: RefusedCase) -> None:
    """As far as its fork comes."""
    net = case.net()
    if case.when == "forward":
        lower(net)(**{name: torch.tensor(np.asarray(array)) for name, array in case.arrays("in").items()})


@pytest.mark.parametrize("case", [RefusedCase(name) for name in NAMES], ids=NAMES)
def test_what_a_fork_refuses_is_refused(case: RefusedCase) -> None:
    with pytest.raises(netdef.NetError) as caught:
        run(case)
    (said,) = caught.value.report.errors
    assert said.primary is not None
    assert said.code not in ("N1001", "N209")  # a mistake of the net's, not what is missing here
