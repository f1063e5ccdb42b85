"""Definitions to a checked net, as Caffe's net.cpp does it, but saying all that is wrong at once.

    definitions -> those in the net -> joined -> shaped -> nodes

A layer that is broken, or reads what a broken one makes, stays quiet: its tops are unknown.
"""

from collections.abc import Iterable, Iterator, Sequence

from netdef.compiler.diagnostics import Diagnostic, Label, Report, Severity
from netdef.compiler.layers.roles import Makes
from netdef.compiler.net.arity import arity_holds
from netdef.compiler.net.blobs import Joined, Joint, Version, join
from netdef.compiler.net.definition import Definition, LayerDefinition
from netdef.compiler.net.doubts import Doubts
from netdef.compiler.net.filter import is_in, state_in
from netdef.compiler.net.fitting_sizes import fitting_images
from netdef.compiler.net.given_sizes import check_given, check_stand_ins, implied_bottoms, sized, takes_sizes
from netdef.compiler.net.guessed_shapes import guessed_tops
from netdef.compiler.net.meanings import meanings_taken
from netdef.compiler.net.net import BlobVersion, Net, Node, Sizes
from netdef.compiler.net.receptive_field import receptive_fields
from netdef.compiler.net.shapes import Inferred, Refused, Step, infer_shapes
from netdef.compiler.net.sharing import check_names, owned_weights
from netdef.compiler.net.size_names import size_names
from netdef.compiler.net.size_trail import SizeTrail
from netdef.compiler.net.unknown_types import unknown_types
from netdef.compiler.net.unread_fields import once_each
from netdef.compiler.schema.caffe import State
from netdef.compiler.schema.decode import place_of
from netdef.compiler.shape import show

_MOST_TOLD, _MOST_SEARCHED = 20, 3
"""Mistakes of which it is told how their sizes came about, and those of which what images would fit: it takes time."""
Found = Inferred[int, LayerDefinition]
"""What a layer makes; versions go by number."""


def assemble(definition: Definition, state: State, sizes: Sizes, report: Report) -> Net:
    """Build the net; what is wrong goes to ``report``, and the net is whole only if that has no errors."""
    state = state_in(definition, state)
    layers = [layer for layer in definition.layers if is_in(layer, state, report)]
    meanings_taken(layers, report)
    for said in once_each(said for layer in layers for said in layer.report):
        report.add(said)
    joined = join(definition, layers, state.phase.name, report)
    steps = _with_size_names(list(_steps(joined.joints, sizes, report)))
    doubts = Doubts(joined.joints, sizes)
    found = list(_accepted(steps, joined.versions, doubts, report))
    known = {top: shape for each in found for top, shape in zip(each.step.tops, each.tops, strict=True)}
    unknown_types(layers, guessed_tops(joined.joints, steps, known), report)
    sizable = [top for step in steps if takes_sizes(step.layer) for top in step.of.frame.top]
    fed = [top for each in found if each.step.layer.fed for top in each.step.of.frame.top]
    check_given(sizes, sizable, fed, report)
    check_stand_ins(definition, sizes, report)
    return Net(
        definition,
        state,
        sizes,
        nodes=tuple(_nodes(found, joined, doubts, report)),
        outputs=joined.outputs,
        report=report,
    )


def _steps(joints: Iterable[Joint], sizes: Sizes, report: Report) -> Iterator[Step[int, LayerDefinition]]:
    """The layers whose bottoms are there, and as many as they take."""
    for definition, bottoms, tops in joints:
        layer = definition.layer
        there = tuple(bottom for bottom in bottoms if bottom is not None)
        if layer is None or not definition.is_known:
            continue
        if len(there) == len(bottoms) and arity_holds(definition, layer, report):
            implied = implied_bottoms(definition, layer, sizes, report)
            yield Step(definition, sized(definition, layer, sizes, report), there, tops, implied=implied)


def _with_size_names(steps: Sequence[Step[int, LayerDefinition]]) -> list[Step[int, LayerDefinition]]:
    names = size_names([(step.of.frame.name, step.layer) for step in steps])
    return [step._replace(names=own) if own else step for step, own in zip(steps, names, strict=True)]


def _accepted(
    steps: Sequence[Step[int, LayerDefinition]], versions: Sequence[Version], doubts: Doubts, report: Report
) -> Iterator[Found]:
    trail = SizeTrail(doubts.joints)
    num_refused = 0
    for each in infer_shapes(steps, {}):
        if isinstance(each, Refused):
            said = _said(each, versions)
            notes = trail.notes(each) if num_refused < _MOST_TOLD else ()
            if trail.is_of_images(each) and num_refused < _MOST_SEARCHED:
                fitting = fitting_images(steps, each)
                notes += () if fitting is None else (fitting.note,)
            num_refused += 1
            report.add(doubts.added_to(said._replace(notes=(*said.notes, *notes)), each.step.of))
        else:
            trail.add(each)
            for doubt in each.step.layer.doubts(each.bottoms or each.step.implied):
                asked = Refused(each.step, each.bottoms, doubt)
                report.add(_said(asked, versions)._replace(severity=Severity.WARNING))
            yield each


def _said(refused: Refused[int, LayerDefinition], versions: Sequence[Version]) -> Diagnostic:
    """A layer's no, with the shapes that led to it."""
    definition, refusal = refused.step.of, refused.refusal
    at = place_of(refusal.at, definition.places, definition.at)
    primary, labels = Label(at), []
    for index, (number, shape) in enumerate(zip(refused.step.bottoms, refused.bottoms, strict=True)):
        version, place = versions[number], definition.places["bottom"][index]
        text = f"{version.name} is {show(shape)}"
        if place == definition.at:  # not written: it flows in
            labels.append(Label(version.made_at, text))
        elif place == at:
            primary = Label(at, text)
        else:
            labels.append(Label(place, text))
    title = f"{definition.title}: " if at == definition.at else ""
    return Diagnostic(
        refusal.code,
        title + refusal.message,
        primary,
        tuple(labels),
        help=refusal.help,
        subject=refusal.subject,
    )


def _nodes(found: Sequence[Found], joined: Joined, doubts: Doubts, report: Report) -> Iterator[Node]:
    """The layers as nodes, their blobs' versions under the names that they have for good."""
    weighed = [(each.step.of, each.weights) for each in found]
    weights = owned_weights(weighed, doubts, report)
    if not joined.has_doubles:
        check_names(weighed, report)
    versions: dict[int, BlobVersion] = {}
    for each, own, field in zip(found, weights, receptive_fields(found), strict=True):
        for number, shape in zip(each.step.tops, each.tops, strict=True):
            versions[number] = BlobVersion(joined.versions[number].name, joined.versions[number].id, shape)
        yield Node(
            definition=each.step.of,
            layer=each.step.layer,
            bottoms=tuple(versions[number] for number in each.step.bottoms),
            tops=tuple(versions[number] for number in each.step.tops),
            weights=own,
            loss_weights=_loss_weights(each),
            macs=each.step.layer.macs(each.bottoms, each.tops),
            size_names=each.step.names,
            receptive_field=field,
        )


def _loss_weights(found: Found) -> tuple[float, ...]:
    given = found.step.of.frame.loss_weight
    layer = found.step.layer
    first = layer.default_loss_weight if layer.makes is Makes.LOSS else 0.0
    return given or tuple(first if index == 0 else 0.0 for index in range(len(found.tops)))
