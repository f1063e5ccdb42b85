"""Nets of one layer with any fields, over any bottoms: what loads runs, in the shapes that were inferred, and alike in
PyTorch and ONNX Runtime; what can't be done is a mistake with a message, never another exception.

Some hundreds by default; ``--long`` tries twenty thousand.
"""

from math import prod

import pytest
import torch

from netdef.compiler.analysis.free_axes import allowed
from netdef.compiler.load import analyse
from netdef.compiler.net.net import Net
from netdef.compiler.net_error import NetError
from netdef.compiler.onnx.model import onnx_model
from netdef.compiler.shape import differ, known
from netdef.runtime.lower_net import lower
from netdef.runtime.verification.random_inputs import Arrays, random_inputs
from netdef.runtime.verification.random_weights import random_weights
from netdef.runtime.verification.verify import TOLERANCE, difference
from tests.compiler.test_load_fuzz import bounded
from tests.layers.random_layers import net_text, phase_of
from tests.onnx_runtime import run

MOST_VALUES = 2**22
"""Nets with more values than this are looked at, and not run."""


def tried(number: int) -> str:
    """How far a net came: refused by check, too large to be run, more than PyTorch or ONNX can do, or equal in both."""
    read = analyse(net_text(number), phase=phase_of(number))
    net = read.net
    if net is None or read.report.errors:
        return "refused"
    sizes = [weight.weight.shape for node in net.nodes for weight in node.weights] + list(net.shapes.values())
    if sum(prod(map(known, shape)) for shape in sizes) > MOST_VALUES:
        return "large"
    try:
        weights = random_weights(net, number)
        module = lower(net, weights).eval()
        inputs = random_inputs(net, net.inputs, number)
        with torch.inference_mode():
            found = {
                name: blob.numpy()
                for name, blob in module.blobs(
                    _made(net), **{n: torch.from_numpy(a) for n, a in inputs.items()}
                ).items()
            }
    except NetError:
        return "not in PyTorch"
    shapes = {top.id: top.shape for node in net.nodes for top in node.tops}
    assert [name for name, blob in found.items() if differ(blob.shape, shapes[name])] == []
    try:
        model = onnx_model(net, weights, dynamic=allowed(net))
    except NetError:
        return "not in ONNX"
    _agree(run(model, inputs), found)
    return "equal"


def _made(net: Net) -> list[str]:
    """All that the net's layers make."""
    return [top.id for node in net.nodes for top in node.tops if not node.layer.fed]


def _agree(found: Arrays, wanted: Arrays) -> None:
    for name, blob in found.items():
        differs = difference("l", name, blob, wanted[name])
        assert differs.max_rel <= TOLERANCE, (
            f"{differs}: {blob.ravel()[:6]} in ONNX, {wanted[name].ravel()[:6]} in PyTorch"
        )


def fails(number: int) -> str | None:
    """What goes wrong with a net, if anything does."""
    try:
        with bounded():
            tried(number)
    except Exception as error:
        return f"net {number} ({phase_of(number)}): {type(error).__name__}: {error}\n{net_text(number)}"
    return None


def test_no_net_of_one_layer_breaks_it() -> None:
    assert [found for number in range(400) if (found := fails(number))] == []


@pytest.mark.long
@pytest.mark.parametrize("part", range(10))
def test_no_net_of_many_breaks_it(part: int) -> None:
    numbers = range(2_000 * part, 2_000 * (part + 1))
    assert [found for number in numbers if (found := fails(number))] == []
