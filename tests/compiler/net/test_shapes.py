"""The walk that finds the shapes of a whole net."""

import pytest

from netdef.compiler.layers import catalogue
from netdef.compiler.layers.base import Layer
from netdef.compiler.layers.branching import Concat, Eltwise
from netdef.compiler.layers.convolution import Convolution
from netdef.compiler.layers.data import Data
from netdef.compiler.layers.inner_product import InnerProduct
from netdef.compiler.load import analyse
from netdef.compiler.net.shapes import Inferred, Refused, Step, changed_weight, infer_shapes
from netdef.compiler.net.size_names import size_names
from netdef.compiler.override import override
from netdef.compiler.shape import Shape, Shapes, show
from netdef.compiler.size import symbol
from tests.nets import net_of

K = symbol("K")


def step(name: str, layer: Layer, *bottoms: str, implied: tuple[Shape, ...] = ()) -> Step[str, str]:
    return Step(name, layer, bottoms, (name,), implied=implied)


def test_each_layer_reads_what_those_before_it_made() -> None:
    steps = [
        step("conv", Convolution(num_output=4, kernel=(3,)), "x"),
        step("cat", Concat(), "conv", "conv"),
        step("fc", InnerProduct(num_output=5), "cat"),
    ]
    found = list(infer_shapes(steps, {"x": (2, 3, 8, 8)}))
    assert [each.tops for each in found if isinstance(each, Inferred)] == [((2, 4, 6, 6),), ((2, 8, 6, 6),), ((2, 5),)]
    assert [[weight.shape for weight in each.weights] for each in found if isinstance(each, Inferred)] == [
        [(4, 3, 3, 3), (4,)],
        [],
        [(5, 288), (5,)],
    ]


def test_what_reads_a_refused_layer_is_passed_over() -> None:
    steps = [
        step("sum", Eltwise(), "x", "y"),
        step("behind", Concat(), "sum", "x"),
        step("beside", Concat(), "x", "x"),
    ]
    first, second = infer_shapes(steps, {"x": (1, 2), "y": (1, 3)})
    assert isinstance(first, Refused)
    assert (first.step.of, first.refusal.code, first.bottoms) == ("sum", "N206", ((1, 2), (1, 3)))
    assert isinstance(second, Inferred)
    assert (second.step.of, second.tops) == ("beside", ((1, 4),))


def test_a_layer_without_bottoms_takes_what_is_implied() -> None:
    (found,) = infer_shapes([step("data", Data(batch_size=4), implied=((3, 8, 9),))], {})
    assert isinstance(found, Inferred)
    assert (found.bottoms, found.tops) == ((), ((4, 3, 8, 9),))


def test_a_weight_needs_numbers() -> None:
    (found,) = infer_shapes([step("fc", InnerProduct(num_output=5), "x")], {"x": (1, K)})
    assert isinstance(found, Refused)
    assert found.refusal.code == "N207"


def test_a_weight_that_a_layer_would_need_otherwise() -> None:
    layer = InnerProduct(num_output=5)
    own, same, other = (layer.weights((shape,)) for shape in ((1, 4), (7, 2, 2), (1, 9)))
    assert changed_weight(own, same) is None
    assert changed_weight(own, other) == (own[0], other[0])


def keeping(*, says_so: bool) -> type[Layer]:
    """A type that keeps some of its bottom's rows, half of them twice; only a run can tell how many."""

    class Keep(Layer):
        """Keep some rows."""

        @property
        @override
        def run_sizes(self) -> tuple[str, ...]:
            return ("K",) if says_so else ()

        @override
        def infer(self, bottoms: Shapes, num_tops: int) -> Shapes:
            return ((symbol("K") + (symbol("K") + 1) // 2, *bottoms[0][1:]),)

    return Keep


def test_the_sizes_that_a_layer_brings_are_its_own_in_a_net() -> None:
    """Of any type, declared in a file or in Python."""
    with catalogue.restored():
        keeping(says_so=True)
        net = net_of("""
            input "x" [5, 4]
            layer "a" Keep { top: "a" }
            layer "b" Keep { top: "b" }
            layer "c" Concat { axis: 0 bottom: ["a", "b"] }
        """)
    assert [show(net.blobs[name]) for name in "abc"] == [
        "(K@a+(K@a+1)//2)x4",
        "(K@b+(K@b+1)//2)x4",
        "(K@a+K@b+(K@a+1)//2+(K@b+1)//2)x4",
    ]


def test_a_layer_must_name_the_sizes_that_it_brings() -> None:
    with catalogue.restored():
        layer = keeping(says_so=False)()
    with pytest.raises(AssertionError, match="run_sizes must name K"):
        list(infer_shapes([step("keep", layer, "x")], {"x": (5, 4)}))


def test_a_size_has_its_layers_name_only_where_another_layer_has_one_of_its_name() -> None:
    with catalogue.restored():
        keep = keeping(says_so=True)()
    assert size_names([("a", keep), ("b", Concat())]) == [{"K": "K"}, {}]
    assert size_names([("a", keep), ("b", keep), ("a", keep)]) == [{"K": "K@a"}, {"K": "K@b"}, {"K": "K@a#2"}]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('input "d" [9223372036854775807, 2, 3, 3] layer "p" ReLU', "more than 2^63 numbers"),
        ('input "d" [1, 4294967296] layer "f" InnerProduct { num_output: 2147483648 }', "more than 2^63 numbers"),
        ('input "d" [2, 0] layer "f" InnerProduct { num_output: 3 }', "holds no number"),
    ],
)
def test_what_nobody_can_count_or_learn_is_refused(text: str, said: str) -> None:
    (found,) = analyse(text).report.errors
    assert (found.code, said in found.message) == ("N202", True)
