"""Channels let through as far as something else says."""

from netdef.compiler.layers.gating import Axpy, PwAttend
from netdef.compiler.net.net import Node
from netdef.compiler.rules import SHAPES_ALONE
from netdef.runtime.lowering.base import Function, Op, Setting, lower, refuse

refuse(PwAttend, SHAPES_ALONE)


@lower(Axpy)
def axpy(layer: Axpy, node: Node, setting: Setting) -> Op:
    """A product and a sum."""
    return Function(node, lambda scales, x, z: scales.reshape(*x.shape[:2], 1, 1) * x + z)
