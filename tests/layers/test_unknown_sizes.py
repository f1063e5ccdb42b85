"""What a layer makes of sizes that only a run knows, against what it makes of every number that they may be."""

from collections.abc import Iterator, Mapping
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netdef.compiler.layers.base import Layer
from netdef.compiler.layers.branching import Concat, Eltwise, Slice
from netdef.compiler.layers.convolution import Convolution, Deconvolution
from netdef.compiler.layers.inner_product import InnerProduct
from netdef.compiler.layers.losses import EuclideanLoss
from netdef.compiler.layers.measures import Accuracy, ArgMax
from netdef.compiler.layers.normalization import LRN
from netdef.compiler.layers.pooling import Pooling, Reduce, Rounding
from netdef.compiler.layers.reshaping import Flatten, Reshape, ReshapeTo
from netdef.compiler.layers.scaling import Scale
from netdef.compiler.layers.softmax import Softmax, SoftmaxWithLoss
from netdef.compiler.schema.message import Refusal
from netdef.compiler.shape import Pair, Shape, Shapes
from netdef.compiler.size import Dim, symbol
from tests.compiler.size_values import values

K, M = symbol("K"), symbol("M")
SIZES: list[Dim] = [1, 2, 3, 4, 7, K, M, 2 * K, K + 1, 2 * K + 1, K + M, (K + 1) // 2, K * M]
NUMBERS = [{"K": k, "M": m} for k, m in product(range(1, 12), range(1, 7))]

sizes = st.sampled_from(SIZES)
images = st.tuples(sizes, sizes, sizes, sizes)
shapes = st.lists(sizes, min_size=1, max_size=4).map(tuple)
small = st.integers(1, 4)
axes = st.integers(-4, 3)
pairs = st.builds(Pair, small, small)
pads = st.builds(Pair, st.integers(0, 2), st.integers(0, 2))


def alike(shape: Shape, change: int, axis: int) -> Shape:
    """A second shape that is the first's but for one axis, or not even there."""
    axis %= len(shape)
    return (*shape[:axis], SIZES[change], *shape[axis + 1 :])


several = st.tuples(shapes, st.lists(st.tuples(st.integers(0, len(SIZES) - 1), st.integers(0, 3)), max_size=2)).map(
    lambda made: (made[0], *(alike(made[0], *change) for change in made[1]))
)
convolutions = st.fixed_dictionaries(
    {
        "num_output": st.sampled_from([2, 4]),
        "kernel": st.tuples(small),
        "stride": st.tuples(small),
        "pad": st.tuples(st.integers(0, 2)),
        "dilation": st.tuples(st.integers(1, 2)),
        "group": st.integers(1, 2),
    }
)
cases: dict[str, st.SearchStrategy[tuple[Layer, Shapes, int]]] = {
    "Convolution": st.builds(lambda words, image: (Convolution(**words), (image,), 1), convolutions, images),
    "Deconvolution": st.builds(lambda words, image: (Deconvolution(**words), (image,), 1), convolutions, images),
    "Pooling": st.builds(
        lambda kernel, stride, pad, rounding, image: (
            Pooling(
                kernel=kernel,
                stride=stride,
                pad=Pair(min(pad.h, kernel.h - 1), min(pad.w, kernel.w - 1)),
                round_mode=rounding,
            ),
            (image,),
            1,
        ),
        pairs,
        pairs,
        pads,
        st.sampled_from(Rounding),
        images,
    ),
    "global Pooling": st.builds(lambda image: (Pooling(pool=Reduce.AVE, global_pooling=True), (image,), 1), images),
    "Concat": st.builds(lambda axis, bottoms: (Concat(axis=axis), bottoms, 1), axes, several),
    "Eltwise": st.builds(lambda bottoms: (Eltwise(), bottoms, 1), several),
    "Slice": st.builds(lambda axis, bottom, tops: (Slice(axis=axis), (bottom,), tops), axes, shapes, small),
    "Slice at points": st.builds(
        lambda axis, bottom, points: (Slice(axis=axis, slice_point=tuple(points)), (bottom,), len(points) + 1),
        axes,
        shapes,
        st.lists(st.integers(1, 5), min_size=1, max_size=2),
    ),
    "Flatten": st.builds(
        lambda axis, end, bottom: (Flatten(axis=axis, end_axis=end), (bottom,), 1), axes, axes, shapes
    ),
    "Reshape": st.builds(
        lambda dims, axis, num, bottom: (
            Reshape(shape=ReshapeTo(dim=tuple(dims)), axis=axis, num_axes=num),
            (bottom,),
            1,
        ),
        st.lists(st.sampled_from([-1, 0, 0, 1, 2, 3, 6]), max_size=4).filter(lambda dims: dims.count(-1) < 2),
        st.sampled_from([0, 0, 1, -1]),
        st.sampled_from([-1, -1, 0, 1, 2]),
        shapes,
    ),
    "InnerProduct": st.builds(lambda axis, bottom: (InnerProduct(num_output=5, axis=axis), (bottom,), 1), axes, shapes),
    "LRN": st.builds(lambda image: (LRN(), (image,), 1), images),
    "Softmax": st.builds(lambda axis, bottom: (Softmax(axis=axis), (bottom,), 1), axes, shapes),
    "SoftmaxWithLoss": st.builds(lambda *bottoms: (SoftmaxWithLoss(), bottoms, 2), shapes, shapes),
    "EuclideanLoss": st.builds(lambda *bottoms: (EuclideanLoss(), bottoms, 1), shapes, shapes),
    "Accuracy": st.builds(lambda k, *bottoms: (Accuracy(top_k=k), bottoms, 2), small, shapes, shapes),
    "ArgMax": st.builds(lambda k, axis, bottom: (ArgMax(top_k=k, axis=axis), (bottom,), 1), small, axes, shapes),
    "Scale": st.builds(lambda axis, *bottoms: (Scale(axis=axis), bottoms, 1), axes, shapes, shapes),
}


def inferred(layer: Layer, bottoms: Shapes, num_tops: int) -> Shapes | None:
    """What a layer makes; None if it refuses."""
    try:
        return layer.infer(bottoms, num_tops)
    except Refusal:
        return None


def at_numbers(
    layer: Layer, bottoms: Shapes, num_tops: int
) -> Iterator[tuple[Mapping[str, int], tuple[Shape, ...] | None]]:
    """What a layer makes where the symbols are numbers, for each choice of them."""
    for numbers in NUMBERS:
        yield numbers, inferred(layer, tuple(values(bottom, numbers) for bottom in bottoms), num_tops)


@pytest.mark.parametrize("case", cases)
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_a_layer_makes_of_symbols_what_it_makes_of_numbers(case: str, data: st.DataObject) -> None:
    """Where both have a top, its form has the number's value; what symbols are refused for, no number may have."""
    layer, bottoms, num_tops = data.draw(cases[case])
    found = inferred(layer, bottoms, num_tops)
    for numbers, wanted in at_numbers(layer, bottoms, num_tops):
        if found is None:
            assert wanted is None, numbers
        elif wanted is not None:
            assert tuple(values(top, numbers) for top in found) == wanted, numbers


def caffe_positions(size: int, kernel: int, stride: int, pad: int, *, ceil: bool) -> int:
    """pooling_layer.cpp, line by line, for one axis of an image into which the window fits."""
    room = size + 2 * pad - kernel
    positions = (-(-room // stride) if ceil else room // stride) + 1
    if pad and (positions - 1) * stride >= size + pad:
        positions -= 1
    return positions


def test_pooling_has_the_windows_of_pooling_layer_cpp() -> None:
    for size, kernel, stride, pad in product(range(1, 14), range(1, 6), range(1, 6), range(5)):
        if pad < kernel <= size + 2 * pad:
            for rounding in Rounding:
                layer = Pooling(
                    kernel=Pair(kernel, kernel), stride=Pair(stride, stride), pad=Pair(pad, pad), round_mode=rounding
                )
                wanted = caffe_positions(size, kernel, stride, pad, ceil=rounding is Rounding.CEIL)
                assert layer.infer(((1, 1, size, size),), 1) == ((1, 1, wanted, wanted),)


@pytest.mark.parametrize("layer", [Eltwise(), Concat(axis=0)])
@pytest.mark.parametrize(
    ("bottoms", "at"),
    [
        (((2, K), (2, 3), (2, 4)), 2),  # K may be 3 or 4, and not both
        (((2, K), (2, M), (2, K + 1)), 2),
        (((2, 3), (2, 3), (2, 4), (2, 5)), 2),
        (((2, 3), (2,)), 1),
        (((2,), (2, 3)), 1),
    ],
)
def test_every_bottom_is_held_against_all_before_it(layer: Layer, bottoms: Shapes, at: int) -> None:
    with pytest.raises(Refusal) as caught:
        layer.infer(bottoms, 1)
    assert (caught.value.code, caught.value.at) == ("N206", f"bottom {at}")


def test_a_top_has_the_most_that_is_known_of_its_bottoms() -> None:
    assert Eltwise().infer(((2 * K, K + 1, 5), (M, 3, K), (K + M, M, M)), 1) == ((M, 3, 5),)
    assert Concat(axis=1).infer(((K, 2), (5, 3), (M, K)), 1) == ((5, K + 5),)
