"""A layer type's cases, and the five ways in which each is tried: schema, shapes, PyTorch, its copies, ONNX.

A family's table is a class ``Test...(Family)`` in ``test_FAMILY.py``. It holds

- ``caffe(NAME, ...)``: nets of tests/oracle/layers, with the outputs and gradients that BVLC Caffe computed;
- ``fork(NAME, ...)``: the same of tests/oracle/forks/cases, computed by forks of Caffe;
- ``Case(...)``: a net in the short form whose last layer is tried: what it is read as, its shapes, and the published
  formula in numpy;
- ``Refused(...)``: a net that is refused, by which of them, and with which code.

``test_completeness.py`` holds that each family has such a table, and each of its types a case.
"""

import copy
import pickle
from collections.abc import Callable, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

import netdef
from netdef.compiler.analysis.free_axes import allowed
from netdef.compiler.layers.base import Layer
from netdef.compiler.layers.origins import ORIGINS
from netdef.compiler.model_options import OPSET, OPSETS
from netdef.compiler.net.net import Net
from netdef.compiler.onnx import onnx_model
from netdef.compiler.onnx.base import EXPORT
from netdef.compiler.override import override
from netdef.compiler.shape import Shape, differ
from netdef.compiler.shape import known as in_numbers
from netdef.runtime import NetModule, lower
from netdef.runtime.lowering import RULES
from tests.nets import net_of
from tests.onnx_runtime import run

Array = NDArray[np.float32]
Arrays = Mapping[str, Array]
Formula = Callable[..., Any]

ORACLE = Path(__file__).parents[1] / "oracle/layers"
FORKS = Path(__file__).parents[1] / "oracle/forks/cases"

COPIES = ("copied", "pickled")

SHAPES_ALONE = {"PyTorch": "N1001", "ONNX": "N1011"}
"""What back ends say of a type whose numbers nobody computes here."""

OUTPUTS = 1e-5
"""Relative: float32 sums of some hundred numbers in another order."""
GRADIENTS = 1e-4
"""Relative: longer sums, of products that were rounded already."""


class Known(NamedTuple):
    """A net's numbers by blob, and by layer; gradients only where Caffe computed some."""

    inputs: Arrays
    weights: Mapping[str, list[Array]]
    outputs: Arrays
    output_gradients: Arrays
    input_gradients: Arrays
    weight_gradients: Mapping[tuple[str, int], Array]
    weights_after: Mapping[tuple[str, int], Array] = {}
    """Those that the forward pass itself changes, as it leaves them."""


@dataclass(frozen=True)
class Case:
    """A net in the short form, and what is known of its last layer.

    name      what the case is about
    layer     what the text is to be read as; all that it doesn't name has its default
    shapes    of the blobs that the layer makes
    weights   of what it stores, in Caffe's order
    macs      its multiply-adds
    fed       inputs by name; standard normal numbers if not given
    stored    its weights; its seeded fillers' if not given
    formula   its bottoms, then its weights -> its top, or a tuple of its tops; none where its tops are fed
    refused   PyTorch or ONNX -> the code with which that back end says no
    close     how close to the formula the outputs must be, relative to the greatest
    """

    name: str
    text: str
    _: KW_ONLY
    layer: Layer
    shapes: Mapping[str, Shape]
    weights: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    macs: int = 0
    phase: str = "TEST"
    fed: Mapping[str, Any] = field(default_factory=dict)
    stored: Sequence[Any] | None = None
    formula: Formula | None = None
    refused: Mapping[str, str] = field(default_factory=dict)
    close: float = OUTPUTS

    def net(self) -> Net:
        """The checked net."""
        return net_of(self.text, self.phase)

    def known(self, net: Net) -> Known:
        """Inputs, weights, and what the formula makes of them in double precision."""
        random = np.random.default_rng(0)
        inputs = {
            name: np.asarray(self.fed.get(name, random.standard_normal(tuple(map(in_numbers, shape)))), np.float32)
            for name, shape in net.inputs.items()
        }
        node = net.nodes[-1]
        weights = lower(net).weights()
        if self.stored is not None:
            weights[node.name] = [np.asarray(array, np.float32) for array in self.stored]
        if self.formula is None:  # its tops are fed
            return Known(inputs, {}, {top.name: inputs[top.name] for top in node.tops}, {}, {}, {})
        numbers = [inputs[bottom.name] for bottom in node.bottoms] + list(weights.get(node.name, ()))
        tops = self.formula(*(array.astype(np.float64) for array in numbers))
        tops = tops if isinstance(tops, tuple) else (tops,)
        outputs = {top.name: np.asarray(array, np.float32) for top, array in zip(node.tops, tops, strict=True)}
        return Known(inputs, weights, outputs, {}, {}, {})


@dataclass(frozen=True)
class CaffeCase:
    """A net of the oracle, with the numbers that BVLC Caffe computed."""

    name: str
    close: float = OUTPUTS
    refused: Mapping[str, str] = field(default_factory=dict)
    """PyTorch or ONNX -> the code with which that back end says no to what the layer's fields say."""

    folder: ClassVar[Path] = ORACLE

    @property
    def phase(self) -> str:
        """The phase that Caffe ran it in."""
        return "TRAIN" if self.name == "bn_train" else "TEST"

    @property
    def origin(self) -> str:
        """Whose layer types its names mean."""
        return ""

    def net(self) -> Net:
        """The checked net."""
        return netdef.load(self.folder / f"{self.name}.net", phase=self.phase, origin=self.origin)

    def arrays(self, head: str) -> dict[str, Array]:
        """The arrays under a heading of the oracle's file."""
        with np.load(self.folder / f"{self.name}.npz") as file:
            return {key.removeprefix(f"{head}/"): file[key] for key in file.files if key.startswith(f"{head}/")}

    def known(self, net: Net) -> Known:
        """All that Caffe computed."""
        weights: dict[str, list[Array]] = {}
        for key, array in self.arrays("param").items():  # layer/0, layer/1, ... in this order
            weights.setdefault(key.split("/")[0], []).append(array)
        return Known(
            inputs=self.arrays("in"),
            weights=weights,
            # a blob that several layers read has copies in Caffe: y_l_0_split_0
            outputs={name.split("_l_0_split_")[0]: array for name, array in self.arrays("out").items()},
            output_gradients=self.arrays("dout"),
            input_gradients=self.arrays("din"),
            weight_gradients=_by_weight(self.arrays("dparam")),
            weights_after=_by_weight(self.arrays("after")),
        )


def _by_weight(arrays: Arrays) -> dict[tuple[str, int], Array]:
    return {(key.split("/")[0], int(key.split("/")[1])): array for key, array in arrays.items()}


def caffe(*names: str) -> tuple[CaffeCase, ...]:
    """Cases of the oracle by name."""
    return tuple(map(CaffeCase, names))


class ForkCase(CaffeCase):
    """A net of the oracle's forks, with the numbers that a fork of Caffe computed."""

    folder = FORKS

    @property
    @override
    def phase(self) -> str:
        return self._row["phase"]

    @property
    @override
    def origin(self) -> str:
        fork = self._row["fork"].split(" ")[0].partition("@")[0]
        return next((word for word, known in ORIGINS.items() if known.repository.split(",")[0] == fork), "")

    @property
    def _row(self) -> Mapping[str, str]:
        """What the oracle's index says of it."""
        return _index(self.folder)[self.name]


@cache
def _index(folder: Path) -> Mapping[str, Mapping[str, str]]:
    head, *rows = (line.split("\t") for line in (folder / "INDEX.tsv").read_text("utf-8").splitlines())
    return {row[0]: dict(zip(head, row, strict=False)) for row in rows}


def fork(*names: str, close: float = OUTPUTS, refused: Mapping[str, str] | None = None) -> tuple[ForkCase, ...]:
    """Cases of the oracle's forks by name."""
    return tuple(ForkCase(name, close, refused or {}) for name in names)


class Refused(NamedTuple):
    """A net that is refused: ``by`` check, PyTorch or ONNX, with a code."""

    name: str
    text: str
    code: str
    by: str = "check"
    phase: str = "TEST"


def relative_error(found: NDArray[Any], expected: NDArray[Any]) -> float:
    """max|a - b| / max(1e-3, max|b|); what is no number, or infinite, in both agrees."""
    assert found.shape == expected.shape
    same = (found == expected) | (np.isnan(found) & np.isnan(expected))
    greatest = np.abs(expected[np.isfinite(expected)]).max(initial=1e-3)
    with np.errstate(invalid="ignore"):  # infinite in both
        return float(np.where(same, 0, np.abs(found - expected)).max(initial=0) / greatest)


def tensors(arrays: Arrays) -> dict[str, torch.Tensor]:
    """Arrays as PyTorch takes them."""
    return {name: torch.tensor(array) for name, array in arrays.items()}


class Family:
    """A family's table, and the tests that it is driven through."""

    cases: ClassVar[Sequence[Case | CaffeCase]]
    refused: ClassVar[Sequence[Refused]] = ()

    @classmethod
    def pytest_generate_tests(cls, metafunc: pytest.Metafunc) -> None:
        """Give each test the rows of the table that have what it looks at."""
        rows: Sequence[Any] = cls.refused if "refusal" in metafunc.fixturenames else cls.cases
        if metafunc.function.__name__ == "test_schema":
            rows = [row for row in rows if isinstance(row, Case)]
        name = "refusal" if "refusal" in metafunc.fixturenames else "case"
        if name in metafunc.fixturenames:
            metafunc.parametrize(name, rows, ids=[row.name for row in rows])

    def test_schema(self, case: Case) -> None:
        """The fields that the text gives are read, and the others have their defaults."""
        assert case.net().nodes[-1].layer == case.layer

    def test_shapes(self, case: Case | CaffeCase) -> None:
        """Tops, weights and cost."""
        net = case.net()
        if isinstance(case, Case):
            node = net.nodes[-1]
            assert {top.name: top.shape for top in node.tops} == case.shapes
            assert {w.weight.name: w.weight.shape for w in node.weights} == case.weights
            assert node.macs == case.macs
        else:
            known = case.known(net)
            for name, array in known.outputs.items():
                assert not differ(net.blobs[name], array.shape), name
            assert net.params == {layer: [array.shape for array in arrays] for layer, arrays in known.weights.items()}

    def test_pytorch(self, case: Case | CaffeCase) -> None:
        """Outputs, and gradients where they are known."""
        net = case.net()
        if (code := refused_by("PyTorch", case, net)) is not None:
            assert _code(lambda: lower(net)) == code
            return
        known = case.known(net)
        module = lower(net, known.weights)
        inputs = tensors(known.inputs)
        for name in known.input_gradients:
            inputs[name].requires_grad_()
        found = module.blobs(list(known.outputs), **inputs)
        for name, expected in known.outputs.items():
            assert relative_error(found[name].detach().numpy(), expected) < case.close, name
        for (layer, index), expected in known.weights_after.items():
            assert relative_error(module.weights()[layer][index], expected) < case.close, (layer, index)
        if known.input_gradients or known.weight_gradients:
            again = module if known.output_gradients else lower(net, known.weights)  # a pass may change what it holds
            gradients(again, known, inputs, found)

    @pytest.mark.parametrize("copied", [copy.deepcopy, lambda module: pickle.loads(pickle.dumps(module))], ids=COPIES)
    def test_copies(self, case: Case | CaffeCase, copied: Callable[[NetModule], NetModule]) -> None:
        """A copy, and what was pickled, compute the same bits, and go on with the same chance."""
        net = case.net()
        if refused_by("PyTorch", case, net) is not None:
            return
        known = case.known(net)
        module = lower(net, known.weights)
        twin = copied(module)
        for _ in range(2):
            wanted = module.blobs(list(known.outputs), **tensors(known.inputs))
            found = twin.blobs(list(known.outputs), known.inputs)  # arrays in a mapping
            for name, expected in wanted.items():
                assert found[name].detach().numpy().tobytes() == expected.detach().numpy().tobytes(), name

    @pytest.mark.parametrize("opset", [OPSETS[0], OPSETS[-1]])
    def test_opsets(self, case: Case | CaffeCase, opset: int) -> None:
        """Outputs in the oldest and the newest opset, all axes free that may be."""
        self.test_onnx(case, "all that may", opset)

    @pytest.mark.parametrize("free", ["nothing", "the batch", "all that may"])
    def test_onnx(self, case: Case | CaffeCase, free: str, opset: int = OPSET) -> None:
        """Outputs, whatever axes are free."""
        net = case.net()
        dynamic = {"nothing": (), "the batch": ("N",), "all that may": allowed(net)}[free]
        if free == "the batch" and "N" not in allowed(net):
            assert _code(lambda: onnx_model(net, dynamic=dynamic)) is not None
            return
        if (code := refused_by("ONNX", case, net)) is not None:
            assert _code(lambda: onnx_model(net, dynamic=dynamic, opset=opset)) == code
            return
        known = case.known(net)
        outputs = run(onnx_model(net, known.weights, dynamic=dynamic, opset=opset), known.inputs)
        made = {top.name for node in net.nodes if not node.layer.fed for top in node.tops}
        assert outputs.keys() == set(net.outputs) & made
        assert outputs
        for name, found in outputs.items():
            assert relative_error(found, known.outputs[name]) < case.close, name

    def test_refused(self, refusal: Refused) -> None:
        """Each refusal is said with its code."""
        steps: dict[str, Callable[[Net], object]] = {"check": lambda net: net, "PyTorch": lower, "ONNX": onnx_model}
        step = steps[refusal.by]
        if refusal.by != "check":
            net_of(refusal.text, refusal.phase)  # fine by itself
        assert _code(lambda: step(net_of(refusal.text, refusal.phase))) == refusal.code


def refused_by(back_end: str, case: Case | CaffeCase, net: Net) -> str | None:
    """The code with which a back end says no to a case's net, where it does: PyTorch or ONNX."""
    if isinstance(case, Case) or back_end in case.refused:
        return case.refused.get(back_end)
    refusal, code = {"PyTorch": (RULES.refusal, "N1001"), "ONNX": (EXPORT.refusal, "N1011")}[back_end]
    computed = [node.layer for node in net.nodes if not node.layer.fed]
    return code if any(refusal(layer) is not None for layer in computed) else None


def gradients(module: NetModule, known: Known, inputs: Mapping[str, torch.Tensor], found: Mapping[str, Any]) -> None:
    """Feed Caffe's gradients back, or start from the loss; what arrives is what arrived in Caffe."""
    fed = known.output_gradients
    if fed:
        torch.autograd.backward([found[name] for name in fed], [torch.tensor(array) for array in fed.values()])
    else:
        loss, _ = module.loss(**inputs)
        torch.autograd.backward(loss)
    for name, expected in known.input_gradients.items():
        gradient = inputs[name].grad
        arrived = torch.zeros_like(inputs[name]) if gradient is None else gradient
        assert relative_error(arrived.detach().numpy(), expected) < GRADIENTS, name
    for learned in module.learned():
        expected = known.weight_gradients[learned.layer, learned.index]
        gradient = learned.tensor.grad
        arrived = torch.zeros_like(learned.tensor) if gradient is None else gradient
        assert relative_error(arrived.detach().numpy(), expected) < GRADIENTS, learned.layer


def _code(made: Callable[[], object]) -> str:
    """The code of the one mistake."""
    with pytest.raises(netdef.NetError) as caught:
        made()
    (code,) = {diagnostic.code for diagnostic in caught.value.report.errors}
    return code
