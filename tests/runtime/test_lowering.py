"""Every layer's rule against what Caffe computed, and against loops written from the definitions."""

import math
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from torch import Tensor

import netdef
from netdef.compiler.diagnostics import Report
from netdef.compiler.layers import catalogue
from netdef.compiler.layers.convolution import Convolution
from netdef.compiler.layers.pooling import Pooling, Reduce, Rounding
from netdef.compiler.layers.softmax import Normalization
from netdef.compiler.load import build, expand_source, state_of
from netdef.compiler.net.net import Net, Sizes
from netdef.compiler.net_error import NetError
from netdef.compiler.schema.message import Refusal
from netdef.compiler.shape import Pair, known
from netdef.compiler.source import Source
from netdef.runtime import NetModule, lower
from netdef.runtime.lowering import RULES
from netdef.runtime.lowering.pooling import LEAST

CASES = sorted((Path(__file__).parent.parent / "oracle/layers").glob("*.net"))
OUTPUTS = 1e-5
"""Relative: float32 sums in another order."""
GRADIENTS = 1e-4
"""Relative: longer sums, of products that were rounded already."""

Arrays = Mapping[str, NDArray[np.float32]]
Doubles = NDArray[np.float64]


def net_of(text: str, phase: str = "TEST") -> Net:
    """A net from its text."""
    report = Report()
    expanded = expand_source(Source("<test>", text), {}, report)
    return build(expanded, state_of(phase), Sizes({}, {}), False, report)


def module(text: str, phase: str = "TEST") -> NetModule:
    """A net's module, from its text."""
    return lower(net_of(text, phase))


def error(found: Tensor, expected: NDArray[np.float32]) -> float:
    """max|a - b| / max(1e-3, max|b|)."""
    assert found.shape == expected.shape
    return float(np.abs(found.detach().numpy() - expected).max() / max(1e-3, np.abs(expected).max()))


def under(head: str, arrays: Arrays) -> dict[str, NDArray[np.float32]]:
    return {name.removeprefix(head): array for name, array in arrays.items() if name.startswith(head)}


def weights_of(net: Net, arrays: Arrays) -> dict[str, list[NDArray[np.float32]]]:
    return {layer: [arrays[f"param/{layer}/{i}"] for i in range(len(shapes))] for layer, shapes in net.params.items()}


def own_name(caffes: str) -> str:
    """A blob that several layers read has copies in Caffe: y_l_0_split_0."""
    return caffes.split("_l_0_split_", maxsplit=1)[0]


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.stem)
def test_caffes_numbers(case: Path) -> None:
    arrays: Arrays = dict(np.load(case.with_suffix(".npz")))
    net = netdef.load(case, phase="TRAIN" if case.stem == "bn_train" else "TEST")
    lowered = lower(net, weights_of(net, arrays))
    assert not lowered.matched.missing
    inputs = {name: torch.tensor(array) for name, array in under("in/", arrays).items()}
    wanted = under("din/", arrays)
    for name in wanted:
        inputs[name].requires_grad_()
    outputs = {own_name(name): array for name, array in under("out/", arrays).items()}
    found = lowered.blobs(list(outputs), **inputs)
    for name, expected in outputs.items():
        assert error(found[name], expected) < OUTPUTS, name
    if not wanted:
        return
    fed = under("dout/", arrays)
    if fed:
        torch.autograd.backward([found[name] for name in fed], [torch.tensor(array) for array in fed.values()])
    else:
        loss, _ = lowered.loss(**inputs)
        torch.autograd.backward(loss)
    for name, expected in wanted.items():
        gradient = inputs[name].grad
        assert error(torch.zeros_like(inputs[name]) if gradient is None else gradient, expected) < GRADIENTS, name
    for learned in lowered.learned():
        assert learned.tensor.grad is not None
        assert error(learned.tensor.grad, arrays[f"dparam/{learned.layer}/{learned.index}"]) < GRADIENTS


# ---- the table
def test_every_layer_type_is_done_or_refused() -> None:
    assert RULES.missing() == []
    fed = {kind for kind in catalogue.every_type() if kind.fed}
    assert {kind for kind in catalogue.every_type() if RULES.refusal(kind.__new__(kind)) is not None} == fed


def test_all_refused_layers_are_said_at_once_with_their_places() -> None:
    text = """
    opaque "Mystery" { top_shape: [2, 3, 7, 5] }
    input "data" [2, 3, 7, 5]
    layer "odd" Mystery
    layer "chance" Pooling { pool: STOCHASTIC kernel_size: 2 bottom: "data" }
    layer "deep" Convolution { num_output: 2 kernel_size: 1 axis: -5 bottom: "high" }
    input "high" [1, 1, 2, 2, 2, 2]
    """
    lines = text.splitlines()
    lines.insert(3, lines.pop(6))
    with pytest.raises(NetError) as caught:
        module("\n".join(lines))
    found = {(d.message.split(":")[0], d.primary.span.text) for d in caught.value.report if d.primary}
    assert found == {
        ("PyTorch can't run odd", '"odd"'),
        ("PyTorch can't run chance", "STOCHASTIC"),
        ("PyTorch can't run deep", '"high"'),
    }
    assert {d.code for d in caught.value.report} == {"N750"}


# ---- pooling, written from the definition
def pooled(x: Doubles, layer: Pooling) -> tuple[Doubles, Doubles]:
    """Caffe's loops, and the positions of the maxima."""
    n, c, height, width = x.shape
    (kh, kw), (sh, sw), (ph, pw) = layer.over(x.shape)
    rounded = math.ceil if layer.round_mode is Rounding.CEIL else math.floor
    rows, columns = rounded((height + 2 * ph - kh) / sh) + 1, rounded((width + 2 * pw - kw) / sw) + 1
    if ph or pw:
        rows -= (rows - 1) * sh >= height + ph
        columns -= (columns - 1) * sw >= width + pw
    top, at = np.zeros((n, c, rows, columns)), np.full((n, c, rows, columns), -1.0)
    for i, j in np.ndindex(rows, columns):
        y, x0 = i * sh - ph, j * sw - pw
        y_end, x_end = min(y + kh, height + ph), min(x0 + kw, width + pw)
        size = (y_end - y) * (x_end - x0)
        inside = x[:, :, max(y, 0) : min(y_end, height), max(x0, 0) : min(x_end, width)]
        if layer.pool is Reduce.AVE:
            with np.errstate(invalid="ignore"):
                top[:, :, i, j] = inside.sum((2, 3)) / np.float64(size)
        elif inside.size == 0:
            top[:, :, i, j] = LEAST
        else:
            flat = inside.reshape(n, c, -1)
            row, column = np.divmod(flat.argmax(2), inside.shape[3])
            top[:, :, i, j] = flat.max(2)
            at[:, :, i, j] = (row + max(y, 0)) * width + column + max(x0, 0)
    return top, at


@settings(max_examples=200, deadline=None)
@given(
    image=st.tuples(st.integers(1, 9), st.integers(1, 9)),
    kernel=st.tuples(st.integers(1, 5), st.integers(1, 5)),
    stride=st.tuples(st.integers(1, 6), st.integers(1, 6)),
    share=st.tuples(st.integers(0, 4), st.integers(0, 4)),
    pool=st.sampled_from([Reduce.MAX, Reduce.AVE]),
    mode=st.sampled_from(Rounding),
    whole=st.booleans(),
)
def test_pooling_is_caffes_loops(
    image: tuple[int, int],
    kernel: tuple[int, int],
    stride: tuple[int, int],
    share: tuple[int, int],
    pool: Reduce,
    mode: Rounding,
    whole: bool,
) -> None:
    pad = Pair(min(share[0], kernel[0] - 1), min(share[1], kernel[1] - 1))
    if whole:
        layer = Pooling(pool=pool, global_pooling=True, round_mode=mode)
        parameters = "global_pooling: true"
    else:
        layer = Pooling(pool=pool, kernel=Pair(*kernel), stride=Pair(*stride), pad=pad, round_mode=mode)
        parameters = (
            f"kernel_h: {kernel[0]} kernel_w: {kernel[1]} stride_h: {stride[0]} stride_w: {stride[1]}"
            f" pad_h: {pad.h} pad_w: {pad.w}"
        )
    tops = '"top", "at"' if pool is Reduce.MAX else '"top"'
    text = f"""
    input "data" [2, 3, {image[0]}, {image[1]}]
    layer "pool" Pooling {{ pool: {pool.name} round_mode: {mode.name} {parameters} top: [{tops}] }}
    """
    shape = (2, 3, *image)
    try:
        layer.infer((shape,), 1)
    except Refusal:
        with pytest.raises(NetError):
            module(text)
        return
    net = module(text)
    x = np.random.default_rng(0).integers(-4, 4, shape).astype(np.float64)  # small whole numbers: many ties
    found = net.double()(data=torch.tensor(x))
    top, at = pooled(x, layer)
    assert found["top"].shape == net.net.blobs["top"] == top.shape
    np.testing.assert_allclose(found["top"].numpy(), top, rtol=1e-12)
    if pool is Reduce.MAX:
        np.testing.assert_array_equal(found["at"].numpy(), at)


def test_the_gradient_of_a_bordered_maximum_goes_to_the_first_of_equal_values() -> None:
    net = module('input "data" [1, 1, 3, 3] layer "pool" Pooling { kernel_size: 3 stride: 2 pad: 2 }')
    x = torch.zeros(1, 1, 3, 3, requires_grad=True)
    net(data=x)["pool"].sum().backward()
    assert x.grad is not None
    assert x.grad.tolist() == [[[[4, 0, 2], [0, 0, 0], [2, 0, 1]]]]  # rows 0, 0 to 2 and 2; columns too


# ---- convolution
def correlated(x: Doubles, weight: Doubles, bias: Doubles, layer: Convolution) -> Doubles:
    """Windows of (N, C, H, W), one output at a time, zeros wherever they stick out."""
    group = layer.group
    kernel, stride, pad, dilation = layer.over(2)
    sizes = [layer.size(*along) for along in zip(x.shape[2:], kernel, stride, pad, dilation, strict=True)]
    wide = np.pad(x, ((0, 0), (0, 0), *((p, p + d * k) for p, d, k in zip(pad, dilation, kernel, strict=True))))
    top = np.zeros((len(x), len(weight), *map(known, sizes)))
    for o, i, j in np.ndindex(top.shape[1:]):
        first = o // (len(weight) // group) * weight.shape[1]
        rows = i * stride[0] + dilation[0] * np.arange(kernel[0])
        columns = j * stride[1] + dilation[1] * np.arange(kernel[1])
        seen = wide[:, first : first + weight.shape[1]][:, :, rows[:, None], columns]
        top[:, o, i, j] = (seen * weight[o]).sum((1, 2, 3)) + bias[o]
    return top


windows = {
    "kernel": st.integers(1, 4),
    "stride": st.integers(1, 4),
    "pad": st.integers(0, 2),
    "dilation": st.integers(1, 2),
    "group": st.integers(1, 2),
    "image": st.tuples(st.integers(1, 8), st.integers(1, 8)),
}


@settings(max_examples=200, deadline=None)
@given(**windows)
def test_convolution_is_a_sum_over_windows(
    kernel: int, stride: int, pad: int, dilation: int, group: int, image: tuple[int, int]
) -> None:
    layer = Convolution(num_output=4, kernel=(kernel,), stride=(stride,), pad=(pad,), dilation=(dilation,), group=group)
    text = f"""
    input "data" [2, 2, {image[0]}, {image[1]}]
    layer "conv" Convolution {{
      num_output: 4 kernel_size: {kernel} stride: {stride} pad: {pad} dilation: {dilation} group: {group}
      weight_filler {{ type: "gaussian" }} bias_filler {{ type: "gaussian" }}
    }}
    """
    try:
        layer.infer(((2, 2, *image),), 1)
    except Refusal:
        return
    net = module(text).double()
    x = np.random.default_rng(0).standard_normal((2, 2, *image))
    weight, bias = (tensor.detach().numpy() for tensor in net.layer_params("conv"))
    found = net(data=torch.tensor(x))["conv"].detach().numpy()
    assert found.shape == net.net.blobs["conv"]
    np.testing.assert_allclose(found, correlated(x, weight, bias, layer), atol=1e-12)


@settings(max_examples=100, deadline=None)
@given(**windows)
def test_deconvolution_is_convolution_transposed(
    kernel: int, stride: int, pad: int, dilation: int, group: int, image: tuple[int, int]
) -> None:
    """<conv(x), y> = <x, deconv(y)> for every x and y, with one weight for both."""
    parameters = f"kernel_size: {kernel} stride: {stride} pad: {pad} dilation: {dilation} group: {group}"
    spread = f"""
    input "data" [2, 2, {image[0]}, {image[1]}]
    layer "window" Deconvolution {{ num_output: 4 {parameters} bias_term: false weight_filler {{ type: "gaussian" }} }}
    """
    try:
        up = module(spread).double()
    except NetError:  # the border is wider than what it would cut
        return
    _, channels, *large = up.net.blobs["window"]
    down = module(f"""
    input "data" [2, {channels}, {large[0]}, {large[1]}]
    layer "window" Convolution {{ num_output: 2 {parameters} bias_term: false }}
    """).double()
    down.load(up.weights())
    y = torch.randn(2, 2, *image, dtype=torch.float64)
    x = torch.randn(2, 4, *map(known, large), dtype=torch.float64)
    lowered, raised_ = down(data=x)["window"], up(data=y)["window"]
    torch.testing.assert_close((lowered * y).sum(), (x * raised_).sum())


@pytest.mark.parametrize(
    ("shape", "axis"), [((2, 3, 9), 1), ((2, 4, 3, 7, 5), 2), ((3, 7, 5), 0), ((2, 3, 5, 4, 6), 1)]
)
def test_convolution_over_other_axes(shape: tuple[int, ...], axis: int) -> None:
    net = module(f"""
    input "data" [{", ".join(map(str, shape))}]
    layer "conv" Convolution {{ num_output: 4 kernel_size: 3 axis: {axis} weight_filler {{ type: "gaussian" }} }}
    """)
    x = torch.randn(*shape)
    (weight, _) = net.layer_params("conv")
    samples = x.reshape(-1, *shape[axis:]) if axis else x[None]
    seen = samples
    for dim in range(2, samples.dim()):
        seen = seen.unfold(dim, 3, 1)  # (N, C, positions..., window...)
    num = samples.dim() - 2
    products = torch.tensordot(seen, weight, ([1, *range(2 + num, 2 + 2 * num)], [1, *range(2, 2 + num)]))
    expected = products.movedim(-1, 1).reshape(net.net.blobs["conv"])
    torch.testing.assert_close(net(data=x)["conv"], expected, rtol=OUTPUTS, atol=1e-5)


# ---- losses and measures
def log_loss(x: Doubles, labels: Doubles, axis: int, ignored: int | None, normalization: Normalization) -> float:
    """Position by position."""
    outer, inner = math.prod(x.shape[:axis]), math.prod(x.shape[axis + 1 :])
    rows = x.reshape(outer, x.shape[axis], inner)
    total, valid = 0.0, 0
    for (i, j), label in np.ndenumerate(labels.reshape(outer, inner)):
        if label == ignored:
            continue
        exp = np.exp(rows[i, :, j] - rows[i, :, j].max())
        total -= math.log(max(exp[int(label)] / exp.sum(), np.finfo(np.float32).tiny))
        valid += 1
    by = {"FULL": outer * inner, "VALID": valid, "BATCH_SIZE": outer, "NONE": 1}
    return total / max(by[normalization.name], 1)


@settings(max_examples=100, deadline=None)
@given(
    shape=st.lists(st.integers(1, 4), min_size=2, max_size=4).map(tuple),
    which=st.integers(0, 3),
    ignored=st.none() | st.integers(0, 4),
    normalization=st.sampled_from(Normalization),
    size=st.sampled_from([1.0, 100.0]),
)
def test_softmax_loss_is_the_published_formula(
    shape: tuple[int, ...], which: int, ignored: int | None, normalization: Normalization, size: float
) -> None:
    axis = which % len(shape)
    positions = shape[:axis] + shape[axis + 1 :]
    net = module(f"""
    input "scores" [{", ".join(map(str, shape))}]
    input "label" [{", ".join(map(str, positions))}]
    layer "loss" SoftmaxWithLoss {{
      bottom: ["scores", "label"] top: ["loss", "prob"]
      softmax_param {{ axis: {axis} }}
      loss_param {{ normalization: {normalization.name} {"" if ignored is None else f"ignore_label: {ignored}"} }}
    }}
    """)
    chance = np.random.default_rng(0)
    x, labels = chance.standard_normal(shape) * size, chance.integers(0, shape[axis], positions).astype(np.float64)
    found = net.double()(scores=torch.tensor(x), label=torch.tensor(labels))
    expected = log_loss(x, labels, axis, ignored, normalization)
    assert float(found["loss"]) == pytest.approx(expected, rel=1e-6, abs=1e-9)
    assert found["prob"].sum(axis).numpy() == pytest.approx(1)


def test_a_saturated_loss_still_has_its_gradient() -> None:
    net = module("""
    input "scores" [1, 3]
    input "label" [1]
    layer "loss" SoftmaxWithLoss { bottom: ["scores", "label"] }
    """)
    scores = torch.tensor([[0.0, 200.0, 0.0]], requires_grad=True)
    loss, _ = net.loss(scores=scores, label=torch.tensor([0]))
    assert float(loss.detach()) == pytest.approx(87.3365, abs=1e-4)
    torch.autograd.backward(loss)
    assert scores.grad is not None
    assert scores.grad.tolist() == [[-1.0, 1.0, 0.0]]  # probability less one at the label


@pytest.mark.parametrize("top_k", [1, 2])
@pytest.mark.parametrize("ignored", [None, 1])
def test_accuracy_counts_ties_against_and_classes_apart(top_k: int, ignored: int | None) -> None:
    scores = np.random.default_rng(0).integers(0, 3, (5, 4, 2, 3)).astype(np.float64)
    labels = np.random.default_rng(1).integers(0, 4, (5, 2, 3))
    right, num = np.zeros(4), np.zeros(4)
    for (n, i, j), label in np.ndenumerate(labels):
        if label != ignored:
            others = np.delete(scores[n, :, i, j], label)
            right[label] += (others >= scores[n, label, i, j]).sum() < top_k
            num[label] += 1
    net = module(f"""
    input "scores" [5, 4, 2, 3]
    input "label" [5, 1, 2, 3]
    layer "accuracy" Accuracy {{
      bottom: ["scores", "label"] top: ["share", "each"] top_k: {top_k}
      {"" if ignored is None else f"ignore_label: {ignored}"}
    }}
    """)
    found = net(scores=torch.tensor(scores), label=torch.tensor(labels).reshape(5, 1, 2, 3))
    assert float(found["share"]) == pytest.approx(right.sum() / num.sum())
    assert found["each"].numpy() == pytest.approx(right / np.maximum(num, 1))


def test_accuracy_of_nothing_is_0() -> None:
    net = module("""
    input "scores" [2, 2]
    input "label" [2]
    layer "accuracy" Accuracy { bottom: ["scores", "label"] ignore_label: 0 }
    """)
    assert float(net(scores=torch.randn(2, 2), label=torch.zeros(2))["accuracy"]) == 0


@pytest.mark.parametrize("top_k", [1, 3])
@pytest.mark.parametrize("with_values", [False, True])
@pytest.mark.parametrize("axis", [None, 1, -1])
def test_argmax_sorts_pairs_of_value_and_position(top_k: int, with_values: bool, axis: int | None) -> None:
    x = np.random.default_rng(0).integers(0, 3, (2, 3, 4, 3)).astype(np.float32)  # many ties
    net = module(f"""
    input "data" [2, 3, 4, 3]
    layer "best" ArgMax {{
      top_k: {top_k} out_max_val: {str(with_values).lower()} {"" if axis is None else f"axis: {axis}"}
    }}
    """)
    rows = x.reshape(2, -1) if axis is None else np.moveaxis(x, axis, -1)
    best = np.zeros((*rows.shape[:-1], top_k, 2))
    for place in np.ndindex(rows.shape[:-1]):
        best[place] = sorted(((v, i) for i, v in enumerate(rows[place])), reverse=True)[:top_k]
    values, positions = best[..., 0], best[..., 1]
    if axis is None:
        expected = np.stack((positions, values), 1)[:, : 1 + with_values, :, None]
    else:
        expected = np.moveaxis(values if with_values else positions, -1, axis)
    found = net(data=torch.tensor(x))["best"]
    assert found.shape == net.net.blobs["best"]
    np.testing.assert_array_equal(found.numpy(), expected)


# ---- the rest
def test_the_gradient_of_a_maximum_of_equal_values_goes_to_one() -> None:
    net = module("""
    input "a" [1, 2]
    input "b" [1, 2]
    input "c" [1, 2]
    layer "most" Eltwise { operation: MAX bottom: ["a", "b", "c"] }
    """)
    a, b, c = (torch.tensor([values], requires_grad=True) for values in ([1.0, 2.0], [1.0, 0.0], [1.0, 2.0]))
    net(a=a, b=b, c=c)["most"].sum().backward()
    assert [x.grad.tolist() for x in (a, b, c) if x.grad is not None] == [[[0, 1]], [[1, 0]], [[0, 0]]]


def test_batch_norm_sums_what_it_sees() -> None:
    net = module('input "data" [4, 2] layer "bn" BatchNorm { moving_average_fraction: 0.9 }', phase="TRAIN")
    first, second = (np.random.default_rng(seed).standard_normal((4, 2)).astype(np.float32) for seed in (0, 1))
    mean = variance = np.zeros(2)
    factor = 0.0
    for x in (first, second):
        net(data=torch.tensor(x))
        mean, variance = 0.9 * mean + x.mean(0), 0.9 * variance + x.var(0, ddof=1)
        factor = 0.9 * factor + 1
    for found, expected in zip(net.layer_params("bn"), (mean, variance, [factor]), strict=True):
        assert found.numpy() == pytest.approx(expected, rel=1e-5)
    net.eval()
    net(data=torch.tensor(first))
    assert net.layer_params("bn")[0].numpy() == pytest.approx(mean, rel=1e-5)
    test = lower(net_of('input "data" [4, 2] layer "bn" BatchNorm'), net.weights())
    expected = (first - mean / factor) / np.sqrt(variance / factor + 1e-5)
    np.testing.assert_allclose(test(data=torch.tensor(first))["data"].numpy(), expected, rtol=1e-4)


def test_batch_norm_of_one_value_has_no_variance() -> None:
    net = module('input "data" [1, 3] layer "bn" BatchNorm', phase="TRAIN")
    assert net(data=torch.tensor([[1.0, 2.0, 3.0]]))["data"].tolist() == [[0, 0, 0]]
    assert [tensor.tolist() for tensor in net.layer_params("bn")] == [[1, 2, 3], [0, 0, 0], [1]]


def test_batch_norm_without_statistics_divides_by_the_root_of_eps() -> None:
    net = module('input "data" [2, 3] layer "bn" BatchNorm')
    assert net(data=torch.ones(2, 3))["data"].numpy() == pytest.approx(316.228, rel=1e-5)


def test_a_test_net_changes_no_weight() -> None:
    net = module('input "data" [4, 2] layer "bn" BatchNorm { use_global_stats: false }')
    net(data=torch.randn(4, 2))
    assert all(not tensor.any() for tensor in net.layer_params("bn"))


def test_made_up_data_is_new_at_each_pass_unless_it_is_constant() -> None:
    net = module("""
    layer "made" DummyData {
      top: ["same", "new"] shape { dim: 3 dim: 5 }
      data_filler { value: 2 } data_filler { type: "gaussian" }
    }
    """)
    first, second = net(), net()
    assert torch.equal(first["same"], torch.full((3, 5), 2.0))
    assert torch.equal(first["same"], second["same"])
    assert not torch.equal(first["new"], second["new"])


shapes = st.lists(st.integers(1, 4), min_size=2, max_size=4).map(tuple)


@settings(max_examples=100, deadline=None)
@given(shape=shapes, data=st.data())
def test_reshaping_gives_the_inferred_shapes_and_keeps_the_order(shape: tuple[int, ...], data: st.DataObject) -> None:
    first = data.draw(st.integers(-len(shape), len(shape) - 1))
    last = data.draw(st.integers(first % len(shape), len(shape) - 1))
    net = module(
        f"""
    input "data" [{", ".join(map(str, shape))}]
    layer "flat" Flatten {{ axis: {first} end_axis: {last} }}
    layer "deep" Reshape {{ bottom: "data" shape {{ dim: [0, 1, -1] }} }}
    layer "more" Reshape {{ bottom: "data" axis: {first % len(shape)} num_axes: 0 shape {{ dim: 1 }} }}
    layer "fc" InnerProduct {{ bottom: "data" num_output: 3 axis: {first} }}
    layer "parts" Slice {{ bottom: "both" top: ["left", "right"] axis: {first} }}
    """.replace('layer "parts"', f'layer "both" Concat {{ bottom: ["data", "data"] axis: {first} }}\n layer "parts"')
    )
    x = torch.arange(float(math.prod(shape))).reshape(shape)
    found = net(data=x)
    assert {name: tuple(blob.shape) for name, blob in found.items()} == {name: net.net.blobs[name] for name in found}
    for name in ("flat", "deep", "more"):
        assert torch.equal(found[name].flatten(), x.flatten())
    assert torch.equal(found["left"], x)
    assert torch.equal(found["right"], x)


@settings(max_examples=60, deadline=None)
@given(shape=shapes, data=st.data())
def test_scale_and_bias_are_broadcast_from_an_axis(shape: tuple[int, ...], data: st.DataObject) -> None:
    axis = data.draw(st.integers(0, len(shape) - 1))
    num = data.draw(st.integers(0, len(shape) - axis))
    net = module(f"""
    input "data" [{", ".join(map(str, shape))}]
    layer "scale" Scale {{
      axis: {axis} num_axes: {num} bias_term: true filler {{ type: "gaussian" }} bias_filler {{ type: "gaussian" }}
    }}
    """)
    x = np.random.default_rng(0).standard_normal(shape).astype(np.float32)
    one = (1,) * axis + shape[axis : axis + num] + (1,) * (len(shape) - axis - num)
    scale, bias = (array.reshape(one) for array in net.weights()["scale"])
    np.testing.assert_allclose(
        net(data=torch.tensor(x))["data"].detach().numpy(), x * scale + bias, rtol=1e-5, atol=1e-6
    )
