"""What is said of the sizes of a range."""

from collections.abc import Sequence

from netdef.compiler.analysis.check_size_ranges import check_ranges
from netdef.compiler.analysis.size_ranges import SizeRange
from netdef.compiler.diagnostics import Report
from tests.nets import net_of

VGG_LIKE = """
input "data" [1, 3, 32, 32]
layer "conv1" Convolution { num_output: 4 kernel_size: 3 pad: 1 }
layer "pool1" Pooling { kernel_size: 2 stride: 2 }
layer "pool2" Pooling { kernel_size: 2 stride: 2 }
layer "fc" InnerProduct { num_output: 10 }
"""
UNET_LIKE = """
input "data" [1, 1, 24, 24]
layer "down" Convolution { num_output: 4 kernel_size: 4 stride: 4 }
layer "up" Deconvolution { convolution_param { num_output: 1 kernel_size: 4 stride: 4 } }
layer "sum" Eltwise { bottom: ["data", "up"] }
"""


def said_of(text: str, *sides: range) -> tuple[Sequence[str], Report]:
    report = Report()
    return check_ranges([net_of(text)], [SizeRange("data", sides)], report), report


def test_reasons_are_told_once_each_with_the_sizes() -> None:
    lines, report = said_of(VGG_LIKE, range(1, 2), range(3, 4), range(25, 40), range(32, 33))
    assert lines == ["data=1x3x29..32x32 works (4 of 15 sizes): fc is 1x10"]
    assert [each.message for each in report] == [
        "fc doesn't work at data=1x3x25..28x32 (4 of 15 sizes)",
        "fc doesn't work at data=1x3x33..39x32 (7 of 15 sizes)",
    ]
    first = report.errors[0]
    assert first.primary is not None
    assert first.primary.text == "at data=1x3x25x32, its weight would be 10x224, and is 10x256"
    assert first.help == "--dense makes the InnerProduct layers convolutions, which take any image"


def test_outputs_are_told_as_forms_of_the_size() -> None:
    lines, report = said_of(UNET_LIKE, range(1, 2), range(1, 2), range(1, 100), range(24, 25))
    assert lines == ["data=1x1x(4..96 in steps of 4)x24 works (24 of 99 sizes): sum is 1x1xHx24"]
    assert {each.code for each in report} == {"N515"}


def test_a_huge_grid_is_tried_along_its_axes() -> None:
    lines, report = said_of(VGG_LIKE, range(1, 2), range(3, 4), range(1, 5001), range(1, 5001))
    assert lines == [
        "data=1x3x29..32x32 and data=1x3x32x29..32 works (7 of 9,999 tried, of 25,000,000 sizes): fc is 1x10"
    ]
    assert len(report) == 2


def test_a_range_of_what_is_no_input_is_refused() -> None:
    lines, report = said_of(VGG_LIKE, range(1, 3), range(3, 4))
    assert lines == []
    assert [each.message for each in report] == ["data has 4 axes, 1x3x32x32, and the range has 2"]
    report = Report()
    check_ranges([net_of(VGG_LIKE)], [SizeRange("dta", (range(1, 3),))], report)
    assert [(each.code, each.help) for each in report] == [("N512", 'did you mean "data"?')]
