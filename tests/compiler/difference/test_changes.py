"""Fields that differ, in the file's words."""

from netdef.compiler.difference.changes import Change, changes_of
from tests.nets import net_of


def changes(old: str, new: str) -> list[Change]:
    before, after = (net_of(f'input "data" [1, 3, 9, 9]\nlayer "a" {each}').nodes[-1].layer for each in (old, new))
    return [*changes_of(before, after)]


def test_sizes_enums_and_defaults() -> None:
    assert changes("Pooling { kernel_size: 2 stride: 2 }", "Pooling { kernel_h: 2 kernel_w: 3 pool: AVE }") == [
        Change("pool", "MAX", "AVE"),
        Change("kernel_size", "2", "[2, 3]"),
        Change("stride", "2", "1"),
    ]


def test_messages_in_messages() -> None:
    old = 'Convolution { num_output: 2 kernel_size: 3 weight_filler { type: "gaussian" std: 0.01 } }'
    new = 'Convolution { num_output: 2 kernel_size: 3 weight_filler { type: "xavier" } bias_term: false }'
    assert changes(old, new) == [
        Change("bias_term", "true", "false"),
        Change("weight_filler.type", '"gaussian"', '"xavier"'),
        Change("weight_filler.std", "0.01", "1"),
    ]


def test_lists_and_what_is_absent() -> None:
    assert changes("Reshape { shape { dim: 1 dim: -1 } }", "Reshape { shape { dim: 1 dim: 243 } }") == [
        Change("shape.dim", "[1, -1]", "[1, 243]")
    ]
    assert changes(
        "Slice { axis: 2 slice_point: 4 top: ['x', 'y'] }", "Slice { axis: 2 slice_point: 5 top: ['x', 'y'] }"
    ) == [Change("slice_point", "[4]", "[5]")]


def test_equal_layers_have_none() -> None:
    assert changes("ReLU", "ReLU { negative_slope: 0 }") == []
