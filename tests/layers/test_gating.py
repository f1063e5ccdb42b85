"""Channels let through as far as something else says."""

from netdef.compiler.layers.gating import Axpy, PwAttend
from tests.layers.cases import SHAPES_ALONE, Case, Family, Refused, fork

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
        Case(
            "PwAttend",
            'input "x" [1, 3, 4, 5] input "w" [1, 9, 4, 5]'
            ' layer "y" PwAttend { bottom: ["x", "w"] kernel_size: 3 pad: 1 }',
            layer=PwAttend(kernel_size=3, pad=1),
            shapes={"y": (1, 3, 4, 5)},
            refused=SHAPES_ALONE,
        ),
    )
    refused = (
        Refused(
            "PwAttend, another image",
            f'{XZ} input "w" [2, 9, 5, 5] layer "y" PwAttend {{ bottom: ["x", "w"] }}',
            "N206",
        ),
        Refused("Axpy by a map", f'input "s" [2, 3, 4, 5] {XZ} layer "y" Axpy {{ bottom: ["s", "x", "z"] }}', "N206"),
        Refused("Axpy of two shapes", f'input "s" [2, 3] {XZ} layer "y" Axpy {{ bottom: ["s", "x", "s"] }}', "N206"),
    )
