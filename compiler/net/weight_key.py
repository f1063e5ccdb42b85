"""The key of a weight: its layer's name and its place there; in text, ``conv1/0``."""

from typing import NamedTuple

from netdef.compiler.override import override

LONGEST_PLACE = 10
"""Digits, before a text is no number."""


class WeightKey(NamedTuple):
    """A weight of a net; its place in the layer is that in the ``.caffemodel``, from 0."""

    layer: str
    place: int

    @override
    def __str__(self) -> str:
        return f"{self.layer}/{self.place}"


def parse_key(text: str) -> WeightKey | None:
    """The key that a text is, or None; a layer's name may have slashes itself."""
    layer, _, place = text.rpartition("/")
    key = WeightKey(layer, int(place)) if place.isdecimal() and len(place) < LONGEST_PLACE else None
    return key if str(key) == text else None
