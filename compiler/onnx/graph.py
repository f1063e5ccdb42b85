"""A small builder of an ONNX graph: operators, constants, weights, and the shapes that a run will see.

1. A blob's value bears the blob's version as its name (``BlobVersion.id``); what a rule makes between is ``layer/Op``.
2. The operator that makes a layer's first top bears the layer's name; those before and behind it are ``layer/Op``.
3. A weight is ``layer/index``, as in a weights file, under the layer that owns it.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from netdef.compiler.net.net import BlobVersion, Node
from netdef.compiler.net.weight_key import WeightKey
from netdef.compiler.onnx.initializer import Initializer
from netdef.compiler.onnx.older import said_in
from netdef.compiler.schema.caffe import Phase
from netdef.compiler.shape import Shape
from netdef.compiler.weights.stored import StoredArray

Array = np.ndarray[Any, Any]


class AxisOf(NamedTuple):
    """The size that an axis of a value has when the model runs."""

    value: str
    axis: int


SizeOrAxis = int | AxisOf


class Graph:
    """The graph as far as it is built."""

    def __init__(
        self, phase: Phase, shapes: Mapping[str, Shape], weights: Mapping[WeightKey, StoredArray], opset: int
    ) -> None:
        self.phase = phase
        self.opset = opset
        """The version of ONNX's operators; rules say them as the newest do, and only ask where that isn't enough."""
        self.shapes = shapes
        """What a run will see, by value: symbols where the size is free."""
        self.inputs: list[str] = []
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []
        self._stored = weights
        self._weights: dict[tuple[str, tuple[int, ...]], Initializer] = {}
        self._node: Node | None = None
        self._values = set(shapes)
        self._names: set[str] = set()

    def enter(self, node: Node) -> None:
        """Begin a node: what follows is named after it."""
        self._node = node

    @property
    def node(self) -> Node:
        """The node that is being exported."""
        assert self._node is not None
        return self._node

    # ---- values
    def input(self, value: BlobVersion) -> None:
        """Take a blob from outside."""
        self.inputs.append(value.id)

    def shape(self, value: BlobVersion) -> Shape:
        """The sizes of a blob: numbers, and symbols for those that are free."""
        return self.shapes[value.id]

    def sizes(self, value: BlobVersion, start: int = 0, end: int | None = None) -> list[SizeOrAxis]:
        """The sizes of some axes of a blob, for ``reshape``."""
        shape = self.shape(value)
        axes = range(len(shape))[start:end]
        return [dim if isinstance(dim := shape[axis], int) else AxisOf(value.id, axis) for axis in axes]

    def constant(self, values: Any, dtype: Any = np.float32) -> str:
        """A constant, which is part of the graph."""
        name = self._fresh(self._values, f"{self.node.name}/Constant")
        self.constants.append(numpy_helper.from_array(np.asarray(values, dtype), name))
        return name

    def weight(self, index: int, shape: Sequence[int] | None = None) -> str:
        """A weight of the node, under another shape of as many numbers if asked; a shared one is stored once."""
        own = self.node.weights[index]
        shape = tuple(own.weight.shape if shape is None else shape)
        return self._initialize(str(own.owner), shape, self._stored[own.owner])

    def computed(self, what: str, shape: Sequence[int], make: Callable[[], Array]) -> str:
        """An initializer computed from what is stored."""
        shape = tuple(shape)
        return self._initialize(f"{self.node.name}/{what}", shape, StoredArray.computed(shape, make))

    def stored(self, node: Node, index: int) -> Array:
        """The numbers of a weight of a node, as float32."""
        return self._stored[node.weights[index].owner].read().astype(np.float32, copy=False)

    # ---- operators
    def op(self, kind: str, *inputs: str, into: str | None = None, **attributes: Any) -> str:
        """Add an operator and return the name of what it makes: ``into``, or a new name."""
        return self.ops(kind, *inputs, into=[into], **attributes)[0]

    def ops(self, kind: str, *inputs: str, into: Sequence[str | None], **attributes: Any) -> list[str]:
        """Add an operator with several outputs; new names stand for None."""
        said = said_in(self.opset, kind, inputs, attributes)
        if said.axes:
            return self._add(kind, inputs[:1], into, {**said.attributes, "axes": self._constant(said.axes)})
        if said.between is not None:
            whole = self.op("Shape", *inputs)
            start, end = (self.constant([axis], np.int64) for axis in said.between)
            return self._add("Slice", (whole, start, end), into, {})
        return self._add(kind, inputs, into, said.attributes)

    def _constant(self, name: str) -> list[int]:
        """The numbers of a constant, which becomes an attribute; it stays where others read it."""
        (found,) = (tensor for tensor in self.constants if tensor.name == name)
        return [int(number) for number in numpy_helper.to_array(found)]

    def _add(
        self, kind: str, inputs: Sequence[str], into: Sequence[str | None], attributes: Mapping[str, Any]
    ) -> list[str]:
        outputs = [name or self._fresh(self._values, f"{self.node.name}/{kind}") for name in into]
        tops = self.node.tops
        is_main = bool(tops) and tops[0].id in outputs
        name = self._fresh(self._names, self.node.name if is_main else f"{self.node.name}/{kind}")
        self.nodes.append(helper.make_node(kind, list(inputs), outputs, name, **attributes))
        return outputs

    def body(self, make: Callable[..., Sequence[str]], inputs: Sequence[str]) -> onnx.GraphProto:
        """What an operator does again and again, as its attribute: ``make`` takes the names of inputs, gives outputs'.

        Inside, values and weights of the graph may be read.
        """
        outside, self.nodes = self.nodes, []
        names = [self._fresh(self._values, f"{self.node.name}/{name}") for name in inputs]
        outputs = make(*names)
        inside, self.nodes = self.nodes, outside
        given, made = (
            [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in each] for each in (names, outputs)
        )
        return helper.make_graph(inside, f"{self.node.name}/step", given, made)

    def reshape(self, value: str, sizes: Sequence[SizeOrAxis], into: str | None = None) -> str:
        """Give a value other axes; a size may be that of another value's axis, and one may be -1."""
        free = [index for index, size in enumerate(sizes) if isinstance(size, AxisOf) and size != AxisOf(value, index)]
        if len(free) + list(sizes).count(-1) > 1:
            return self.op("Reshape", value, self._gather(sizes), into=into)
        plain = [size if isinstance(size, int) else -1 if index in free else 0 for index, size in enumerate(sizes)]
        return self.op("Reshape", value, self.constant(plain, np.int64), into=into)

    def _gather(self, sizes: Sequence[SizeOrAxis]) -> str:
        """A shape whose sizes are known only when the model runs."""
        parts = [
            self.constant([size], np.int64)
            if isinstance(size, int)
            else self.op("Shape", size.value, start=size.axis, end=size.axis + 1)
            for size in sizes
        ]
        return self.op("Concat", *parts, axis=0)

    # ---- names
    def _initialize(self, name: str, shape: tuple[int, ...], array: StoredArray) -> str:
        if (name, shape) not in self._weights:
            self._weights[name, shape] = Initializer(self._fresh(self._values, name), shape, array)
        return self._weights[name, shape].name

    @property
    def weights(self) -> list[Initializer]:
        """The weights that the operators read, in the order of their first use."""
        return list(self._weights.values())

    @staticmethod
    def _fresh(taken: set[str], wish: str) -> str:
        """A name that nobody bears yet."""
        name, count = wish, 2
        while name in taken:
            name, count = f"{wish}_{count}", count + 1
        taken.add(name)
        return name

    # ---- the whole
    def proto(self, name: str, outputs: Sequence[str]) -> onnx.GraphProto:
        """The graph without its weights; they are told apart from its inputs by ``weights``."""
        read = set(_read_by(self.nodes))
        return helper.make_graph(
            self.nodes,
            name or "net",  # an empty name is no name to the checker
            [self._info(value) for value in self.inputs],
            [self._info(value) for value in outputs],
            [constant for constant in self.constants if constant.name in read],
            value_info=[self._info(v) for v in self.shapes if v not in self.inputs and v not in outputs],
        )

    def _info(self, value: str) -> onnx.ValueInfoProto:
        sizes = [dim if isinstance(dim, int) else dim.name or None for dim in self.shapes[value]]
        return helper.make_tensor_value_info(value, TensorProto.FLOAT, sizes)


def _read_by(nodes: Iterable[onnx.NodeProto]) -> Iterator[str]:
    """The values that operators read, those inside of others too."""
    for node in nodes:
        yield from node.input
        for attribute in node.attribute:
            yield from _read_by(attribute.g.node)
