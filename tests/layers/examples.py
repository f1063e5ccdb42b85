"""Properties over random parameters: ONNX Runtime against PyTorch, at the net's sizes and at others that it lets be."""

import os
from collections.abc import Mapping

import numpy as np
import torch
from hypothesis import reject, settings
from hypothesis import strategies as st

import netdef
from netdef.compiler.analysis.free_axes import allowed, inputs_at, size_of
from netdef.compiler.net.net import Net
from netdef.compiler.onnx import onnx_model
from netdef.compiler.shape import Shape, known
from netdef.runtime import lower
from tests.layers.cases import OUTPUTS, relative_error
from tests.nets import net_of
from tests.onnx_runtime import run

NUM_EXAMPLES = int(os.environ.get("NETDEF_EXAMPLES", "40"))
"""Examples of each property; some thousands take minutes."""

properties = settings(max_examples=NUM_EXAMPLES, deadline=None)
shapes = st.lists(st.integers(1, 4), min_size=2, max_size=4).map(tuple)


def fitting(text: str) -> Net:
    """The net, if its windows fit; else another example is drawn."""
    try:
        return net_of(text)
    except netdef.NetError as error:
        expected(error, "N204")
        reject()


def agrees_with_pytorch(net: Net, dynamic: tuple[str, ...], shapes: Mapping[str, Shape]) -> None:
    """The model's outputs at these sizes are the module's, and their shapes are those that inference finds."""
    random = np.random.default_rng(0)
    inputs = {
        name: random.standard_normal(tuple(map(known, shape))).astype(np.float32) for name, shape in shapes.items()
    }
    found = run(onnx_model(net, dynamic=dynamic), inputs)
    wanted = lower(net)(**{name: torch.from_numpy(array) for name, array in inputs.items()})
    assert found.keys() == wanted.keys()
    for name, array in found.items():
        assert relative_error(array, wanted[name].detach().numpy()) <= OUTPUTS, name
        if shapes == net.inputs:
            assert array.shape == net.blobs[name]


def at_free_sizes(net: Net) -> None:
    """As they are; with a free batch; and with all free that the net lets, at other sizes."""
    agrees_with_pytorch(net, (), dict(net.inputs))
    free = allowed(net)
    for dynamic in {("N",) if "N" in free else (), free}:
        grown = inputs_at(net, {letter: known(size_of(net, letter) or 0) + GROWTH[letter] for letter in dynamic})
        if exportable(net, dynamic):
            agrees_with_pytorch(net, dynamic, grown)


GROWTH = {"N": 2, "H": 3, "W": 3}
"""By how much an axis is tried larger, if it is free."""


def exportable(net: Net, dynamic: tuple[str, ...]) -> bool:
    """Whether ONNX has the net's windows at every size."""
    try:
        onnx_model(net, dynamic=dynamic)
    except netdef.NetError as error:
        return expected(error, "N1011")
    return True


def expected(error: netdef.NetError, *codes: str) -> bool:
    """Let only these mistakes pass; always false."""
    if {diagnostic.code for diagnostic in error.report} <= set(codes):
        return False
    raise error
