"""Forks' recurrent layers."""

from netdef.compiler.layers.sequences import ConvLSTM, Lstm, TimeMajorLstm
from netdef.compiler.rules import SHAPES_ALONE
from netdef.runtime.lowering.base import refuse

for _kind in (
    ConvLSTM,
    Lstm,
    TimeMajorLstm,
):
    refuse(_kind, SHAPES_ALONE)
