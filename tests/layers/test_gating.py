"""Channels let through as far as something else says."""

from netdef.compiler.layers.gating import Axpy
from tests.layers.cases import Case, Family, Refused, fork

XZ = 'input "x" [2, 3, 4, 5] input "z" [2, 3, 4, 5]'


class TestGating(Family):
    cases = (
        *fork("axpy", "axpy_se_block"),
        Case(
            "Axpy of a vector",
            f'input "s" [2, 3] {XZ} layer "y" Axpy {{ bottom: ["s", "x", "z"] }}',
            layer=Axpy(),
            shapes={"y": (2, 3, 4, 5)},
            macs=120,
            formula=lambda s, x, z: s[..., None, None] * x + z,
        ),
    )
    refused = (
        Refused("Axpy by a map", f'input "s" [2, 3, 4, 5] {XZ} layer "y" Axpy {{ bottom: ["s", "x", "z"] }}', "N206"),
        Refused("Axpy of two shapes", f'input "s" [2, 3] {XZ} layer "y" Axpy {{ bottom: ["s", "x", "s"] }}', "N206"),
    )
