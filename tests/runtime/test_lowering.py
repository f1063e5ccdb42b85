"""Every layer's rule against what Caffe computed, and every shape against what the compiler infers."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor

import netdef
from netdef.compiler.net import Net
from netdef.runtime import lower

CASES = sorted((Path(__file__).parent.parent / "oracle/layers").glob("*.net"))
OUTPUTS = 1e-5
"""Relative: float32 sums in another order."""
GRADIENTS = 1e-4
"""Relative: longer sums, of products that were rounded already."""

Arrays = Mapping[str, NDArray[np.float32]]


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
    module = lower(net, weights_of(net, arrays))
    assert not module.matched.missing
    inputs = {name: torch.tensor(array) for name, array in under("in/", arrays).items()}
    wanted = under("din/", arrays)
    for name in wanted:
        inputs[name].requires_grad_()
    outputs = {own_name(name): array for name, array in under("out/", arrays).items()}
    found = module.blobs(list(outputs), **inputs)
    for name, expected in outputs.items():
        assert error(found[name], expected) < OUTPUTS, name
    if not wanted:
        return
    fed = under("dout/", arrays)
    if fed:
        torch.autograd.backward([found[name] for name in fed], [torch.tensor(array) for array in fed.values()])
    else:
        loss, _ = module.loss(**inputs)
        loss.backward()  # type: ignore[no-untyped-call]
    for name, expected in wanted.items():
        gradient = inputs[name].grad
        assert error(torch.zeros_like(inputs[name]) if gradient is None else gradient, expected) < GRADIENTS, name
    for learned in module.learned():
        assert learned.tensor.grad is not None
        assert error(learned.tensor.grad, arrays[f"dparam/{learned.layer}/{learned.index}"]) < GRADIENTS
