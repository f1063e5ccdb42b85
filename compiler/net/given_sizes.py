"""Sizes that come from outside of the file: an input's, and those of a data set's samples."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from netdef.compiler.diagnostics import Diagnostic, Label, Report, Severity, did_you_mean
from netdef.compiler.layers.base import Layer
from netdef.compiler.net.definition import Definition, LayerDefinition
from netdef.compiler.net.net import Sizes
from netdef.compiler.schema.caffe import BlobShape
from netdef.compiler.schema.decode import place_of
from netdef.compiler.schema.message import Refusal
from netdef.compiler.shape import Shape, Shapes, known, show
from netdef.compiler.size import symbol

_ANY_IMAGE: Shape = (symbol("C", 1), symbol("H", 1), symbol("W", 1))


def takes_sizes(layer: Layer) -> bool:
    """Whether it is an Input: the file says the shapes of its tops, and whoever feeds it may say others."""
    return layer.fed and "shape" in layer.params


def sized(definition: LayerDefinition, layer: Layer, sizes: Sizes, report: Report) -> Layer:
    """An Input with the sizes given from outside, where these are above 0; other layers as they are.

    What lacks the batch is no shape: it goes to the report.
    """
    if not sizes.inputs or not takes_sizes(layer):
        return layer
    given = [sizes.inputs.get(top) for top in definition.frame.top]
    if not any(given):
        return layer
    try:
        old = layer.infer((), len(given))
    except Refusal:
        return layer
    for blob, new, was in zip(definition.frame.top, given, old, strict=True):
        if new and len(was) == 4 and len(new) == 3:
            message = f"{blob} has 4 axes, {show(was)}, and --size {blob}={show(new)} gives 3"
            help = f"the batch is the first: --size {blob}=1x{show(new)}"
            report.add(Diagnostic("N512", message, Label(definition.at), help=help))
            return layer
    dims = (new or was for new, was in zip(given, old, strict=True))
    return layer.replace(shape=tuple(BlobShape(dim=tuple(known(d) for d in dim)) for dim in dims))


# ---- samples of a data set
class Samples(NamedTuple):
    """What a data layer takes for bottoms: one sample of its data set, for each top or the first ones.

    guessed   the tops whose shape depends on what nobody said
    """

    shapes: Shapes
    guessed: tuple[str, ...]


def samples_of(definition: LayerDefinition, layer: Layer, sizes: Sizes) -> Samples:
    """What a layer's data tell, else what was said of them, else a guess."""
    if not layer.sized_by_data:
        return Samples((), ())
    name, tops = definition.frame.name, definition.frame.top
    if (found := sizes.samples.get(name)) is not None:
        return Samples(found, ())
    said = said_of(definition, sizes.stand_ins)
    opened = open_tops(definition, layer)
    guessed = tuple(top for index, top in enumerate(tops) if index in opened and index not in said)
    num = 1 + max((0, *said))
    shapes = [said.get(index, ()) for index in range(num)]
    if 0 not in said:
        shapes[0] = _stand_in(layer)
    return Samples(tuple(shapes), guessed)


def open_tops(definition: LayerDefinition, layer: Layer) -> set[int]:
    """The tops of a data layer whose shape depends on its data, by number: what the layer says itself needs none."""
    tops = _of_any_sample(layer, len(definition.frame.top))
    return {index for index, top in enumerate(tops) if not all(isinstance(size, int) for size in top)}


def _of_any_sample(layer: Layer, num_tops: int) -> Shapes:
    """A data layer's tops in the sizes of samples that nobody knows."""
    try:
        return layer.infer((_ANY_IMAGE,) * max(1, num_tops), num_tops) if layer.sized_by_data else ()
    except Refusal:
        return ()


def _stand_in(layer: Layer) -> Shape:
    """The image that stands for those of an absent data set: of the sizes that the layer gives them, if it does."""
    tops = _of_any_sample(layer, 1)
    own = tops[0][1:] if tops else ()
    usual = layer.usual_sample
    if len(own) != len(usual):
        return usual
    return tuple(size if isinstance(size, int) else stand_in for size, stand_in in zip(own, usual, strict=True))


def said_of(definition: LayerDefinition, stand_ins: Mapping[str, Shape]) -> dict[int, Shape]:
    """What --data-size says of the tops of a layer, by their number: as ``LAYER.TOP``, ``LAYER`` or of all layers.

    A top's whole blob, N x C x H x W with the layer's own N, is taken as well as C x H x W.
    """
    name, tops = definition.frame.name, definition.frame.top
    first = stand_ins.get(name, stand_ins.get(""))
    said = {} if first is None else {0: first}
    return said | {
        index: _without_batch(definition, stand_ins[f"{name}.{top}"])
        for index, top in enumerate(tops)
        if f"{name}.{top}" in stand_ins
    }


def _without_batch(definition: LayerDefinition, shape: Shape) -> Shape:
    batch = getattr(definition.layer, "batch_size", None)
    return shape[1:] if len(shape) == len(_ANY_IMAGE) + 1 and shape[0] == batch else shape


def implied_bottoms(definition: LayerDefinition, layer: Layer, sizes: Sizes, report: Report) -> Shapes:
    """What a data layer takes for bottoms; what is guessed, and what was said in vain, goes to the report."""
    name, tops = definition.frame.name, definition.frame.top
    if not layer.sized_by_data and name not in sizes.misfits:  # as most layers are
        return ()
    found = samples_of(definition, layer, sizes)
    if tops and tops[0] in found.guessed:
        message = f"the images of {definition.title} are taken to be {show(found.shapes[0])}"
        help = f"--data-size {name}=CxHxW says it"
        why = sizes.untold.get(name, "their size is in the data set")
        at = Label(definition.at)
        report.add(Diagnostic("N601", f"{message}: {why}", at, help=help, severity=Severity.WARNING))
    if name in sizes.misfits:
        misfit = sizes.misfits[name]
        place = place_of(misfit.at, definition.places, definition.at)
        message = f"{definition.title}: {misfit.message}"
        report.add(Diagnostic(misfit.code, message, Label(place), help=misfit.help))
    for index, told in said_of(definition, sizes.stand_ins).items():
        there = sizes.samples.get(name, ())
        if layer.sized_by_data and index < len(there) and there[index] != told:
            message = f"--data-size of {name} has no effect: samples of {tops[index]} are {show(there[index])}"
            help = "leave it out: it stands in for data that aren't there"
            report.add(Diagnostic("N607", message, Label(definition.at), help=help, severity=Severity.WARNING))
    return found.shapes


def check_given(sizes: Sizes, sizable: Iterable[str], inputs: Iterable[str], report: Report) -> None:
    """Report sizes for inputs that are not there: ``sizable`` are those that take one, ``inputs`` all there are."""
    for blob in sorted(set(sizes.inputs).difference(sizable)):
        message = f"there is no input {blob} to give a size"
        help = did_you_mean(blob, inputs) or f"inputs: {', '.join(inputs)}"
        report.add(Diagnostic("N512", message, help=help))


def check_stand_ins(definition: Definition, sizes: Sizes, report: Report) -> None:
    """Report sizes for data layers that no phase has."""
    if not sizes.stand_ins.keys() - {""}:
        return
    layers = [each for each in definition.layers if each.layer is None or each.layer.sized_by_data]
    names = {name: None for each in layers for name in (each.frame.name, *_tops_of(each))}
    for name in sorted(sizes.stand_ins.keys() - names.keys() - {""}):
        sized_here = [each.frame.name for each in layers]
        help = did_you_mean(name, names)
        help = help or (f"data layers: {', '.join(dict.fromkeys(sized_here))}" if sized_here else "it has none")
        report.add(Diagnostic("N512", f"there is no data layer {name} to give a size", help=help))


def _tops_of(definition: LayerDefinition) -> list[str]:
    return [f"{definition.frame.name}.{top}" for top in definition.frame.top]
