"""What may be behind a size that doesn't fit beside what the file says: ignored fields, and guessed sizes."""

from collections.abc import Iterator, Sequence
from functools import cached_property

from netdef.compiler.diagnostics import Diagnostic, Label
from netdef.compiler.net.blobs import Joint
from netdef.compiler.net.definition import LayerDefinition
from netdef.compiler.net.given_sizes import is_guessed
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
        fields = [(each, field) for each in behind for field in each.ignored][:_MOST]
        labels = tuple(Label(field.at, f"{field.name} of {each.title} is not read here") for each, field in fields)
        notes = [f"{field.name}, a fork's field, may change the shape of {each.title}" for each, field in fields]
        for each in behind:
            if is_guessed(each, self.sizes):
                name = each.frame.name
                notes.append(f"the size of {each.title} is a guess: --data-size {name}=CxHxW gives the real one")
        return said._replace(secondary=(*said.secondary, *labels), notes=(*said.notes, *notes))

    def _behind(self, layer: LayerDefinition) -> Iterator[LayerDefinition]:
        """The layer itself and all that its bottoms come from, the nearest first."""
        waiting = [self._joint_of[id(layer)]]
        seen: set[int] = set()
        for joint in waiting:
            if id(joint) not in seen and len(seen) < _FARTHEST:
                seen.add(id(joint))
                yield joint.definition
                waiting += [self._makers[bottom] for bottom in joint.bottoms if bottom in self._makers]
