"""What layers of unknown types most likely make, by who reads it: for the line that declares them.

A shape is a guess if every layer that reads it takes it: that of the blobs beside it, where a sum or a concatenation
reads both, else that of the layer's own bottoms. What is guessed leads on to the next unknown layer.
"""

from collections.abc import Iterator, Mapping, Sequence

from netdef.compiler.layers import catalogue
from netdef.compiler.net.blobs import Joint
from netdef.compiler.net.definition import LayerDefinition
from netdef.compiler.net.shapes import Refused, Step, infer_shapes
from netdef.compiler.shape import Shape, Shapes

_MOST_GUESSED = 200
"""Unknown layers: of more, nobody writes the line by hand."""

_Step = Step[int, LayerDefinition]


def guessed_tops(joints: Sequence[Joint], steps: Sequence[_Step], known: Mapping[int, Shape]) -> dict[int, Shapes]:
    """The guessed shapes of the tops of layers of unknown types, by the identity of their definitions."""
    unknown = [joint for joint in joints if not joint.definition.is_known]
    if not unknown or len(unknown) > _MOST_GUESSED:
        return {}
    readers: dict[int, list[_Step]] = {}
    for step in steps:
        for bottom in step.bottoms:
            readers.setdefault(bottom, []).append(step)
    steps_of = {id(step.of): step for step in steps}
    shapes, found = dict(known), dict[int, Shapes]()
    for joint in joints:
        if not joint.definition.is_known:
            tops = tuple(_guess(joint, top, readers.get(top, ()), shapes) for top in joint.tops)
            told = [shape for shape in tops if shape is not None]
            shapes.update((top, shape) for top, shape in zip(joint.tops, tops, strict=True) if shape is not None)
            if told and len(told) == len(tops):
                found[id(joint.definition)] = tuple(told)
        elif (reader := steps_of.get(id(joint.definition))) is not None and not shapes.keys() >= {*reader.tops}:
            for each in infer_shapes([reader], shapes):
                if not isinstance(each, Refused):
                    shapes.update(zip(reader.tops, each.tops, strict=True))
    return found


def _guess(joint: Joint, top: int, readers: Sequence[_Step], shapes: Mapping[int, Shape]) -> Shape | None:
    """The first shape that all readers take which can be asked."""
    asked = [step for step in readers if all(each in shapes or each == top for each in step.bottoms)]
    candidates = dict.fromkeys(_candidates(joint, top, asked, shapes))
    return next((shape for shape in candidates if _take(asked, top, shape, shapes)), None)


def _candidates(joint: Joint, top: int, readers: Sequence[_Step], shapes: Mapping[int, Shape]) -> Iterator[Shape]:
    frame = joint.definition.frame
    if any(frame.loss_weight):
        yield ()
    for step in readers:
        for bottom in step.bottoms:
            # a reader that takes another shape, too, doesn't ask for that of the blob beside it (regions of an image)
            if bottom != top and shapes[bottom] and not _take([step], top, _other(shapes[bottom]), shapes):
                yield shapes[bottom]
    if not catalogue.find(frame.type):  # a Python layer makes anything
        yield from (shapes[bottom] for bottom in joint.bottoms if bottom is not None and bottom in shapes)


def _take(readers: Sequence[_Step], top: int, shape: Shape, shapes: Mapping[int, Shape]) -> bool:
    """Whether layers take a shape for what they read."""
    return not any(isinstance(each, Refused) for each in infer_shapes(readers, {**shapes, top: shape}))


def _other(shape: Shape) -> Shape:
    """A shape that is not that one."""
    return (*shape[:-1], shape[-1] + 1)
