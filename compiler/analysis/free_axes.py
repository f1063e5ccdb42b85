"""Which sizes of a net are free: its shapes under other inputs.

Axes of the inputs have letters: N is the first, H and W are the last two of an image (four axes or more). An input
whose size there is not that of the first input that has the axis keeps its size. Whether a size may be free, and what
follows it, is found by inferring the net again at others.
"""

from collections.abc import Iterable, Mapping, Sequence

from netdef.compiler.diagnostics import Diagnostic, Label, Report
from netdef.compiler.net.net import Net, Node
from netdef.compiler.net_error import NetError, stop_on_errors
from netdef.compiler.schema.message import Refusal
from netdef.compiler.shape import Shape, Shapes, show
from netdef.compiler.size import Dim, symbol

AXES = {"N": "batch", "H": "height", "W": "width"}
"""The letters that a free axis of the inputs may have."""

FREE = symbol("")
"""A size that changes with the inputs' in a way that has no name."""


def running_shapes(net: Net, dynamic: Sequence[str]) -> dict[str, Shape]:
    """The shape of every value: numbers, and symbols where ``dynamic`` lets it change.

    Raises:
        NetError: where the net has but one size along a letter's axis.
    """
    seen: list[tuple[str, int, Mapping[str, Shape]]] = []
    report = Report()
    for letter in dynamic:
        try:
            seen += _probes(net, letter)
        except NetError as error:
            report.extend(error.report)
    stop_on_errors(report)
    return {
        top.id: tuple(
            _dim(dim, [(letter, size, shapes[top.id][axis]) for letter, size, shapes in seen])
            for axis, dim in enumerate(top.shape)
        )
        for node in net.nodes
        for top in node.tops
    }


def allowed(net: Net, letters: Iterable[str] = AXES) -> tuple[str, ...]:
    """The letters that the net lets be free."""
    found = []
    for letter in letters:
        try:
            running_shapes(net, (letter,))
        except NetError:
            continue
        found.append(letter)
    return tuple(found)


def inputs_at(net: Net, sizes: Mapping[str, int]) -> dict[str, Shape]:
    """The shapes of the inputs, with some sizes changed by letter."""
    base = {letter: size_of(net, letter) for letter in sizes}
    return {name: _resized(shape, base, sizes) for name, shape in net.inputs.items()}


def size_of(net: Net, letter: str) -> Dim | None:
    """The net's own size along a letter's axis; None if no input has such an axis."""
    sizes = (shape[axis] for shape in net.inputs.values() if (axis := _axis(letter, shape)) is not None)
    return next(sizes, None)


def shapes_at(net: Net, sizes: Mapping[str, int]) -> dict[str, Shape]:
    """The shape of every value, with some sizes of the inputs changed by letter.

    Raises:
        NetError: where a layer can't have them.
    """
    inputs = inputs_at(net, sizes)
    shapes: dict[str, Shape] = {}
    for node in net.nodes:
        bottoms = tuple(shapes[bottom.id] for bottom in node.bottoms)
        if node.layer.fed:
            tops: Shapes = tuple(inputs[top.name] for top in node.tops)
        else:
            tops = _inferred(node, bottoms, sizes)
        shapes.update(zip((top.id for top in node.tops), tops, strict=True))
    return shapes


def _probes(net: Net, letter: str) -> list[tuple[str, int, dict[str, Shape]]]:
    """The net's shapes at other sizes along an axis: at the double, which must fit, and at odd ones that do."""
    size = size_of(net, letter)
    if not isinstance(size, int):
        if letter == "N":  # a net without inputs has any batch
            return []
        message = f"the {AXES[letter]} can't be free: no input is an image"
        raise NetError(Diagnostic("N802", message, help=_help(letter)))
    found = [(letter, 2 * size, shapes_at(net, {letter: 2 * size}))]
    for odd in (3 * size + 1, 5 * size + 2):
        try:
            found.append((letter, odd, shapes_at(net, {letter: odd})))
        except NetError:
            continue
    return found


def _dim(own: Dim, seen: Sequence[tuple[str, int, Dim]]) -> Dim:
    """An axis of a value, by what it was at the probes' sizes."""
    changes = {letter for letter, _, dim in seen if dim != own}
    if not changes:
        return own
    letter = min(changes)
    follows = len(changes) == 1 and all(dim == size for by, size, dim in seen if by == letter)
    return symbol(letter) if follows else FREE


def _axis(letter: str, shape: Shape) -> int | None:
    if letter == "N":
        return 0 if shape else None
    return len(shape) - {"H": 2, "W": 1}[letter] if len(shape) >= 4 else None


def _resized(shape: Shape, base: Mapping[str, Dim | None], sizes: Mapping[str, int]) -> Shape:
    axes = {axis: letter for letter in sizes if (axis := _axis(letter, shape)) is not None}
    return tuple(
        sizes[axes[axis]] if axis in axes and dim == base[axes[axis]] else dim for axis, dim in enumerate(shape)
    )


def _inferred(node: Node, bottoms: Shapes, sizes: Mapping[str, int]) -> Shapes:
    """A node's tops at other sizes; its weights stay as they are."""
    layer = node.layer.for_any_batch(*(tuple(blob.shape for blob in blobs) for blobs in (node.bottoms, node.tops)))
    at = " and ".join(f"{letter} = {size}" for letter, size in sizes.items())
    try:
        tops = layer.infer(bottoms, len(node.tops))
        weights = layer.weights(bottoms)
    except Refusal as refusal:
        raise _forbidden(node, sizes, f"at {at}, {refusal.message}") from None
    for weight, own in zip(weights, node.weights, strict=True):
        if weight.shape != own.weight.shape:
            reason = f"its {weight.name} is {show(own.weight.shape)}, and {at} would make it {show(weight.shape)}"
            raise _forbidden(node, sizes, reason)
    return tops


def _forbidden(node: Node, sizes: Mapping[str, int], reason: str) -> NetError:
    letter = next(iter(sizes))
    message = f"the {AXES[letter]} can't be free: {node.definition.title} has one size only"
    dense = node.layer.flattens and letter != "N"
    help = "--dense makes the InnerProduct layers convolutions, which take any image" if dense else _help(letter)
    return NetError(Diagnostic("N802", message, Label(node.at, reason), help=help, subject=AXES[letter]))


def _help(letter: str) -> str:
    return f"leave {letter} out of --dynamic (--dynamic none keeps all sizes)"
