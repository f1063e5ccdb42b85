"""Models of sizes that only a run can tell: ONNX Runtime against PyTorch, whatever number the run finds."""

from collections.abc import Iterator

import numpy as np
import pytest
import torch

from netdef.compiler.layers import catalogue
from netdef.compiler.onnx import onnx_model
from netdef.layer_types import Layer, Shapes, onnx_rule, override, pytorch_rule, symbol
from netdef.runtime import lower
from tests.nets import net_of
from tests.onnx_runtime import run


@pytest.fixture(autouse=True)
def keep() -> Iterator[None]:
    """A type that keeps the rows whose first value is above 0, as a detector keeps what it is sure of."""
    with catalogue.restored():

        class Keep(Layer):
            """Some of the bottom's rows."""

            @property
            @override
            def run_sizes(self) -> tuple[str, ...]:
                return ("K",)

            @override
            def infer(self, bottoms: Shapes, num_tops: int) -> Shapes:
                return ((symbol("K"), *bottoms[0][1:]),)

        @pytorch_rule(Keep)
        def in_pytorch(layer: Keep, node, setting):  # type: ignore[no-untyped-def]
            from netdef.runtime.lowering.base import Function

            return Function(node, lambda x: x[x.flatten(1)[:, 0] > 0])

        @onnx_rule(Keep)
        def in_onnx(layer: Keep, node, graph):  # type: ignore[no-untyped-def]
            rows = graph.op("Flatten", node.bottoms[0].id, axis=1)
            first = graph.op("Gather", rows, graph.constant(0, np.int64), axis=1)
            sure = graph.op("Greater", first, graph.constant(0))
            graph.op("Compress", node.bottoms[0].id, sure, into=node.tops[0].id, axis=0)

        yield


NET = """
input "x" [7, 4, 9, 8]
layer "kept" Keep { top: "kept" }
layer "conv" Convolution { num_output: 4 kernel_size: 3 pad: 1 weight_filler { type: "msra" } }
layer "sum" Eltwise { bottom: ["kept", "conv"] }
layer "norm" BatchNorm { bottom: "sum" top: "norm" }
layer "cat" Concat { bottom: ["norm", "sum", "kept"] }
layer "twice" Concat { bottom: ["cat", "cat"] axis: 0 }
layer "cut" Slice { bottom: "twice" axis: 0 top: ["one", "two"] }
layer "max" Pooling { bottom: "one" kernel_size: 3 stride: 2 }
layer "ave" Pooling { pool: AVE kernel_size: 3 stride: 2 pad: 1 }
layer "rows" Reshape { shape { dim: 0 dim: -1 } }
layer "fc" InnerProduct { num_output: 5 weight_filler { type: "msra" } }
layer "prob" Softmax
layer "mean" Pooling { bottom: "two" pool: AVE global_pooling: true }
layer "flat" Flatten
layer "scaled" Scale { bottom: ["two", "flat"] axis: 0 top: "scaled" }
layer "best" ArgMax { bottom: "prob" }
layer "line" Flatten { bottom: "two" axis: 0 }
"""


POOLED = 'layer "pool" Pooling { pool: AVE global_pooling: true }\nlayer "rows"'
"""What lets any image through."""


@pytest.mark.parametrize("dynamic", [(), ("N", "H", "W")], ids=["images of the file", "other images"])
@pytest.mark.parametrize("num_kept", [1, 3, 7])
def test_a_number_that_the_run_finds_goes_through_the_net(num_kept: int, dynamic: tuple[str, ...]) -> None:
    net = net_of(NET.replace('layer "rows"', POOLED) if dynamic else NET)
    assert net.blobs["prob"][1:] == (5,)
    size = (7 + bool(dynamic), 4, 9 + 2 * len(dynamic), 8)
    x = np.random.default_rng(0).standard_normal(size, np.float32)
    x[:, 0, 0, 0] = np.where(np.arange(len(x)) < num_kept, 1, -1)
    wanted = lower(net)(x=torch.from_numpy(x))
    found = run(onnx_model(net, dynamic=dynamic), {"x": x})
    assert found.keys() == wanted.keys() == {"best", "scaled", "line"}
    for name, array in found.items():
        other = wanted[name].detach().numpy()
        np.testing.assert_allclose(array, other, rtol=0, atol=1e-5 * np.abs(other).max(), err_msg=name)
    assert len(found["best"]) == num_kept
