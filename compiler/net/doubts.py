"""What may be behind a size that doesn't fit beside what the file says: ignored fields, and guessed sizes."""

from collections.abc import Iterator, Sequence
from functools import cached_property

from netdef.compiler.diagnostics import Diagnostic, Label
from netdef.compiler.net.blobs import Joint
from netdef.compiler.net.definition import LayerDefinition
from netdef.compiler.net.given_sizes import samples_of
from netdef.compiler.net.net import Sizes

_MOST = 3
"""Fields that are shown, the nearest layers' first."""


_FARTHEST = 300
"""Layers that are looked at: many mistakes in a large net must not look at all of it each time."""


class Doubts:
    """How the net is joined, and the sizes given from outside: what leads to a layer."""

    def __init__(self, joints: Sequence[Joint], sizes: Sizes) -> None:
        self.joints = joints
        self.sizes = sizes

    @cached_property
    def _makers(self) -> dict[int, Joint]:
        """Who makes each version."""
        return {top: joint for joint in self.joints for top in joint.tops}

    @cached_property
    def _joint_of(self) -> dict[int, Joint]:
        """How each layer is joined, by the identity of its definition."""
        return {id(joint.definition): joint for joint in self.joints}

    def added_to(self, said: Diagnostic, layer: LayerDefinition) -> Diagnostic:
        """A diagnostic on a layer's sizes, with what else than the file may have led to them."""
        behind = [*self._behind(layer)]
        ignored = [(joint.definition, field) for joint in behind for field in joint.definition.ignored][:_MOST]
        labels = tuple(Label(field.at, f"{field.name} of {each.title} is not read here") for each, field in ignored)
        notes = [f"{field.name}, a fork's field, may change the shape of {each.title}" for each, field in ignored]
        read = {bottom for joint in behind for bottom in joint.bottoms}
        guesses = [note for joint in behind for note in self._guesses(joint, read)]
        return said._replace(secondary=(*said.secondary, *labels), notes=(*said.notes, *notes, *guesses))

    def _guesses(self, joint: Joint, read: set[int | None]) -> Iterator[str]:
        """What of a data layer was guessed and ``read``."""
        definition = joint.definition
        if definition.layer is None or not definition.layer.sized_by_data:
            return
        name, tops = definition.frame.name, definition.frame.top
        guessed = samples_of(definition, definition.layer, self.sizes).guessed
        for index, (top, version) in enumerate(zip(tops, joint.tops, strict=False)):
            if top in guessed and version in read:
                whose, how = (definition.title, f"{name}=CxHxW") if index == 0 else (top, f"{name}.{top}=...")
                yield f"the size of {whose} is a guess: --data-size {how} gives the real one"

    def _behind(self, layer: LayerDefinition) -> Iterator[Joint]:
        """The layer itself and all that its bottoms come from, the nearest first."""
        waiting = [self._joint_of[id(layer)]]
        seen: set[int] = set()
        for joint in waiting:
            if id(joint) not in seen and len(seen) < _FARTHEST:
                seen.add(id(joint))
                yield joint
                waiting += [self._makers[bottom] for bottom in joint.bottoms if bottom in self._makers]
