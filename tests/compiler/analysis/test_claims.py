"""Claims about sizes that only a run can tell; the others' messages are those of compiler/explain."""

import pytest

import netdef
from netdef.compiler.net.net import Net
from tests.nets import net_of

NET = """
opaque "T" {{ top_shape: [1, 8, "K", 16] }}
input "data" [1, 3, 7, 5]
layer "t" T
layer "conv" Convolution {{ num_output: 8 kernel_size: 5 pad: 2 }}
expect {{ {} }}
"""


def net(claim: str) -> Net:
    return net_of(NET.format(claim))


@pytest.mark.parametrize(
    ("claim", "message"),
    [
        (
            'blob { name: "conv" shape: [1, 8, 32, 16] }',
            'the claim of blob "conv" 1x8x32x16 is not checked: there is 1x8xKx16, which only a run can tell',
        ),
        (
            "macs: 51_200",
            "the claim of macs 51,200 is not checked: there is 25,600*K, which only a run can tell",
        ),
    ],
)
def test_a_claim_that_nobody_can_check_is_a_warning(claim: str, message: str) -> None:
    assert [(found.code, found.message) for found in net(claim).report] == [("N603", message)]


@pytest.mark.parametrize(
    ("claim", "message"),
    [
        ('blob { name: "conv" shape: [1, 9, 32, 16] }', 'blob "conv": 1x9x32x16 expected, 1x8xKx16 found'),
        ("macs: 51_201", "macs: 51,201 expected, 25,600*K found"),
    ],
)
def test_a_claim_that_no_run_can_meet_is_false(claim: str, message: str) -> None:
    with pytest.raises(netdef.NetError) as caught:
        net(claim)
    assert [(found.code, found.message, found.help) for found in caught.value.report] == [("N602", message, None)]
