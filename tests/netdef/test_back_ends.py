"""What a net can't become, of all its layers at once."""

from pathlib import Path

import pytest

import netdef
from netdef.back_ends import TARGETS, refusals
from netdef.compiler import extras
from netdef.compiler.files import Files
from netdef.compiler.net.net import Net
from netdef.compiler.net_error import NetError

RANDOM = """
input "data" [1, 3, 8, 8]
opaque "Mine" { top_shape: [1, 3, 8, 8] }
layer "own" Mine
layer "one" Pooling { pool: STOCHASTIC kernel_size: 2 stride: 2 }
layer "two" Pooling { pool: STOCHASTIC kernel_size: 2 stride: 2 }
"""


def net_of(text: str) -> Net:
    return netdef.load("net.net", files=Files({"net.net": text}, disk=False))


@pytest.mark.parametrize("target", TARGETS)
def test_all_that_a_back_end_cannot_do_is_told_at_once(target: str) -> None:
    report = refusals(net_of(RANDOM), target)
    assert [each.message.partition(":")[0].rpartition(" ")[2] for each in report] == ["own", "one", "two"]


@pytest.mark.parametrize("target", TARGETS)
def test_nothing_is_told_of_what_can_be_done(target: str) -> None:
    path = Path(__file__).parents[2] / "nets/lenet.net"
    assert not refusals(netdef.load(path), target)


def test_a_back_end_names_the_extra_that_it_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(extras, "find_spec", lambda name: None)
    with pytest.raises(NetError, match="netdef check --target torch needs") as caught:
        refusals(net_of(RANDOM), "torch")
    assert caught.value.report.errors[0].help == "pip install 'netdef-compiler[train]'"
