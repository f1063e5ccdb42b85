"""Settings that have no effect because something else decides: each is named, with its place and what holds instead.

A net's own data layers say how large batches are and what is done to images; so does a recipe. Where the layers feed
the net they decide, and where other data do (``--data``) the recipe does.
"""

from collections.abc import Iterable, Iterator, Mapping

from netdef.compiler.diagnostics import Diagnostic, Label, Severity
from netdef.compiler.net.net import Net, Node
from netdef.compiler.schema.caffe import Transform
from netdef.compiler.source import Span
from netdef.runtime.data.augment import Augment
from netdef.runtime.data.layer_feed import LayerFeed
from netdef.runtime.requests import TrainRequest
from netdef.runtime.training.recipe.recipe import Recipe
from netdef.runtime.training.recipe.solver_prototxt import listed

AUGMENTED = {
    "augment.scale": "images keep their size, or get ImageData's new_height and new_width",
    "augment.crop": "transform_param { crop_size } cuts, at random in training",
    "augment.mirror": "transform_param { mirror } says it",
    "augment.rgb_shift": "a data layer shifts no colours",
    "test.scale": "images keep their size, or get ImageData's new_height and new_width",
}
"""What a recipe says and a data layer decides -> what holds instead."""
DONE = ("mirror", "mean_file", "mean_value", "scale")
"""What transform_param does to an image, beside telling its size and channels."""
FOR_OTHER_DATA = {"test_data": "--test-data", "objects": "--object", "inputs": "--input"}
"""What a request says of data that are chosen beside the net, and the options that ask for it."""


def fed_by_layers(recipe: Recipe, own: LayerFeed, test_own: LayerFeed, request: TrainRequest) -> Recipe:
    """The recipe as it holds where the net's data layers feed it; a batch that is asked for here and now counts."""
    return recipe.replace(
        batch=own.batch_size * recipe.iter_size if request.recipe.batch is None else recipe.batch,
        augment=Augment(),
        test=recipe.test.replace(batch=test_own.batch_size, scale=None),
    )


def unused_in_recipe(recipe: Recipe, places: Mapping[str, Span], request: TrainRequest) -> Iterator[Diagnostic]:
    """What has no effect where the net's data layers feed it; ``recipe`` is what holds, ``places`` what is written."""
    parts = f", in each of {recipe.iter_size} parts" if recipe.iter_size > 1 else ""
    instead = dict(AUGMENTED)
    if request.recipe.batch is None:
        instead["batch"] = f"a batch has {recipe.batch}: the data layer's batch_size{parts}"
    if recipe.test.batches is not None:  # else it would have no effect in any case, which the recipe's reader says
        instead["test.batch"] = f"a batch has {recipe.test.batch}: the data layer's batch_size in phase TEST"
    written = [(name, Label(places[name], text)) for name, text in instead.items() if name in places]
    if written:
        help = "leave them out, and change the data layers; or name the data with --data, and the recipe decides"
        yield _unused(written, "the net's data layers feed it", help)
    for name, option in FOR_OTHER_DATA.items():
        if getattr(request.data, name):
            message = f"{option} has no effect: the net's data layers feed it"
            yield Diagnostic("N851", message, severity=Severity.WARNING, help="name the data with --data, too")


def unused_in_layers(nets: tuple[Net, Net], recipe: Recipe, source: str) -> Iterator[Diagnostic]:
    """What the data layers of the nets of both phases say without effect, where ``source`` feeds them."""
    length = "all data" if recipe.test.batches is None else f"{recipe.test.batches} batches of {recipe.test.batch}"
    sizes = f"a batch has {recipe.batch}, as the recipe or --batch says", f"a test takes {length}, as the recipe says"
    written = {
        (label.span.source.path, label.span.start): (name, label)
        for net, size in zip(reversed(nets), reversed(sizes), strict=True)  # a layer of both phases is the first's
        for node in net.nodes
        if node.layer.brings_data
        for name, label in _said_by(node, size, is_stated=net.preprocess is not None)
    }
    if written:
        help = "say it in preprocess { ... } and in a recipe; or leave out --data, and the layers decide"
        yield _unused(written.values(), f"{source} feeds the net", help)


def _said_by(node: Node, size: str, *, is_stated: bool) -> Iterator[tuple[str, Label]]:
    """What a data layer says beside its data and the size of its images, and what holds instead."""
    places = node.definition.places
    for span in places.get("batch_size", ()):
        yield "batch_size", Label(span, size)
    transform = getattr(node.layer, "transform", Transform())
    done = [name for name in DONE if getattr(transform, name) != Transform.params[name].default]
    numbers = "preprocess says" if is_stated else "mean and deviation of the data say"
    instead = f"{numbers} how images become numbers, and the recipe's augment what is mirrored"
    for span in places.get("transform", ()) if done else ():
        yield f"transform_param {{ {' '.join(done)} }}", Label(span, instead)
    for name in DONE:
        for span in places.get(name, ()):  # the old place
            yield name, Label(span, instead)


def _unused(written: Iterable[tuple[str, Label]], why: str, help: str) -> Diagnostic:
    in_order = sorted(written, key=lambda each: each[1].span.start)
    names = list(dict.fromkeys(name for name, _ in in_order))
    (_, first), *others = in_order
    message = f"{listed(names)} {'has' if len(names) == 1 else 'have'} no effect: {why}"
    labels = tuple(label for _, label in others)
    return Diagnostic("N851", message, first, labels, severity=Severity.WARNING, help=help)
