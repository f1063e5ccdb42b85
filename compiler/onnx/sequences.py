"""ONNX of forks' recurrent layers."""

from netdef.compiler.layers.sequences import ConvLSTM, Lstm, TimeMajorLstm
from netdef.compiler.onnx.base import EXPORT
from netdef.compiler.rules import SHAPES_ALONE

for _kind in (
    ConvLSTM,
    Lstm,
    TimeMajorLstm,
):
    EXPORT.refuse(_kind, SHAPES_ALONE)
