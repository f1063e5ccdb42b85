"""The same values under another shape."""

import math

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from netdef.compiler.analysis.free_axes import allowed
from netdef.compiler.layers.reshaping import Flatten, Reshape, ReshapeTo
from netdef.runtime import lower
from tests.layers.cases import Case, Family, Refused, caffe
from tests.layers.examples import agrees_with_pytorch, at_free_sizes, properties, shapes
from tests.nets import net_of


class TestReshaping(Family):
    cases = (
        *caffe("flatten", "reshape", "reshape_axis"),
        Case(
            "Flatten",
            'input "x" [2, 3, 4, 5] layer "y" Flatten',
            layer=Flatten(),
            shapes={"y": (2, 60)},
            formula=lambda x: x.reshape(2, 60),
        ),
        Case(
            "Flatten, some axes",
            'input "x" [2, 3, 4, 5] layer "y" Flatten { axis: 1 end_axis: -2 }',
            layer=Flatten(end_axis=-2),
            shapes={"y": (2, 12, 5)},
            formula=lambda x: x.reshape(2, 12, 5),
        ),
        Case(
            "Reshape, a size copied and one worked out",
            'input "x" [2, 3, 4, 5] layer "y" Reshape { shape { dim: [0, 5, -1] } }',
            layer=Reshape(shape=ReshapeTo(dim=(0, 5, -1))),
            shapes={"y": (2, 5, 12)},
            formula=lambda x: x.reshape(2, 5, 12),
        ),
        Case(
            "Reshape, some axes",
            'input "x" [2, 3, 4, 5] layer "y" Reshape { axis: 1 num_axes: 2 shape { dim: [4, 3, 1] } }',
            layer=Reshape(axis=1, num_axes=2, shape=ReshapeTo(dim=(4, 3, 1))),
            shapes={"y": (2, 4, 3, 1, 5)},
            formula=lambda x: x.reshape(2, 4, 3, 1, 5),
        ),
    )
    refused = (
        Refused("Flatten backwards", 'input "x" [2, 3, 4] layer "y" Flatten { axis: 2 end_axis: 1 }', "N205"),
        Refused("Flatten beyond the end", 'input "x" [2, 3, 4] layer "y" Flatten { axis: 3 }', "N205"),
        Refused("Reshape, two unknowns", 'input "x" [2, 3] layer "y" Reshape { shape { dim: [-1, -1] } }', "N202"),
        Refused("Reshape to more values", 'input "x" [2, 3] layer "y" Reshape { shape { dim: [2, 4] } }', "N208"),
        Refused("Reshape, no whole rest", 'input "x" [2, 3] layer "y" Reshape { shape { dim: [4, -1] } }', "N208"),
        Refused("Reshape, a copy of no axis", 'input "x" [2] layer "y" Reshape { shape { dim: [2, 0] } }', "N205"),
        Refused("Reshape, too many axes", 'input "x" [2] layer "y" Reshape { num_axes: 2 shape { dim: 2 } }', "N205"),
    )


@settings(max_examples=100, deadline=None)
@given(shape=shapes, data=st.data())
def test_reshaping_gives_the_inferred_shapes_and_keeps_the_order(shape: tuple[int, ...], data: st.DataObject) -> None:
    first = data.draw(st.integers(-len(shape), len(shape) - 1))
    last = data.draw(st.integers(first % len(shape), len(shape) - 1))
    net = lower(
        net_of(f"""
    input "data" [{", ".join(map(str, shape))}]
    layer "flat" Flatten {{ axis: {first} end_axis: {last} }}
    layer "deep" Reshape {{ bottom: "data" shape {{ dim: [0, 1, -1] }} }}
    layer "more" Reshape {{ bottom: "data" axis: {first % len(shape)} num_axes: 0 shape {{ dim: 1 }} }}
    layer "fc" InnerProduct {{ bottom: "data" num_output: 3 axis: {first} }}
    layer "both" Concat {{ bottom: ["data", "data"] axis: {first} }}
    layer "parts" Slice {{ bottom: "both" top: ["left", "right"] axis: {first} }}
    """)
    )
    x = torch.arange(float(math.prod(shape))).reshape(shape)
    found = net(data=x)
    assert {name: tuple(blob.shape) for name, blob in found.items()} == {name: net.net.blobs[name] for name in found}
    for name in ("flat", "deep", "more"):
        assert torch.equal(found[name].flatten(), x.flatten())
    assert torch.equal(found["left"], x)
    assert torch.equal(found["right"], x)


@properties
@given(data=st.data())
def test_reshape_in_onnx(data: st.DataObject) -> None:
    shape = [data.draw(st.sampled_from([1, 2, 3, 4, 6])) for _ in range(data.draw(st.integers(1, 4)))]
    axis = data.draw(st.integers(0, len(shape)))
    num_axes = data.draw(st.integers(0, len(shape) - axis))
    span = shape[axis : axis + num_axes]
    ones = data.draw(st.lists(st.just(1), max_size=2))
    dims = list(data.draw(st.permutations([*span, *ones])))
    if data.draw(st.booleans()) and dims:
        dims[data.draw(st.integers(0, len(dims) - 1))] = -1
    copied = data.draw(st.sets(st.integers(0, 3)))
    for index, size in enumerate(span):
        if index in copied and dims[index] == size:
            dims[index] = 0
    text = f"""
        input "x" {shape}
        layer "y" Reshape {{ axis: {axis} num_axes: {num_axes} shape {{ dim: {dims} }} }}
    """
    net = net_of(text)
    agrees_with_pytorch(net, (), dict(net.inputs))
    agrees_with_pytorch(net, allowed(net), dict(net.inputs))


@properties
@given(data=st.data())
def test_flatten_in_onnx(data: st.DataObject) -> None:
    rank = data.draw(st.integers(1, 5))
    first = data.draw(st.integers(0, rank - 1))
    last = data.draw(st.integers(first, rank - 1))
    text = f'input "x" {list(range(2, rank + 2))} layer "y" Flatten {{ axis: {first} end_axis: {last} }}'
    at_free_sizes(net_of(text))
