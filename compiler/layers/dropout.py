"""Dropout."""

from netdef.compiler.layers.base import Layer
from netdef.compiler.layers.roles import V1
from netdef.compiler.schema.message import param


class Dropout(
    Layer, message="dropout_param", number=108, in_place=True, drops=True, v0="dropout", v1=V1("DROPOUT", 6, 12)
):
    """In TRAIN, set values to 0 at random and scale up the rest; in TEST, nothing.

    bottom   any shape
    top      the same shape
    example  layer "drop6" Dropout { dropout_ratio: 0.5 }  # 1x4096 -> 1x4096
    """

    dropout_ratio: float = param(1, default=0.5, least=0, most=1, doc="the share that is set to 0; with 1, all")
