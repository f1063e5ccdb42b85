"""Definitions to a checked net, as Caffe's net.cpp does it, but saying all that is wrong at once.

1. A layer is in the net if its rules say so for the phase, level and stages.
2. A bottom reads the last version of its blob; a top equal to the bottom at its place makes a new version; any
   other top must be new.
3. Blobs that nobody read are the net's outputs, in alphabetical order.
4. A layer that is broken, or reads what a broken one makes, stays quiet: its tops are unknown.
"""

from typing import NamedTuple

from netdef.compiler.diagnostics import Diagnostic, Label, Report, Severity, did_you_mean
from netdef.compiler.layers.base import Arity, Layer, Weight, Window
from netdef.compiler.layers.roles import Makes
from netdef.compiler.net.definition import Definition, LayerDefinition, unknown_types
from netdef.compiler.net.net import AUTOMATIC, BlobVersion, Net, Node, NodeWeight, ReceptiveField, Sizes
from netdef.compiler.net.opaque import own_symbols
from netdef.compiler.net.weight_key import WeightKey
from netdef.compiler.schema.caffe import BlobShape, ParamSpec, ShareMode, State
from netdef.compiler.schema.decode import place_of
from netdef.compiler.schema.message import Refusal
from netdef.compiler.shape import Pair, Shape, Shapes, known, product, show
from netdef.compiler.source import Span

DEFAULT_IMAGE: Shape = (3, 256, 256)
"""Stands in for the size of a data set's images, which the file does not have."""


class _Blob(NamedTuple):
    """A version of a blob while the net is built."""

    name: str
    maker: str
    made_at: Span
    shape: Shape | None
    """None if its maker is broken."""
    field: ReceptiveField | None


class _Draft(NamedTuple):
    """A node while the net is built; its blobs are not yet named for good."""

    definition: LayerDefinition
    layer: Layer
    bottoms: tuple[_Blob, ...]
    tops: tuple[_Blob, ...]
    weights: tuple[NodeWeight, ...]
    macs: int
    field: ReceptiveField | None


def assemble(definition: Definition, state: State, sizes: Sizes, report: Report) -> Net:
    """Build the net; what is wrong goes to ``report``, and the net is whole only if that has no errors.

    Stages of the file's own ``state`` hold too; its phase and level don't, as in Caffe (net.cpp).
    """
    if definition.frame.state is not None:
        state = state.replace(stage=(*definition.frame.state.stage, *state.stage))
    assembly = _Assembly(state, sizes, report, definition.is_whole)
    layers = [layer for layer in definition.layers if is_in(layer, state, report)]
    owned = own_symbols([(layer.frame.name, layer.layer) for layer in layers])
    layers = [
        each if each.layer is layer else each._replace(layer=layer) for each, layer in zip(layers, owned, strict=True)
    ]
    unknown_types(layers, report)
    assembly.later = {top: layer for layer in layers for top in layer.frame.top}
    assembly.absent = {top: layer for layer in definition.layers for top in layer.frame.top}
    for layer in layers:
        report.extend(layer.report)
        assembly.add(layer)
    assembly.check_names()
    for blob in sorted(set(sizes.inputs) - assembly.sized):
        message = f"there is no input {blob} to give a size"
        inputs = [top.name for d in assembly.drafts for top in d.tops if d.layer.fed]
        report.add(Diagnostic("N512", message, help=did_you_mean(blob, inputs) or f"inputs: {', '.join(inputs)}"))
    return Net(definition, state, sizes, nodes=assembly.nodes(), outputs=assembly.outputs(), report=report)


def is_in(layer: LayerDefinition, state: State, report: Report) -> bool:
    """Whether a layer is in the net, by its rules; what is wrong with these goes to ``report``."""
    frame = layer.frame
    if frame.include and frame.exclude:
        label = Label(layer.places["include"][0], "and include")
        message = f"{layer.title} has both include and exclude rules"
        help = "say when it is in the net, or when it is not"
        report.add(Diagnostic("N504", message, Label(layer.places["exclude"][0]), (label,), help=help))
    if frame.include:
        return any(state.meets(rule) for rule in frame.include)
    if frame.exclude:
        return not any(state.meets(rule) for rule in frame.exclude)
    return frame.phase in (None, state.phase)


class _Assembly:
    """The net as far as it is built."""

    def __init__(self, state: State, sizes: Sizes, report: Report, is_whole: bool) -> None:
        self.state = state
        self.sizes = sizes
        self.report = report
        self.is_whole = is_whole
        self.drafts: list[_Draft] = []
        self.blobs: dict[str, _Blob] = {}
        """The last version of each blob."""
        self.unread: set[str] = set()
        self.shared: dict[str, tuple[LayerDefinition, NodeWeight, ParamSpec]] = {}
        """Owners of shared weights, by the name that shares them."""
        self.later: dict[str, LayerDefinition] = {}
        """Who makes a blob, wherever it stands."""
        self.absent: dict[str, LayerDefinition] = {}
        """The same, layers that are not in the net included."""
        self.doubled: set[tuple[Span, Span]] = set()
        """Calls that made blobs which others had made."""
        self.sized: set[str] = set()
        """Inputs whose size was given from outside."""

    def add(self, definition: LayerDefinition) -> None:
        """Join a layer to the blobs that exist, infer its tops, and note what is wrong."""
        bottoms = self._bottoms(definition)
        layer = definition.layer
        draft = None
        if layer is not None and bottoms is not None and self._arity_holds(definition, layer):
            draft = self._infer(definition, self._sized(definition, layer), bottoms)
        if draft is not None:
            self.drafts.append(draft)
            tops = draft.tops
        else:
            tops = tuple(_Blob(top, definition.frame.name, definition.at, None, None) for top in definition.frame.top)
        for index, top in enumerate(tops):
            self._publish(definition, index, top)

    # ---- bottoms and tops
    def _bottoms(self, definition: LayerDefinition) -> tuple[_Blob, ...] | None:
        """The versions that a layer reads; None if one is missing or unknown."""
        found: list[_Blob] = []
        whole = True
        for index, name in enumerate(definition.frame.bottom):
            blob = self.blobs.get(name)
            if blob is None:
                self._unknown_bottom(definition, index, name)
            else:
                self.unread.discard(name)
            if blob is None or blob.shape is None:
                whole = False
            else:
                found.append(blob)
        return tuple(found) if whole else None

    def _unknown_bottom(self, definition: LayerDefinition, index: int, name: str) -> None:
        at = definition.places["bottom"][index]
        maker, absent = self.later.get(name), self.absent.get(name)
        labels: tuple[Label, ...] = ()
        help: str | None
        if maker is definition:
            message = f'{definition.title} reads the blob "{name}" that it makes itself'
            help = "name the blob that flows in: a layer in place works on one that exists"
        elif maker is not None:
            message = f'blob "{name}" is read before it is made'
            labels = (Label(maker.at, f"{maker.title} makes it here"),)
            help = "move the layer that makes it up"
        elif absent is not None:
            message = f'there is no blob "{name}" in phase {self.state.phase.name}'
            labels = (Label(absent.at, f"{absent.title} makes it, and its rules keep it out here"),)
            help = "give this layer the same include or exclude rule"
        elif self.is_whole:
            message = f'there is no blob "{name}"'
            help = did_you_mean(name, [*self.blobs, *self.absent]) or self._blobs_so_far()
        else:
            return
        self.report.add(Diagnostic("N501", message, Label(at), labels, help=help))

    def _blobs_so_far(self) -> str:
        if not self.blobs:
            return 'no layer before it makes one; a net begins with, say, input "data" [1, 3, 224, 224]'
        help = f"blobs so far: {', '.join(self.blobs)}"
        return (
            help if len(help) < 200 else f"{len(self.blobs)} blobs exist here; the last is {next(reversed(self.blobs))}"
        )

    def _publish(self, definition: LayerDefinition, index: int, top: _Blob) -> None:
        bottoms = definition.frame.bottom
        in_place = index < len(bottoms) and bottoms[index] == top.name
        before = self.blobs.get(top.name)
        if before is not None and not in_place and top.name != AUTOMATIC:
            place = place_of(f"top {index}", definition.places, definition.at)
            help = "give the top another name"
            if top.name in bottoms:
                help += ", or put it at the place of the bottom that it replaces"
            call, first = definition.at.outermost, before.made_at.outermost
            if definition.at.via or before.made_at[:3] == definition.at[:3]:  # one text, run twice
                help = 'let the name differ from one run to the next: "conv${i}"'
            labels = () if first[:3] == place[:3] else (Label(first, "made here first"),)
            message = f'two layers make the blob "{top.name}"'
            if (call, first) not in self.doubled:  # a second run of one call doubles all that it makes
                self.report.add(Diagnostic("N502", message, Label(place), labels, help=help))
            if definition.at.via:
                self.doubled.add((call, first))
        if top.name != AUTOMATIC:
            self.blobs[top.name] = top
            self.unread.add(top.name)

    def _arity_holds(self, definition: LayerDefinition, layer: Layer) -> bool:
        frame = definition.frame
        holds = True
        automatic = layer.makes is Makes.LOSS and not frame.top
        counts = (("bottom", len(frame.bottom), layer.bottoms), ("top", len(frame.top) + automatic, layer.tops))
        for what, count, arity in counts:
            if count < arity.least or (arity.most is not None and count > arity.most):
                self._wrong_arity(definition, what, count, arity)
                holds = False
        if len(frame.loss_weight) not in (0, len(frame.top) + automatic):
            message = f"{len(frame.loss_weight)} loss weights for {_count(len(frame.top) + automatic, 'top')}"
            place = definition.places["loss_weight"][0]
            self.report.add(Diagnostic("N505", message, Label(place), help="give one for each top, or none"))
        if len(frame.propagate_down) not in (0, len(frame.bottom)):
            message = f"{len(frame.propagate_down)} propagate_down for {_count(len(frame.bottom), 'bottom')}"
            place = definition.places["propagate_down"][0]
            self.report.add(Diagnostic("N505", message, Label(place), help="give one for each bottom, or none"))
        return holds

    def _wrong_arity(self, definition: LayerDefinition, what: str, count: int, arity: Arity) -> None:
        kind = definition.frame.type
        plural = f"{what}s" if arity.most != 1 else what
        message = f"{kind} takes {arity} {plural}, and has {count}"
        place = definition.places[what][-1] if count > arity.least and what in definition.places else definition.at
        help = f'add {what}: "..."' if count < arity.least else f"drop a {what}"
        self.report.add(Diagnostic("N503", message, Label(place), help=help, subject=what))

    # ---- shapes
    def _sized(self, definition: LayerDefinition, layer: Layer) -> Layer:
        """An Input with the sizes given from outside."""
        given = [self.sizes.inputs.get(top) for top in definition.frame.top]
        if not layer.fed or not any(given) or "shape" not in layer.params:
            return layer
        self.sized.update(top for top, shape in zip(definition.frame.top, given, strict=True) if shape)
        try:
            old = layer.infer((), len(given))
        except Refusal:
            return layer
        dims = (new or was for new, was in zip(given, old, strict=True))
        return layer.replace(shape=tuple(BlobShape(dim=tuple(known(d) for d in dim)) for dim in dims))

    def _infer(self, definition: LayerDefinition, layer: Layer, bottoms: tuple[_Blob, ...]) -> _Draft | None:
        names = definition.frame.top or ((AUTOMATIC,) if layer.makes is Makes.LOSS else ())
        shapes: Shapes = tuple(blob.shape for blob in bottoms if blob.shape is not None)
        try:
            made = layer.infer(shapes or self._samples(definition, layer), len(names))
            weights = layer.weights(shapes)
            macs = known(layer.macs(shapes, made))
            field = self._receptive_field(layer.window(shapes) if shapes else None, bottoms)
        except Refusal as refusal:
            self._refuse(definition, refusal, bottoms)
            return None
        tops = tuple(
            _Blob(name, definition.frame.name, definition.at, shape, self._carried(layer, shape, field))
            for name, shape in zip(names, made, strict=True)
        )
        return _Draft(definition, layer, bottoms, tops, self._weights(definition, weights), macs, field)

    def _samples(self, definition: LayerDefinition, layer: Layer) -> Shapes:
        """The implied bottoms of a data layer: one sample of its data set, an image first."""
        if not layer.sized_by_data:
            return ()
        told = self.sizes.samples
        samples = told.get(definition.frame.name, told.get("", (DEFAULT_IMAGE,)))
        if definition.frame.name not in told and "" not in told:
            taken = show(samples[0])
            message = f"the images of {definition.title} are taken to be {taken}: their size is in the data set"
            help = f"--data-size {definition.frame.name}=CxHxW says it"
            at = Label(definition.at)
            self.report.add(Diagnostic("N601", message, at, help=help, severity=Severity.WARNING))
        return samples

    def _refuse(self, definition: LayerDefinition, refusal: Refusal, bottoms: tuple[_Blob, ...]) -> None:
        """A layer's no, with the shapes that led to it."""
        at = place_of(refusal.at, definition.places, definition.at)
        primary, labels = Label(at), []
        for index, blob in enumerate(bottoms):
            place = definition.places["bottom"][index]
            text = f"{blob.name} is {show(blob.shape or ())}"
            if place == definition.at:  # not written: it flows in
                labels.append(Label(blob.made_at, text))
            elif place == at:
                primary = Label(at, text)
            else:
                labels.append(Label(place, text))
        title = definition.title if at == definition.at else ""
        message = f"{title}: {refusal.message}" if title else refusal.message
        self.report.add(
            Diagnostic(refusal.code, message, primary, tuple(labels), help=refusal.help, subject=refusal.subject)
        )

    @staticmethod
    def _receptive_field(window: Window | None, bottoms: tuple[_Blob, ...]) -> ReceptiveField | None:
        """That of a node: its bottoms' widest, widened by its window."""
        fields = [blob.field for blob in bottoms if blob.field is not None]
        if window is None or not fields:
            return None
        (extent, step) = window
        size = Pair(max(f.size.h for f in fields), max(f.size.w for f in fields))
        stride = fields[0].stride
        return ReceptiveField(
            Pair(size.h + (extent.h - 1) * stride.h, size.w + (extent.w - 1) * stride.w),
            Pair(stride.h * step.h, stride.w * step.w),
        )

    @staticmethod
    def _carried(layer: Layer, shape: Shape, field: ReceptiveField | None) -> ReceptiveField | None:
        """That of a top: the node's, while the blob has positions; an image from outside sees itself."""
        if len(shape) != 4:
            return None
        return ReceptiveField(Pair(1, 1), Pair(1, 1)) if layer.bottoms.most == 0 else field

    # ---- weights
    def _weights(self, definition: LayerDefinition, weights: tuple[Weight, ...]) -> tuple[NodeWeight, ...]:
        specs = definition.frame.specs
        if len(specs) > len(weights):
            message = f"{definition.title} has {_count(len(weights), 'weight')}, and param stands {len(specs)} times"
            place = definition.places["specs"][len(weights)]
            self.report.add(
                Diagnostic("N506", message, Label(place), help="there is one param for each weight: drop this")
            )
        specs = (*specs, *(ParamSpec(),) * len(weights))[: len(weights)]
        made = []
        for index, (weight, spec) in enumerate(zip(weights, specs, strict=True)):
            own = NodeWeight(
                weight,
                WeightKey(definition.frame.name, index),
                _or_one(spec.lr_mult),
                _or_one(spec.decay_mult),
            )
            shared = self.shared.get(spec.name) if spec.name else None
            if shared is not None:
                own = self._share(definition, index, own, spec, shared)
            elif spec.name:
                self.shared[spec.name] = (definition, own, spec)
            made.append(own)
        return tuple(made)

    def _share(
        self,
        definition: LayerDefinition,
        index: int,
        own: NodeWeight,
        spec: ParamSpec,
        shared: tuple[LayerDefinition, NodeWeight, ParamSpec],
    ) -> NodeWeight:
        """The owner's weight under a borrower's shape; whoever sets a multiplier sets it for all who share."""
        owner, theirs, first = shared
        at, labels = Label(definition.places["specs"][index]), (Label(owner.at, f"{owner.title} owns it"),)
        mine, other = own.weight.shape, theirs.weight.shape
        agree = product(mine) == product(other) if spec.share_mode is ShareMode.PERMISSIVE else mine == other
        if not agree:
            message = f'shared weight "{spec.name}" is {show(mine)} here and {show(other)} at its owner'
            help = "drop the name, or give both layers the same sizes"
            if product(mine) == product(other):
                help = "share_mode: PERMISSIVE shares weights of one count"
            self.report.add(Diagnostic("N507", message, at, labels, help=help))
        for name in ("lr_mult", "decay_mult"):
            here, there = getattr(spec, name), getattr(first, name)
            if None not in (here, there) and here != there:
                message = f'shared weight "{spec.name}" has {name} {here:g} here and {there:g} at its owner'
                self.report.add(Diagnostic("N507", message, at, labels, help="say it once", subject=name))
        merged = first.replace(
            lr_mult=spec.lr_mult if first.lr_mult is None else first.lr_mult,
            decay_mult=spec.decay_mult if first.decay_mult is None else first.decay_mult,
        )
        self.shared[spec.name] = (owner, theirs, merged)
        return own._replace(owner=theirs.owner)

    # ---- the whole
    def check_names(self) -> None:
        """Warn of layers with weights that share a name: stored weights go by it."""
        first: dict[str, LayerDefinition] = {}
        for draft in self.drafts:
            name = draft.definition.frame.name
            if draft.weights and name in first and not self.doubled:
                message = f'two layers with weights are named "{name}": stored weights go by name'
                label = Label(first[name].at, "the other")
                at = Label(draft.definition.at)
                self.report.add(Diagnostic("N508", message, at, (label,), help="rename one", severity=Severity.WARNING))
            elif draft.weights:
                first[name] = draft.definition

    def outputs(self) -> tuple[str, ...]:
        """Blobs that nobody read, in alphabetical order."""
        return tuple(sorted(self.unread))

    def nodes(self) -> tuple[Node, ...]:
        """The drafts with their blobs named for good: the last version bears the blob's name."""
        final: dict[int, BlobVersion] = {}
        multiplied = {
            owned.owner: owned._replace(lr_mult=_or_one(spec.lr_mult), decay_mult=_or_one(spec.decay_mult))
            for _, owned, spec in self.shared.values()
        }
        for draft in self.drafts:
            for top in draft.tops:
                last = self.blobs.get(top.name) is top
                name = top.name if last else f"{top.name}@{top.maker}"
                final[id(top)] = BlobVersion(top.name, name, top.shape or ())
        return tuple(
            Node(
                definition=draft.definition,
                layer=draft.layer,
                bottoms=tuple(final[id(blob)] for blob in draft.bottoms),
                tops=tuple(final[id(blob)] for blob in draft.tops),
                weights=tuple(
                    multiplied.get(weight.owner, weight)._replace(weight=weight.weight) for weight in draft.weights
                ),
                loss_weights=_loss_weights(draft),
                macs=draft.macs,
                receptive_field=draft.field,
            )
            for draft in self.drafts
        )


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'s' * (number != 1)}"


def _or_one(multiplier: float | None) -> float:
    return 1.0 if multiplier is None else multiplier


def _loss_weights(draft: _Draft) -> tuple[float, ...]:
    given = draft.definition.frame.loss_weight
    if given:
        return given
    return tuple(1.0 if draft.layer.makes is Makes.LOSS and index == 0 else 0.0 for index in range(len(draft.tops)))
