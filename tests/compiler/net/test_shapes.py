"""The walk that finds the shapes of a whole net."""

from netdef.compiler.layers.base import Layer
from netdef.compiler.layers.branching import Concat, Eltwise
from netdef.compiler.layers.convolution import Convolution
from netdef.compiler.layers.data import Data
from netdef.compiler.layers.inner_product import InnerProduct
from netdef.compiler.net.shapes import Inferred, Refused, Step, changed_weight, infer_shapes
from netdef.compiler.shape import Shape
from netdef.compiler.size import symbol

K = symbol("K")


def step(name: str, layer: Layer, *bottoms: str, implied: tuple[Shape, ...] = ()) -> Step[str, str]:
    return Step(name, layer, bottoms, (name,), implied)


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
