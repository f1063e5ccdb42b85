"""Batch statistics in tests."""

import netdef

NET = """
input "data" [4, 3, 8, 8]
layer "a" BatchNorm { use_global_stats: false }
layer "b" BatchNorm { use_global_stats: true }
layer "c" BatchNorm
layer "d" BatchNorm { use_global_stats: false include { phase: TRAIN } }
layer "e" BatchNorm { use_global_stats: false }
"""


def test_layers_that_go_by_the_batch_in_tests_are_named_once() -> None:
    (said,) = netdef.analyse(NET).report
    assert (said.code, said.message) == ("N608", "a, e take their mean and variance from the batch, in tests too")
    assert said.primary is not None
    assert said.primary.span.line == 3
    assert not list(netdef.analyse(NET, phase="TRAIN").report)
