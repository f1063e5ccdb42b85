"""ONNX of forks' recurrent layers."""

from netdef.compiler.layers.sequences import ConvLSTM, Lstm, TimeMajorLstm
from netdef.compiler.onnx.base import EXPORT, UNWRITTEN
from netdef.compiler.rules import SHAPES_ALONE

for _kind in (Lstm, TimeMajorLstm):
    EXPORT.refuse(_kind, UNWRITTEN)
EXPORT.refuse(ConvLSTM, SHAPES_ALONE)
