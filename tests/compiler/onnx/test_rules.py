"""Each rule against what Caffe computed, and against PyTorch over random parameters."""

import os
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, reject, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

import netdef
from netdef.compiler.analysis.free_axes import allowed
from netdef.compiler.layers import catalogue
from netdef.compiler.net.net import Net
from netdef.compiler.onnx import onnx_model
from netdef.compiler.onnx.base import EXPORT
from netdef.compiler.shape import Shape, known
from netdef.runtime import lower

Array = NDArray[np.float32]
NetOf = Callable[..., Net]
Run = Callable[..., dict[str, Array]]

ORACLE = Path(__file__).parents[2] / "oracle" / "layers"
CASES = sorted(path.stem for path in ORACLE.glob("*.net"))

TO_CAFFE = 1e-5
"""Caffe and ONNX Runtime add up to some hundred float32 numbers here, in different orders."""
TO_PYTORCH = 1e-5
NUM_EXAMPLES = int(os.environ.get("NETDEF_EXAMPLES", "40"))
"""Examples of each property; some thousands take minutes."""

properties = settings(max_examples=NUM_EXAMPLES, deadline=None)


def relative_error(found: Array, wanted: NDArray[np.floating]) -> float:
    """max|a - b| / max(1e-3, max|b|); what is no number in both agrees."""
    assert found.shape == wanted.shape
    same = (found == wanted) | (np.isnan(found) & np.isnan(wanted))
    finite = np.abs(wanted[np.isfinite(wanted)]).max(initial=1e-3)
    with np.errstate(invalid="ignore"):  # infinite in both
        return float(np.where(same, 0, np.abs(found - wanted)).max(initial=0) / finite)


def agrees_with_pytorch(net: Net, run: Run, dynamic: tuple[str, ...], shapes: Mapping[str, Shape]) -> None:
    """The model's outputs at these sizes are the module's, and their shapes are those that inference finds."""
    random = np.random.default_rng(0)
    inputs = {
        name: random.standard_normal(tuple(map(known, shape))).astype(np.float32) for name, shape in shapes.items()
    }
    found = run(onnx_model(net, dynamic=dynamic), inputs)
    wanted = lower(net)(**{name: torch.from_numpy(array) for name, array in inputs.items()})
    assert found.keys() == wanted.keys()
    for name, array in found.items():
        assert relative_error(array, wanted[name].detach().numpy()) <= TO_PYTORCH, name
        if shapes == net.inputs:
            assert array.shape == net.blobs[name]


def at_free_sizes(net: Net, run: Run) -> None:
    """As they are; with a free batch; and with all free that the net lets, at other sizes."""
    agrees_with_pytorch(net, run, (), dict(net.inputs))
    free = allowed(net)
    for dynamic in {("N",) if "N" in free else (), free}:
        grown = {
            name: tuple(
                dim
                + (
                    2
                    if axis == 0 and "N" in dynamic
                    else 3
                    if len(shape) == 4 and axis > 1 and "HW"[axis - 2] in dynamic
                    else 0
                )
                for axis, dim in enumerate(shape)
            )
            for name, shape in net.inputs.items()
        }
        if exportable(net, dynamic):
            agrees_with_pytorch(net, run, dynamic, grown)


def exportable(net: Net, dynamic: tuple[str, ...]) -> bool:
    """Whether ONNX has the net's windows at every size."""
    try:
        onnx_model(net, dynamic=dynamic)
    except netdef.NetError as error:
        return expected(error, "N801")
    return True


def expected(error: netdef.NetError, *codes: str) -> bool:
    """Let only these mistakes pass; always false."""
    if {diagnostic.code for diagnostic in error.report} <= set(codes):
        return False
    raise error


def test_every_layer_type_has_a_rule_or_a_reason() -> None:
    assert {"Convolution", "Pooling"} < set(catalogue.names())
    assert EXPORT.missing() == []


@pytest.mark.parametrize("free", ["nothing", "the batch", "all that may"])
@pytest.mark.parametrize("case", CASES)
def test_caffe(case: str, free: str, run: Run) -> None:
    net = netdef.load(ORACLE / f"{case}.net", phase="TRAIN" if case == "bn_train" else "TEST")
    arrays = np.load(ORACLE / f"{case}.npz")
    weights: dict[str, list[Array]] = {}
    for key in arrays.files:
        if key.startswith("param/"):
            weights.setdefault(key.split("/")[1], []).append(arrays[key])
    dynamic = {"nothing": (), "the batch": ("N",), "all that may": allowed(net)}[free]
    outputs = run(
        onnx_model(net, weights, dynamic=dynamic),
        {key.removeprefix("in/"): arrays[key] for key in arrays.files if key.startswith("in/")},
    )
    assert outputs.keys() == set(net.outputs) - set(net.inputs)
    assert outputs
    for name, found in outputs.items():
        assert relative_error(found, arrays[f"out/{name}"]) <= TO_CAFFE


@properties
@given(data=st.data())
def test_pooling(net_of: NetOf, run: Run, data: st.DataObject) -> None:
    h, w = (data.draw(st.integers(1, 9)) for _ in range(2))
    kernel = [data.draw(st.integers(1, 4)) for _ in range(2)]
    stride = [data.draw(st.integers(1, 5)) for _ in range(2)]
    pad = [data.draw(st.integers(0, k - 1)) for k in kernel]
    pool = data.draw(st.sampled_from(["MAX", "AVE"]))
    rounding = data.draw(st.sampled_from(["CEIL", "FLOOR"]))
    tops = '["y", "at"]' if pool == "MAX" and data.draw(st.booleans()) else '"y"'
    text = f"""
        input "x" [2, 3, {h}, {w}]
        layer "y" Pooling {{
            bottom: "x" top: {tops} pool: {pool} round_mode: {rounding}
            kernel_h: {kernel[0]} kernel_w: {kernel[1]} stride_h: {stride[0]} stride_w: {stride[1]}
            pad_h: {pad[0]} pad_w: {pad[1]}
        }}
    """
    try:
        net = net_of(text)
    except netdef.NetError as error:
        expected(error, "N204")
        reject()
    at_free_sizes(net, run)


@properties
@given(data=st.data())
def test_global_pooling(net_of: NetOf, run: Run, data: st.DataObject) -> None:
    h, w = (data.draw(st.integers(1, 9)) for _ in range(2))
    pool, tops = data.draw(st.sampled_from([("MAX", '"y"'), ("MAX", '["y", "at"]'), ("AVE", '"y"')]))
    text = f'input "x" [2, 3, {h}, {w}] layer "y" Pooling {{ top: {tops} pool: {pool} global_pooling: true }}'
    at_free_sizes(net_of(text), run)


@properties
@given(data=st.data(), kind=st.sampled_from(["Convolution", "Deconvolution"]))
def test_convolution(net_of: NetOf, run: Run, data: st.DataObject, kind: str) -> None:
    num_axes = data.draw(st.integers(1, 3))
    axis = data.draw(st.integers(1, 2))
    sizes = [data.draw(st.integers(1, 7)) for _ in range(num_axes)]
    group = data.draw(st.integers(1, 2))
    lead = [2, 3][:axis]
    fields = {
        name: [data.draw(st.integers(least, most)) for _ in range(num_axes)]
        for name, least, most in (("kernel_size", 1, 3), ("stride", 1, 4), ("pad", 0, 2), ("dilation", 1, 2))
    }
    text = f"""
        input "x" {[*lead, 2 * group, *sizes]}
        layer "y" {kind} {{
            num_output: {3 * group} group: {group} axis: {axis} bias_term: {str(data.draw(st.booleans())).lower()}
            {" ".join(f"{name}: {values}" for name, values in fields.items())}
            weight_filler {{ type: "gaussian" }} bias_filler {{ type: "uniform" }}
        }}
    """
    try:
        net = net_of(text)
    except netdef.NetError as error:
        expected(error, "N204")
        reject()
    at_free_sizes(net, run)


@properties
@given(data=st.data())
def test_reshape(net_of: NetOf, run: Run, data: st.DataObject) -> None:
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
    agrees_with_pytorch(net, run, (), dict(net.inputs))
    agrees_with_pytorch(net, run, allowed(net), dict(net.inputs))


@properties
@given(data=st.data())
def test_flatten(net_of: NetOf, run: Run, data: st.DataObject) -> None:
    rank = data.draw(st.integers(1, 5))
    first = data.draw(st.integers(0, rank - 1))
    last = data.draw(st.integers(first, rank - 1))
    text = f'input "x" {list(range(2, rank + 2))} layer "y" Flatten {{ axis: {first} end_axis: {last} }}'
    at_free_sizes(net_of(text), run)


@properties
@given(data=st.data())
def test_inner_product(net_of: NetOf, run: Run, data: st.DataObject) -> None:
    rank = data.draw(st.integers(1, 4))
    axis = data.draw(st.integers(0, rank - 1))
    text = f"""
        input "x" {[2, 3, 4, 5][:rank]}
        layer "y" InnerProduct {{
            num_output: 7 axis: {axis} transpose: {str(data.draw(st.booleans())).lower()}
            bias_term: {str(data.draw(st.booleans())).lower()}
            weight_filler {{ type: "gaussian" }} bias_filler {{ type: "uniform" }}
        }}
    """
    at_free_sizes(net_of(text), run)


@properties
@given(data=st.data(), kind=st.sampled_from(["Scale", "Bias"]))
def test_scale_and_bias(net_of: NetOf, run: Run, data: st.DataObject, kind: str) -> None:
    axis = data.draw(st.integers(0, 3))
    num_axes = data.draw(st.sampled_from([-1, *range(4 - axis + 1)]))
    shape = [2, 3, 4, 5]
    end = 4 if num_axes == -1 else axis + num_axes
    second = data.draw(st.booleans()) and end > axis
    text = f"""
        input "x" {shape}
        {f'input "z" {shape[axis:end]}' if second else ""}
        layer "y" {kind} {{
            bottom: {'["x", "z"]' if second else '"x"'} top: "y" axis: {axis} num_axes: {num_axes}
            filler {{ type: "gaussian" }}
            {'bias_term: true bias_filler { type: "gaussian" }' if kind == "Scale" and data.draw(st.booleans()) else ""}
        }}
    """
    net = net_of(text)
    agrees_with_pytorch(net, run, (), dict(net.inputs))
    agrees_with_pytorch(net, run, allowed(net), dict(net.inputs))


@properties
@given(data=st.data())
def test_slice_and_concat(net_of: NetOf, run: Run, data: st.DataObject) -> None:
    axis = data.draw(st.integers(0, 3))
    shape = [6, 6, 6, 6]
    points = data.draw(st.sampled_from(["", "slice_point: [1, 4]"]))
    text = f"""
        input "x" {shape}
        layer "s" Slice {{ top: ["a", "b", "c"] axis: {axis} {points} }}
        layer "y" Concat {{ bottom: ["c", "a", "b"] axis: {axis} }}
    """
    net = net_of(text)
    agrees_with_pytorch(net, run, (), dict(net.inputs))
    for letter in allowed(net):
        agrees_with_pytorch(net, run, (letter,), {"x": tuple(12 if i == "N.HW".index(letter) else 6 for i in range(4))})


@pytest.mark.parametrize("letter", ["N", "H", "W"])
def test_last_piece_of_a_free_axis_is_the_rest(letter: str, net_of: NetOf, run: Run) -> None:
    axis = "N.HW".index(letter)
    net = net_of(f'input "x" [5, 5, 5, 5] layer "s" Slice {{ top: ["a", "b"] axis: {axis} slice_point: 2 }}')
    agrees_with_pytorch(net, run, (letter,), {"x": tuple(8 if i == axis else 5 for i in range(4))})


@properties
@given(
    power=st.sampled_from([0.0, 0.5, 1.0, 2.0]),
    scale=st.sampled_from([0.0, 1.0, 0.5]),
    shift=st.sampled_from([0.0, 3.0]),
)
def test_power_is_a_constant_where_caffes_is(net_of: NetOf, run: Run, power: float, scale: float, shift: float) -> None:
    net = net_of(f'input "x" [2, 4] layer "y" Power {{ top: "y" power: {power} scale: {scale} shift: {shift} }}')
    x = np.asarray([[0, 1, 2, np.inf], [4, 5, 6, 7]], np.float32)
    constant = np.float32(1 if power == 0 else shift**power)
    wanted = np.full_like(x, constant) if power * scale == 0 else (shift + scale * x) ** np.float32(power)
    assert relative_error(run(onnx_model(net), {"x": x})["y"], wanted) <= TO_CAFFE


@pytest.mark.parametrize(("row", "label", "right"), [([1, 1, 1], 0, 0), ([2, 2, 1], 1, 0), ([2, 3, 1], 1, 1)])
def test_ties_count_against_accuracy(row: list[float], label: int, right: float, net_of: NetOf, run: Run) -> None:
    net = net_of('input "x" [1, 3] input "t" [1] layer "y" Accuracy { bottom: ["x", "t"] }')
    assert run(onnx_model(net), {"x": [row], "t": [label]})["y"] == right


def test_accuracy_by_class_and_ignored_labels(net_of: NetOf, run: Run) -> None:
    net = net_of("""
        input "x" [2, 3, 4] input "t" [2, 4]
        layer "y" Accuracy { bottom: ["x", "t"] top: ["y", "by"] ignore_label: 9 }
    """)
    scores = np.zeros((2, 3, 4), np.float32)
    labels = np.asarray([[0, 1, 9, 1], [0, 9, 0, 0]])
    winners = np.asarray([[0, 2, 0, 1], [0, 1, 0, 1]])
    np.put_along_axis(scores, winners[:, None], 1, axis=1)
    found = run(onnx_model(net), {"x": scores, "t": labels})
    counted = labels != 9
    assert found["y"] == pytest.approx((labels == winners)[counted].mean())
    by_class = [(winners[labels == c] == c).mean() if (labels == c).any() else 0 for c in range(3)]
    assert found["by"] == pytest.approx(by_class)


@pytest.mark.parametrize("form", ["", "out_max_val: true", "axis: 1", "axis: 2 out_max_val: true", "axis: -1"])
@pytest.mark.parametrize("top_k", [1, 3])
def test_argmax_takes_the_last_of_equals(form: str, top_k: int, net_of: NetOf, run: Run) -> None:
    net = net_of(f'input "x" [2, 3, 4] layer "y" ArgMax {{ top_k: {top_k} {form} }}')
    x = np.random.default_rng(1).integers(0, 3, (2, 3, 4)).astype(np.float32)
    axis = {"axis: 1": 1, "axis: 2 out_max_val: true": 2, "axis: -1": 2}.get(form)
    rows = np.moveaxis(x, axis, -1) if axis is not None else x.reshape(2, -1)
    # argmax_layer.cpp sorts pairs of value and position downwards
    order = np.asarray(
        [sorted(range(row.size), key=lambda i: (-row[i], -i))[:top_k] for row in rows.reshape(-1, rows.shape[-1])]
    )
    values = np.take_along_axis(rows.reshape(-1, rows.shape[-1]), order, 1)
    if axis is None:
        wanted = np.stack([order, values], 1) if form else order[:, None]
    else:
        found = values if "out_max_val" in form else order
        wanted = np.moveaxis(found.reshape(*rows.shape[:-1], top_k), -1, axis)
    assert (run(onnx_model(net), {"x": x})["y"] == wanted).all()


@pytest.mark.parametrize("normalization", ["FULL", "VALID", "BATCH_SIZE", "NONE"])
@pytest.mark.parametrize("ignore", ["", "ignore_label: 1"])
@pytest.mark.parametrize("axis", [1, 2])
def test_softmax_loss(axis: int, ignore: str, normalization: str, net_of: NetOf, run: Run) -> None:
    labels_shape = [2, 5, 4] if axis == 1 else [2, 3, 4]
    net = net_of(f"""
        input "x" [2, 3, 5, 4] input "t" {labels_shape}
        layer "y" SoftmaxWithLoss {{
            bottom: ["x", "t"] top: ["y", "p"] softmax_param {{ axis: {axis} }}
            loss_param {{ normalization: {normalization} {ignore} }}
        }}
    """)
    random = np.random.default_rng(2)
    x = random.standard_normal((2, 3, 5, 4)).astype(np.float32)
    x[0, 0] += 200  # probabilities of 0 saturate
    t = random.integers(0, 3, labels_shape)
    p = np.exp(x - x.max(axis, keepdims=True))
    p /= p.sum(axis, keepdims=True)
    own = np.take_along_axis(p, np.expand_dims(t, axis), axis).squeeze(axis)
    counts = (t != 1) if ignore else np.ones_like(t, bool)
    total = -np.log(np.maximum(own, np.finfo(np.float32).tiny))[counts].sum()
    outer = 2 if axis == 1 else 2 * 3
    by = {"FULL": t.size, "VALID": counts.sum(), "BATCH_SIZE": outer, "NONE": 1}[normalization]
    found = run(onnx_model(net), {"x": x, "t": t})
    assert found["y"] == pytest.approx(total / by, rel=1e-5)
    assert relative_error(found["p"], p) <= TO_CAFFE


def test_loss_of_nothing_but_ignored_labels_is_0(net_of: NetOf, run: Run) -> None:
    net = net_of("""
        input "x" [2, 3] input "t" [2]
        layer "y" SoftmaxWithLoss { bottom: ["x", "t"] top: "y" loss_param { ignore_label: 255 } }
    """)
    assert run(onnx_model(net), {"x": np.ones((2, 3)), "t": [255, 255]})["y"] == 0


def test_batchnorm_without_factor_has_mean_and_variance_0(net_of: NetOf, run: Run) -> None:
    net = net_of('input "x" [2, 3, 4, 5] layer "y" BatchNorm { top: "y" }')
    weights = {"y": [np.full(3, 7, np.float32), np.full(3, 9, np.float32), np.zeros(1, np.float32)]}
    x = np.random.default_rng(3).standard_normal((2, 3, 4, 5)).astype(np.float32)
    assert relative_error(run(onnx_model(net, weights), {"x": x})["y"], x / np.float32(1e-5**0.5)) <= TO_CAFFE


@pytest.mark.parametrize("phase", ["TRAIN", "TEST"])
def test_batchnorm_by_the_phase(phase: str, net_of: NetOf, run: Run) -> None:
    net = net_of('input "x" [4, 3] layer "y" BatchNorm { top: "y" eps: 0.5 }', phase)
    weights = {"y": [np.asarray([1, 2, 3], np.float32), np.asarray([4, 5, 6], np.float32), np.full(1, 2, np.float32)]}
    x = np.random.default_rng(4).standard_normal((4, 3)).astype(np.float32)
    mean, variance = (x.mean(0), x.var(0)) if phase == "TRAIN" else (weights["y"][0] / 2, weights["y"][1] / 2)
    assert (
        relative_error(run(onnx_model(net, weights), {"x": x})["y"], (x - mean) / np.sqrt(variance + 0.5)) <= TO_CAFFE
    )
