"""Which axes of a net's inputs are free: its shapes where their sizes are others.

Axes of the inputs have letters: N is the first, H and W are the last two of an image (four axes or more). An input
whose size there is not that of the first input that has the axis keeps its size.

A size is free if no layer refuses a symbol in its place, no weight's shape depends on that symbol, and the net also has
the double of the file's size. The symbol says what follows the size, and how; the double holds where a symbol can't
tell: whether a layer's bottoms agree only at the file's own size, as with data that have a batch written into them.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from netdef.compiler.diagnostics import Diagnostic, Label, Report
from netdef.compiler.model_options import AXES
from netdef.compiler.net.net import Net, Node
from netdef.compiler.net.shapes import Inferred, Refused, Step, changed_weight, infer_shapes
from netdef.compiler.net_error import NetError, stop_on_errors
from netdef.compiler.shape import Shape, show
from netdef.compiler.size import Dim, symbol


def running_shapes(net: Net, dynamic: Sequence[str]) -> dict[str, Shape]:
    """The shape of every value: numbers, and forms in the letters of ``dynamic`` where these let it change.

    Raises:
        NetError: where the net has but one size along a letter's axis.
    """
    report = Report()
    for letter in dynamic:
        try:
            _check_free(net, letter)
        except NetError as error:
            report.extend(error.report)
    stop_on_errors(report)
    return shapes_at(net, {letter: _symbol(letter) for letter in dynamic})


def allowed(net: Net, letters: Iterable[str] = AXES) -> tuple[str, ...]:
    """The letters that the net lets be free."""
    found = []
    for letter in letters:
        try:
            _check_free(net, letter)
        except NetError:
            continue
        found.append(letter)
    return tuple(found)


def inputs_at(net: Net, sizes: Mapping[str, Dim]) -> dict[str, Shape]:
    """The shapes of the inputs, with some sizes changed by letter."""
    base = {letter: size_of(net, letter) for letter in sizes}
    return {name: _resized(shape, base, sizes) for name, shape in net.inputs.items()}


def size_of(net: Net, letter: str) -> Dim | None:
    """The net's own size along a letter's axis; None if no input has such an axis."""
    sizes = (shape[axis] for shape in net.inputs.values() if (axis := _axis(letter, shape)) is not None)
    return next(sizes, None)


def shapes_at(net: Net, sizes: Mapping[str, Dim]) -> dict[str, Shape]:
    """The shape of every value, with some sizes of the inputs changed by letter.

    Raises:
        NetError: where a layer can't have them.
    """
    return shapes_of_values(net, inputs_at(net, sizes), sizes)


def shapes_of_values(net: Net, inputs: Mapping[str, Shape], sizes: Mapping[str, Dim]) -> dict[str, Shape]:
    """The same where the inputs have these shapes; ``sizes`` are the letters that they came by, for messages."""
    shapes = {top.id: inputs[top.name] for node in net.nodes if node.layer.fed for top in node.tops}
    for found in infer_shapes(steps_of(net), shapes):
        _check(found, sizes)
        if isinstance(found, Inferred):
            shapes |= zip(found.step.tops, found.tops, strict=True)
    return shapes


def steps_of(net: Net) -> Iterator[Step[str, Node]]:
    """What a net's layers compute, for any batch."""
    for node in net.nodes:
        if not node.layer.fed:
            shapes = (tuple(blob.shape for blob in blobs) for blobs in (node.bottoms, node.tops))
            bottoms, tops = (tuple(blob.id for blob in blobs) for blobs in (node.bottoms, node.tops))
            yield Step(node, node.layer.for_any_batch(*shapes), bottoms, tops, node.size_names)


def _check_free(net: Net, letter: str) -> None:
    """Raise ``NetError`` where the net has one size only along a letter's axis."""
    size = size_of(net, letter)
    if isinstance(size, int):
        shapes_at(net, {letter: 2 * size})
        shapes_at(net, {letter: _symbol(letter)})
    elif letter != "N":  # a net without inputs has any batch
        message = f"the {AXES[letter]} can't be free: no input is an image"
        raise NetError(Diagnostic("N1012", message, help=_help(letter)))


def _symbol(letter: str) -> Dim:
    return symbol(letter, least=1)


def _axis(letter: str, shape: Shape) -> int | None:
    if letter == "N":
        return 0 if shape else None
    return len(shape) - {"H": 2, "W": 1}[letter] if len(shape) >= 4 else None


def _resized(shape: Shape, base: Mapping[str, Dim | None], sizes: Mapping[str, Dim]) -> Shape:
    axes = {axis: letter for letter in sizes if (axis := _axis(letter, shape)) is not None}
    return tuple(
        sizes[axes[axis]] if axis in axes and dim == base[axes[axis]] else dim for axis, dim in enumerate(shape)
    )


def _check(found: Inferred[str, Node] | Refused[str, Node], sizes: Mapping[str, Dim]) -> None:
    """Raise ``NetError`` for a layer that refuses these sizes, or would need other weights."""
    node = found.step.of
    if isinstance(found, Refused):
        raise _forbidden(node, sizes, f"at {_said(sizes)}, {found.refusal.message}")
    if changed := changed_weight([own.weight for own in node.weights], found.weights):
        own, now = changed
        reason = f"its {own.name} is {show(own.shape)}, and {_said(sizes)} would make it {show(now.shape)}"
        raise _forbidden(node, sizes, reason)


def _said(sizes: Mapping[str, Dim]) -> str:
    """``H = 448``, or ``any H`` for a symbol."""
    words = (f"{letter} = {size}" if isinstance(size, int) else f"any {letter}" for letter, size in sizes.items())
    return " and ".join(words)


def _forbidden(node: Node, sizes: Mapping[str, Dim], reason: str) -> NetError:
    letter = next(iter(sizes))
    message = f"the {AXES[letter]} can't be free: {node.definition.title} has one size only"
    dense = node.layer.flattens and letter != "N"
    help = "--dense makes the InnerProduct layers convolutions, which take any image" if dense else _help(letter)
    return NetError(Diagnostic("N1012", message, Label(node.at, reason), help=help, subject=AXES[letter]))


def _help(letter: str) -> str:
    return f"leave {letter} out of --dynamic (--dynamic none keeps all sizes)"
