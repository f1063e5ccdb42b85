"""Which sizes of a range a net takes: held against a net that is loaded anew at every size."""

from collections.abc import Mapping

import pytest

from netdef.compiler.analysis import size_ranges
from netdef.compiler.analysis.size_ranges import SizeRange, try_ranges
from netdef.compiler.files import Files
from netdef.compiler.load import load
from netdef.compiler.net.net import Net
from netdef.compiler.net_error import NetError
from netdef.compiler.shape import Shape

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
DENSE = """
input "data" [1, 1, 24, 24]
layer "a" Convolution { num_output: 4 kernel_size: 3 stride: 3 }
layer "b" Pooling { bottom: "data" kernel_size: 3 stride: 3 }
layer "c" Concat { bottom: ["a", "b"] }
layer "d" Convolution { num_output: 2 kernel_size: 7 }
"""


def net_of(text: str, sizes: Mapping[str, Shape] | None = None) -> Net:
    return load("net.net", files=Files({"net.net": text}, disk=False), sizes=sizes)


def works(text: str, shape: Shape) -> bool:
    """Whether a net is sound at a size, and has the weights of its own."""
    try:
        return net_of(text, {"data": shape}).params == net_of(text).params
    except NetError:
        return False


@pytest.mark.parametrize("text", [VGG_LIKE, UNET_LIKE, DENSE], ids=["vgg", "unet", "dense"])
@pytest.mark.parametrize("most", [size_ranges.MOST_INFERRED, 40], ids=["all", "by classes"])
def test_what_works_is_what_loads(text: str, most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(size_ranges, "MOST_INFERRED", most)
    one, channels, _, width = (size for size in net_of(text).inputs["data"] if isinstance(size, int))
    sides = range(1, 90)
    tried = try_ranges(
        net_of(text), [SizeRange("data", (range(1, 2), range(channels, channels + 1), sides, range(width, width + 1)))]
    )
    found = {size for (size,), failure in tried.outcomes.items() if failure is None}
    assert tried.is_whole
    assert found == {size for size in sides if works(text, (one, channels, size, width))}
    assert 0 < len(found) < len(sides)


def test_a_grid_is_tried_whole() -> None:
    sides = (range(1, 2), range(3, 4), range(24, 41), range(24, 41))
    tried = try_ranges(net_of(VGG_LIKE), [SizeRange("data", sides)])
    found = {point for point, failure in tried.outcomes.items() if failure is None}
    assert found == {(h, w) for h in sides[2] for w in sides[3] if works(VGG_LIKE, (1, 3, h, w))}
