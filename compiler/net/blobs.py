"""How layers are joined: which versions of which blobs each one reads and makes (net.cpp). Shapes come later.

1. A bottom reads the last version of its blob. A top equal to the bottom at its place makes a new version; any other
   top must be new.
2. Versions are numbered as they are made. By name, the last one is the blob's, and an earlier one ``blob@layer``.
3. Blobs that nobody read are the net's outputs, in alphabetical order.
"""

import re
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from netdef.compiler.diagnostics import Diagnostic, Label, Report, again
from netdef.compiler.fixes import Fix
from netdef.compiler.layers.roles import Makes
from netdef.compiler.net.definition import Definition, LayerDefinition
from netdef.compiler.net.filter import levels_of, listed, stages_of
from netdef.compiler.net.net import AUTOMATIC
from netdef.compiler.schema.decode import place_of
from netdef.compiler.source import Span
from netdef.compiler.spelling import guess


class Version(NamedTuple):
    """A version of a blob, before its shape is known."""

    name: str
    id: str
    made_at: Span


class Joint(NamedTuple):
    """A layer and the versions that it reads and makes, by number; None for a blob that is not there."""

    definition: LayerDefinition
    bottoms: tuple[int | None, ...]
    tops: tuple[int, ...]


class Joined(NamedTuple):
    """The layers of a net, joined."""

    joints: tuple[Joint, ...]
    versions: tuple[Version, ...]
    outputs: tuple[str, ...]
    has_doubles: bool
    """Whether some call of a block makes again what another made."""


def join(definition: Definition, layers: Sequence[LayerDefinition], phase: str, report: Report) -> Joined:
    """Join the layers that are in the net; what can't be joined goes to ``report``."""
    joiner = _Joiner(definition, layers, phase, report)
    joints = tuple(map(joiner.add, layers))
    for blob, readers in joiner.kept_out.items():
        report.add(joiner.kept_out_of_phase(blob, readers))
    return Joined(joints, joiner.versions(), tuple(sorted(joiner.unread)), bool(joiner.doubled))


class _Joiner:
    """The blobs as far as they are made."""

    def __init__(self, definition: Definition, layers: Sequence[LayerDefinition], phase: str, report: Report) -> None:
        self.phase = phase
        self.report = report
        self.is_whole = definition.is_whole
        self.later = {top: layer for layer in reversed(layers) for top in _made_by(layer)}
        """Who makes a blob, wherever it stands; layers in place work on what another made."""
        there = {id(layer) for layer in layers}
        self.absent: dict[str, list[LayerDefinition]] = {}
        """The same of layers that are not in the net."""
        for layer in definition.layers:
            for top in _made_by(layer) if id(layer) not in there else ():
                self.absent.setdefault(top, []).append(layer)
        self.staged = stages_of(definition.layers)
        """The stages that the rules of the file name."""
        self.kept_out: dict[str, list[tuple[LayerDefinition, Span]]] = {}
        """Blobs that only absent layers make: who reads each, and where."""
        self.made: list[tuple[str, LayerDefinition]] = []
        """Each version's name and maker."""
        self.last: dict[str, int] = {}
        """The last version of each blob."""
        self.refused: set[str] = set()
        """Bottoms that are not there, which is said; whoever makes a blob twice for want of one is not at fault."""
        self.unread: set[str] = set()
        self.doubled: set[tuple[Span, Span]] = set()
        """Calls that made blobs which others had made."""

    def add(self, definition: LayerDefinition) -> Joint:
        """Join a layer to the blobs that exist."""
        bottoms = tuple(self._read(definition, index, name) for index, name in enumerate(definition.frame.bottom))
        has_automatic = definition.layer is not None and definition.layer.makes is Makes.LOSS
        names = definition.frame.top or ((AUTOMATIC,) if has_automatic else ())
        if definition.layer is not None and len(names) < definition.layer.tops.least:
            self.is_whole = False  # a blob that nobody makes may be the one that isn't named
        return Joint(definition, bottoms, tuple(self._make(definition, *top) for top in enumerate(names)))

    def versions(self) -> tuple[Version, ...]:
        """All versions that were made, named for good."""
        times: Counter[str] = Counter()
        named = []
        for number, (name, maker) in enumerate(self.made):
            id = name
            if self.last.get(name) != number:
                id = f"{name}@{maker.frame.name}"
                times[id] += 1
                id += f"#{times[id]}" if times[id] > 1 else ""  # layers of one name, in place on one blob
            named.append(Version(name, id, maker.at))
        return tuple(named)

    def _read(self, definition: LayerDefinition, index: int, name: str) -> int | None:
        self.unread.discard(name)
        if name not in self.last:
            self.refused.add(name)
            self._refuse_bottom(definition, index, name)
        return self.last.get(name)

    def _refuse_bottom(self, definition: LayerDefinition, index: int, name: str) -> None:
        at = definition.places["bottom"][index]
        maker = self.later.get(name)
        if name in self.absent and (maker is None or maker is definition):
            self.kept_out.setdefault(name, []).append((definition, at))
            return
        if not self.is_whole and (maker is None or maker is definition):
            return
        labels: tuple[Label, ...] = ()
        help: str | None
        fix: Fix | None = None
        if maker is definition or (maker is None and name in definition.frame.top):
            message = f'{definition.title} reads the blob "{name}" that it makes itself'
            help = "name the blob that flows in: a layer in place works on one that exists"
        elif maker is not None:
            message = f'blob "{name}" is read before it is made'
            labels = (Label(maker.at, f"{maker.title} makes it here"),)
            help = "move the layer that makes it up"
        else:
            message = f'there is no blob "{name}"'
            if self.report.has_many("N501"):
                help = None
            else:
                help, fix = guess(name, [*self.last, *self.absent, *self.later], at, self._blobs_so_far())
        self.report.add(Diagnostic("N501", message, Label(at), labels, help=help, fix=fix))

    def kept_out_of_phase(self, blob: str, readers: Sequence[tuple[LayerDefinition, Span]]) -> Diagnostic:
        """That a blob's maker is not in the net, said once however many layers read it."""
        (reader, at), makers = readers[0], self.absent[blob]
        absent = next((maker for maker in makers if stages_of([maker])), makers[0])
        primary, labels = again(at, [other for _, other in readers[1:]])
        makes = Label(absent.at, f"{absent.title} makes it, and its rules keep it out here")
        ruled = [*makers, reader]
        found: dict[str, Sequence[object]] = {
            "stage": self.staged if stages_of(ruled) else [],
            "level": levels_of(ruled),
        }
        asked = {what: values for what, values in found.items() if values}
        if asked:
            options = " and ".join(f"--{what} {listed([*map(str, values)])}" for what, values in asked.items())
            help = f"give {options}: rules of this net ask for {' and '.join(f'{what}s' for what in asked)}"
        else:
            other = "TEST" if self.phase == "TRAIN" else "TRAIN"
            those = "this layer" if len(readers) == 1 else "these layers"
            help = f"give {those} the same include or exclude rule, or check the other phase alone: --phase {other}"
        message = f'there is no blob "{blob}" in phase {self.phase}'
        return Diagnostic("N501", message, primary, (makes, *labels), help=help)

    def _blobs_so_far(self) -> str:
        if not self.last:
            return 'no layer before it makes one; a net begins with, say, input "data" [1, 3, 224, 224]'
        help = f"blobs so far: {', '.join(self.last)}" if len(self.last) < 20 else ""
        last = next(reversed(self.last))
        return help if 0 < len(help) < 200 else f"{len(self.last)} blobs exist here; the last is {last}"

    def _make(self, definition: LayerDefinition, index: int, name: str) -> int:
        bottoms = definition.frame.bottom
        in_place = index < len(bottoms) and bottoms[index] == name
        number = len(self.made)
        self.made.append((name, definition))
        if name != AUTOMATIC:
            if name in self.last and not in_place:
                self._refuse_top(definition, index, name)
            self.last[name] = number
            self.unread.add(name)
        return number

    def _refuse_top(self, definition: LayerDefinition, index: int, name: str) -> None:
        if len(definition.frame.bottom) < (1 if definition.layer is None else definition.layer.bottoms.least):
            return  # it may be in place on a bottom that it doesn't name, which is said
        if name in self.refused or not self.refused.isdisjoint(definition.frame.bottom):
            return
        _, before = self.made[self.last[name]]
        place = place_of(f"top {index}", definition.places, definition.at)
        help = "give the top another name"
        if name in definition.frame.bottom:
            help += ", or put it at the place of the bottom that it replaces"
        call, first = definition.at.outermost, before.at.outermost
        if definition.at.via or before.at[:3] == definition.at[:3]:  # one text, run twice
            help = _let_differ(call, first)
        labels = () if first[:3] == place[:3] else (Label(first, "made here first"),)
        message = f'two layers make the blob "{name}"'
        if before is definition:
            message, help, labels = (
                f'{definition.title} makes the blob "{name}" twice',
                "give each top its own name",
                (),
            )
        if (call, first) not in self.doubled:  # a second run of one call doubles all that it makes
            self.report.add(Diagnostic("N502", message, Label(place), labels, help=help))
        if definition.at.via:
            self.doubled.add((call, first))


_CALL = r"\w+\s*\(([^()\n]*)\)"


def _let_differ(call: Span, first: Span) -> str:
    """How one text that runs twice makes other names: in a loop, or by two calls that pass the same."""
    passed = [re.compile(_CALL).match(at.source.text, at.start) for at in (call, first)]
    if call[:3] != first[:3] and passed[0] and passed[1]:
        one, other = ([word.strip() for word in found[1].split(",")] for found in passed if found)
        if same := [word for word in one if word and word in other]:
            both = " and ".join(same[:2])
            return f"this call and that of line {first.line} both pass {both}: let what stands in the names differ"
    return 'let the name differ from one run to the next: "conv${i}"'


def _made_by(layer: LayerDefinition) -> list[str]:
    """The blobs that a layer makes, those left out that it works on in place."""
    tops, bottoms = layer.frame.top, layer.frame.bottom
    return [top for index, top in enumerate(tops) if index >= len(bottoms) or bottoms[index] != top]
