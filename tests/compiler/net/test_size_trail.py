"""How sizes came about that a layer refuses: the branches, the roundings, and how an image shrank."""

import pytest

from netdef.compiler.load import analyse

BRANCHES = """
input "data" [1, 3, 25, 25]
layer "c0" Convolution { bottom: "data" num_output: 4 kernel_size: 3 pad: 1 }
layer "pa" Convolution { bottom: "c0" num_output: 4 kernel_size: 2 stride: 2 }
layer "ua" Deconvolution { num_output: 4 kernel_size: 2 stride: 2 }
layer "pb" Pooling { bottom: "c0" top: "pb" kernel_size: 2 stride: 2 }
layer "cb" Convolution { num_output: 4 kernel_size: 3 pad: 1 }
layer "ub" Deconvolution { bottom: "cb" num_output: 4 kernel_size: 2 stride: 2 }
"""
SHRINKING = """
input "data" [1, 3, 32, 32]
layer "c0" Convolution { bottom: "data" num_output: 4 kernel_size: 5 }
layer "p0" Pooling { kernel_size: 2 stride: 2 }
layer "c1" Convolution { num_output: 4 kernel_size: 5 }
layer "p1" Pooling { kernel_size: 3 stride: 3 }
"""


def notes(text: str) -> list[str]:
    """What is told beside the one mistake of a text."""
    (mistake,) = analyse(text).report
    return [*mistake.notes]


@pytest.mark.parametrize("joining", ["Eltwise", "Concat"])
def test_both_branches_are_told_from_where_they_part(joining: str) -> None:
    assert notes(BRANCHES + f'layer "sum" {joining} {{ bottom: "ua" bottom: "ub" }}') == [
        "24 and 26: both come from c0, 1x4x25x25",
        "25 -> pa 12 -> ua 24",
        "25 -> pb 13 -> ub 26",
        "pa rounds (25 - 2) / 2 + 1 = 12.5 down to 12",
        "pb rounds (25 - 2) / 2 + 1 = 12.5 up to 13",
        "images of 24x24 and of 26x26 would fit here: --size data=1x3x24x24",
    ]


def test_bottoms_of_other_channels_are_told_without_images() -> None:
    text = 'layer "c1" Convolution { bottom: "c0" num_output: 8 kernel_size: 1 }\n'
    text += 'layer "s" Eltwise { bottom: "c0" bottom: "c1" }'
    assert notes(BRANCHES + text) == ["4 and 8: both come from c0, 1x4x25x25", "4 -> c1 8"]


def test_bottoms_that_come_from_two_inputs_have_no_parting() -> None:
    text = 'input "a" [1, 3, 8, 8]\ninput "b" [1, 3, 9, 9]\nlayer "s" Eltwise { bottom: "a" bottom: "b" }'
    assert notes(text) == []


@pytest.mark.parametrize(
    ("window", "told", "least"),
    [
        ("Convolution { num_output: 4 kernel_size: 5 }", "(4 - 5) / 1 + 1 = 0", 37),
        ("Convolution { num_output: 4 kernel_size: 3 dilation: 4 pad: 1 }", "(4 + 2 * 1 - 9) / 1 + 1 = -2", 49),
        ("Pooling { kernel_size: 9 stride: 4 }", "(4 - 9) / 4 + 1 = -0.25", 43),
    ],
)
def test_how_an_image_became_too_small(window: str, told: str, least: int) -> None:
    assert notes(SHRINKING + f'layer "last" {window}') == [
        f"positions along axis 2: {told}",
        "32 -> c0 28 -> p0 14 -> c1 10 -> p1 4",
        f"images of {least}x{least} and more would fit here: --size data=1x3x{least}x{least}",
    ]


def test_images_that_fill_a_reshape() -> None:
    reshape = 'input "data" [1, 3, 40, 40]\nlayer "p" Pooling { kernel_size: 4 stride: 4 }\n'
    reshape += 'layer "r" Reshape { shape { dim: [0, 3, 81] } }'
    assert notes(reshape) == ["images of 36x36 would fit here: --size data=1x3x36x36"]


def test_what_is_said_holds() -> None:
    """At the sizes that are named the net is right, and one pixel before them it isn't."""
    text = BRANCHES + 'layer "sum" Eltwise { bottom: "ua" bottom: "ub" }'
    for side, is_right in ((24, True), (25, False), (26, True)):
        assert (not analyse(text, sizes={"data": (1, 3, side, side)}).report.errors) is is_right
    text = SHRINKING + 'layer "last" Convolution { num_output: 4 kernel_size: 5 }'
    for side, is_right in ((36, False), (37, True), (38, True), (100, True)):
        assert (not analyse(text, sizes={"data": (1, 3, side, side)}).report.errors) is is_right


def test_a_data_layer_has_no_size_to_give() -> None:
    text = SHRINKING.replace(
        'input "data" [1, 3, 32, 32]',
        'layer "data" Data { top: ["data", "label"] source: "x" batch_size: 1 transform_param { crop_size: 32 } }',
    )
    found = analyse(text + 'layer "last" Convolution { num_output: 4 kernel_size: 5 }').report
    assert "images of 37x37 and more would fit here" in found.errors[0].notes


def test_many_mistakes_are_told_of_in_short() -> None:
    text = 'input "data" [1, 3, 8, 8]\nlayer "p" Pooling { bottom: "data" top: "p" kernel_size: 2 stride: 2 }\n'
    text += "".join(f'layer "e{i}" Eltwise {{ bottom: "data" bottom: "p" }}\n' for i in range(50))
    with_notes = [each for each in analyse(text).report if each.notes]
    assert len(with_notes) == 20
