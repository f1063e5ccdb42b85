"""A checked net: every blob a version with a shape, every layer a node, nothing left to guess."""

from collections.abc import Mapping
from typing import NamedTuple

from netdef.compiler.counted import counted
from netdef.compiler.diagnostics import Diagnostic, Report, did_you_mean
from netdef.compiler.layers.base import Layer, Weight
from netdef.compiler.layers.roles import Makes, WeightRole
from netdef.compiler.net.definition import Definition, LayerDefinition
from netdef.compiler.net.receptive_field import ReceptiveField
from netdef.compiler.net.weight_key import WeightKey
from netdef.compiler.net_error import NetError
from netdef.compiler.override import override
from netdef.compiler.preprocess import Preprocessing, of_net
from netdef.compiler.request import UsageError
from netdef.compiler.schema.caffe import State
from netdef.compiler.schema.message import Refusal
from netdef.compiler.shape import Shape, Shapes, known, product
from netdef.compiler.size import Dim
from netdef.compiler.source import Span


class BlobVersion(NamedTuple):
    """One version of a blob. Caffe's in-place layers make a new version under the old name."""

    name: str
    """Caffe's name, which several versions may bear."""
    id: str
    """The name for the last version, ``name@layer`` for an earlier one: unique in a net."""
    shape: Shape


class NodeWeight(NamedTuple):
    """A weight of a node, as training sees it."""

    weight: Weight
    owner: WeightKey
    """The layer that owns it, and its place there: the node itself, unless ``param { name }`` shares it."""
    lr_mult: float
    decay_mult: float


class Node(NamedTuple):
    """A layer in a net."""

    definition: LayerDefinition
    layer: Layer
    """The definition's, with the sizes that were given from outside."""
    bottoms: tuple[BlobVersion, ...]
    tops: tuple[BlobVersion, ...]
    weights: tuple[NodeWeight, ...]
    """In the order of the ``.caffemodel``."""
    loss_weights: tuple[float, ...]
    """What each top counts in the loss."""
    macs: Dim
    """Multiply-adds of one forward pass of the whole batch."""
    size_names: Mapping[str, str]
    """What the sizes that only a run of the layer can tell are called here, by the layer's own names for them."""
    receptive_field: ReceptiveField | None
    """None where the bottom has no positions, or they have lost their meaning."""

    @property
    def name(self) -> str:
        """The layer's name."""
        return self.definition.frame.name

    @property
    def at(self) -> Span:
        """Where the layer stands in the text."""
        return self.definition.at

    @property
    def propagate_down(self) -> tuple[bool, ...]:
        """Whether gradients go on to each bottom; empty where the file doesn't say."""
        return self.definition.frame.propagate_down

    @property
    def type(self) -> str:
        """The layer type's name."""
        return self.layer.type_name

    @property
    def scores(self) -> BlobVersion | None:
        """The bottom that holds class scores, if one does."""
        return None if self.layer.scores is None else self.bottoms[self.layer.scores]

    @property
    def labels(self) -> BlobVersion | None:
        """The bottom that holds the labels of the scores, if one does."""
        return None if self.layer.labels is None else self.bottoms[self.layer.labels]

    @property
    def num_params(self) -> int:
        """Numbers stored for the layer, shared ones counted here too."""
        return sum(known(product(w.weight.shape)) for w in self.weights)

    @property
    def call(self) -> Span | None:
        """The block call of the file itself that made it; None for a layer that stands there."""
        return None if self.at.via is None else self.at.outermost


class Sizes(NamedTuple):
    """Sizes given from outside."""

    inputs: Mapping[str, Shape]
    """Shapes of input blobs, instead of the file's."""
    samples: Mapping[str, Shapes]
    """What the data that are there tell: by layer, the shapes of one sample for each top or the first ones."""
    stand_ins: Mapping[str, Shape] = {}
    """What was said of data that aren't: of a sample of ``LAYER``, of its ``LAYER.TOP``, or (``""``) of all layers."""
    untold: Mapping[str, str] = {}
    """By layer, why the data that are there tell no size."""
    misfits: Mapping[str, Refusal] = {}
    """By layer, what is there and can't be: a mean of other images, files of other rows."""


class Net:
    """A checked net in one phase. Frozen by convention: passes make new ones."""

    def __init__(
        self,
        definition: Definition,
        state: State,
        sizes: Sizes,
        *,
        nodes: tuple[Node, ...],
        outputs: tuple[str, ...],
        report: Report,
    ) -> None:
        self.definition = definition
        self.state = state
        self.sizes = sizes
        self.nodes = nodes
        self.outputs = list(outputs)
        """The blobs that nobody reads, in alphabetical order, as Caffe keeps them."""
        self.report = report
        """The warnings."""

    @override
    def __repr__(self) -> str:
        sums = f"{counted(len(self.nodes), 'layer')}, {counted(self.num_params, 'parameter')}"
        return f"<Net {self.name!r} {self.phase}: {sums}>"

    @property
    def name(self) -> str:
        """The net's name."""
        return self.definition.frame.name

    @property
    def phase(self) -> str:
        """``TRAIN`` or ``TEST``."""
        return self.state.phase.name

    @property
    def preprocess(self) -> Preprocessing | None:
        """How an image becomes the input, if the file says so."""
        said = self.definition.frame.preprocess
        return None if said is None else of_net(said)

    @property
    def inputs(self) -> dict[str, Shape]:
        """Blobs that come from outside, inputs and data layers' tops alike, in the file's order."""
        return {top.name: top.shape for node in self.nodes if node.layer.fed for top in node.tops}

    @property
    def blobs(self) -> dict[str, Shape]:
        """Each blob's shape; where a name has several versions, the last one's."""
        return {top.name: top.shape for node in self.nodes for top in node.tops}

    @property
    def shapes(self) -> dict[str, Shape]:
        """Each version's shape, by its id."""
        return {top.id: top.shape for node in self.nodes for top in node.tops}

    @property
    def params(self) -> dict[str, list[tuple[int, ...]]]:
        """Shapes of each layer's weights, in the order of the ``.caffemodel``."""
        return {node.name: [w.weight.shape for w in node.weights] for node in self.nodes if node.weights}

    @property
    def num_params(self) -> int:
        """Stored numbers, shared ones once, BatchNorm's statistics included, as Caffe counts them."""
        return sum(known(product(w.weight.shape)) for node in self.nodes for w in own_weights(node))

    @property
    def num_statistics(self) -> int:
        """Those of ``num_params`` that training gathers from what it sees, and not by gradients."""
        weights = (w.weight for node in self.nodes for w in own_weights(node))
        return sum(known(product(weight.shape)) for weight in weights if weight.role is WeightRole.STATISTIC)

    @property
    def num_weight_layers(self) -> int:
        """Convolution, Deconvolution and InnerProduct layers: the 16 of VGG-16."""
        return sum(node.layer.weight_layer for node in self.nodes)

    @property
    def macs(self) -> int:
        """Multiply-adds of one forward pass of the whole batch, without those whose number only a run can tell."""
        return sum(known(node.macs) for node in self.nodes)

    @property
    def scores(self) -> str:
        """The id of the class scores: what soft-maxes and Accuracies read, else the only output that may be some.

        Where they read several, those whose losses count most, of equals the last. Such an output is one of
        (N, classes), or a map of scores (N, classes, h, w).

        Raises:
            NetError: if neither tells.
        """
        read, given = self.read_scores, self._given_scores
        most = max(read.values(), default=0.0)
        best = [blob for blob, weight in read.items() if weight == most]
        if len(read) == 1 or most:
            return best[-1]
        if len(given) == 1:
            return given[0]
        name = self.name or self.definition.path
        if not self.may_score:
            message = f"no blob of {name} can hold class scores: no soft-max reads one, and no output is N x classes"
            told = "netdef train tells such a net's loss in tests"
            help = f'class scores are what a soft-max reads: layer "prob" Softmax {{ bottom: "fc8" }}; {told}'
            raise NetError(Diagnostic("N511", message, help=help))
        help = f"choose with --scores BLOB: {', '.join(dict.fromkeys([*sorted(read), *given]))}"
        raise NetError(Diagnostic("N511", f"which blob of {name} holds the class scores?", help=help))

    @property
    def has_loss(self) -> bool:
        """Whether anything counts in a loss."""
        return any(weight for node in self.nodes for weight in node.loss_weights)

    @property
    def may_score(self) -> bool:
        """Whether any blob may hold class scores."""
        return bool(self.read_scores or self._given_scores)

    @property
    def reads_scores(self) -> bool:
        """Whether any layer takes a blob for class scores."""
        return bool(self.read_scores)

    @property
    def softmaxed(self) -> dict[str, str]:
        """The ids of probabilities, and of the scores from which a soft-max makes them."""
        made = (node for node in self.nodes if node.layer.makes is Makes.PROBABILITIES)
        return {node.tops[0].id: node.scores.id for node in made if node.scores is not None}

    @property
    def read_scores(self) -> dict[str, float]:
        """The ids of blobs that soft-maxes and Accuracies read, the last to be read last, and what their losses count.

        What reads probabilities reads the scores from which they are made.
        """
        found: dict[str, float] = {}
        softmaxed = self.softmaxed
        for node in self.nodes:
            if node.scores is not None:
                blob = softmaxed.get(node.scores.id, node.scores.id)
                found[blob] = found.pop(blob, 0.0) + sum(node.loss_weights)
        return found

    @property
    def _given_scores(self) -> list[str]:
        """The outputs that may be class scores."""
        return [name for name in self.outputs if len(self.blobs[name]) in (2, 4) and name not in self.inputs]

    def chosen_scores(self, chosen: str | None) -> str:
        """The blob that the user chose for the class scores, or else ``scores``.

        Raises:
            NetError: if there is no such blob.
        """
        if chosen is None or chosen in self.blobs:
            return chosen or self.scores
        help = did_you_mean(chosen, self.blobs) or f"blobs: {', '.join(self.blobs)}"
        raise NetError(Diagnostic("N511", f"there is no blob {chosen} that could hold the class scores", help=help))


def need_net(net: object) -> None:
    """Raise ``UsageError`` where somebody hands in something else than a net, such as the name of its file."""
    if not isinstance(net, Net):
        raise UsageError(f"this takes a net, not a {type(net).__name__}: netdef.load(path) makes one of a file")


def own_weights(node: Node) -> tuple[NodeWeight, ...]:
    """The weights that a node owns, not those it borrows."""
    return tuple(w for index, w in enumerate(node.weights) if w.owner == (node.name, index))


AUTOMATIC = "(automatic)"
"""The top that Caffe gives a loss layer without one; never an output."""
