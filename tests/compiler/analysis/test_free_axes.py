"""Shapes in letters against shapes in numbers, and what ties a size down."""

from pathlib import Path

import pytest

import netdef
from netdef.compiler.analysis.free_axes import allowed, running_shapes, shapes_at
from netdef.compiler.shape import show
from tests.compiler.size_values import values
from tests.nets import net_of

NETS = sorted((Path(__file__).parents[3] / "nets").glob("*.net"))
LIBRARIES = {"vgg.net"}
"""What other files include."""


@pytest.mark.parametrize("path", [path for path in NETS if path.name not in LIBRARIES], ids=lambda path: path.stem)
@pytest.mark.parametrize("dense", [False, True], ids=["as it is", "dense"])
def test_forms_have_the_values_of_every_size(path: Path, dense: bool) -> None:
    try:
        net = netdef.load(path, dense=dense)
    except netdef.NetError:
        assert dense  # a Flatten or Reshape in the way
        return
    letters = allowed(net)
    forms = running_shapes(net, letters)
    for every in ({"N": 1, "H": 224, "W": 224}, {"N": 3, "H": 227, "W": 301}, {"N": 2, "H": 385, "W": 256}):
        sizes = {letter: size for letter, size in every.items() if letter in letters}
        found = shapes_at(net, sizes)
        assert {name: values(form, sizes) for name, form in forms.items()} == found


def test_a_dense_vgg_halves_its_image_five_times() -> None:
    """ceil(H / 32) - 6 rows of scores, as Simonyan and Zisserman (2014) have them."""
    net = netdef.load(next(path for path in NETS if path.stem == "vgg16"), dense=True)
    assert show(running_shapes(net, ("N", "H", "W"))["prob"]) == "Nx1000x((H+31)//32-6)x((W+31)//32-6)"


def test_a_size_that_branches_must_share_keeps_its_name() -> None:
    """Only even heights fit here; where one does, the sum has the image's."""
    net = net_of("""
        input "x" [1, 2, 6, 6]
        layer "half" Pooling { kernel_size: 2 stride: 2 }
        layer "up" Deconvolution { num_output: 2 kernel_size: 2 stride: 2 }
        layer "sum" Eltwise { bottom: ["up", "x"] }
    """)
    shapes = running_shapes(net, ("H",))
    assert show(shapes["up"]) == "1x2x(2*((H+1)//2))x6"
    assert show(shapes["sum"]) == "1x2xHx6"


def test_a_weight_that_depends_on_a_size_ties_it_down_at_every_size() -> None:
    """The window moves by 16 pixels, so twice the height has as many positions; others have more."""
    net = net_of("""
        input "x" [1, 2, 7, 7]
        layer "conv" Convolution { num_output: 3 kernel_size: 7 stride: 16 }
        layer "fc" InnerProduct { num_output: 5 }
    """)
    assert allowed(net) == ("N",)
    with pytest.raises(netdef.NetError, match="the height can't be free: fc has one size only") as caught:
        running_shapes(net, ("H",))
    (found,) = caught.value.report
    assert found.primary is not None
    assert "at any H, a weight's shape depends on" in found.primary.text


def test_a_scale_by_another_blob_has_no_weight_to_tie_the_batch_down() -> None:
    net = net_of("""
        input "x" [2, 3, 4, 4]
        layer "pool" Pooling { bottom: "x" pool: AVE global_pooling: true }
        layer "flat" Flatten
        layer "y" Scale { bottom: ["x", "flat"] top: "y" axis: 0 }
    """)
    assert allowed(net) == ("N", "H", "W")
