"""Sizes that come from outside of the file: an input's, and those of a data set's samples."""

from collections.abc import Iterable

from netdef.compiler.diagnostics import Diagnostic, Label, Report, Severity, did_you_mean
from netdef.compiler.layers.base import Layer
from netdef.compiler.net.definition import LayerDefinition
from netdef.compiler.net.net import Sizes
from netdef.compiler.schema.caffe import BlobShape
from netdef.compiler.schema.message import Refusal
from netdef.compiler.shape import Shape, Shapes, known, show

DEFAULT_IMAGE: Shape = (3, 256, 256)
"""Stands in for the size of a data set's images, which the file does not have."""


def takes_sizes(layer: Layer) -> bool:
    """Whether it is an Input: the file says the shapes of its tops, and whoever feeds it may say others."""
    return layer.fed and "shape" in layer.params


def sized(definition: LayerDefinition, layer: Layer, sizes: Sizes, report: Report) -> Layer:
    """An Input with the sizes given from outside, where these are above 0; other layers as they are.

    What lacks the batch is no shape: it goes to the report.
    """
    given = [sizes.inputs.get(top) for top in definition.frame.top]
    if not takes_sizes(layer) or not any(given):
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


def implied_bottoms(definition: LayerDefinition, layer: Layer, sizes: Sizes, report: Report) -> Shapes:
    """What a data layer takes for bottoms: one sample of its data set for each top, an image first."""
    if not layer.sized_by_data:
        return ()
    name, told = definition.frame.name, sizes.samples
    samples = told.get(name, told.get("", (DEFAULT_IMAGE,)))
    if is_guessed(definition, sizes):
        message = f"the images of {definition.title} are taken to be {show(samples[0])}: their size is in the data set"
        help = f"--data-size {name}=CxHxW says it"
        at = Label(definition.at)
        report.add(Diagnostic("N601", message, at, help=help, severity=Severity.WARNING))
    return samples


def is_guessed(definition: LayerDefinition, sizes: Sizes) -> bool:
    """Whether nobody says how large a data layer's images are."""
    layer, told = definition.layer, sizes.samples
    return layer is not None and layer.sized_by_data and definition.frame.name not in told and "" not in told


def check_given(sizes: Sizes, sizable: Iterable[str], inputs: Iterable[str], report: Report) -> None:
    """Report sizes for inputs that are not there: ``sizable`` are those that take one, ``inputs`` all there are."""
    for blob in sorted(set(sizes.inputs).difference(sizable)):
        message = f"there is no input {blob} to give a size"
        help = did_you_mean(blob, inputs) or f"inputs: {', '.join(inputs)}"
        report.add(Diagnostic("N512", message, help=help))
