"""Costs against a published count, and of sizes that only a run can tell."""

from pathlib import Path

import netdef
from netdef.compiler.analysis.costs import costs, costs_of_run
from tests.nets import net_of

NETS = Path(__file__).parents[3] / "nets"


def test_vgg16_activations_are_those_of_the_published_count() -> None:
    """15,237,608 numbers: the input and every convolution, pooling and fully connected output; and 1,000 of prob."""
    assert costs(netdef.load(NETS / "vgg16.net")).activation_bytes == 4 * (15_237_608 + 1_000)


def test_what_a_run_decides_comes_to_what_is_known() -> None:
    """A 1x1 convolution of 3 channels to 4 at 5 x 5 positions, and of 2 channels to 4 at K of them."""
    net = net_of("""
        opaque "T" { top_shape: [1, 2, 1, "K"] }
        input "data" [1, 3, 5, 5]
        layer "known" Convolution { num_output: 4 kernel_size: 1 }
        layer "t" T { bottom: "data" }
        layer "unknown" Convolution { num_output: 4 kernel_size: 1 }
    """)
    assert (costs(net).macs, costs(net).activation_bytes) == (3 * 4 * 25, 4 * (3 * 25 + 4 * 25))
    assert [str(size) for size in costs_of_run(net)] == ["8*K", "24*K"]
