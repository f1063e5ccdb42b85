"""ONNX of regions that a net proposes."""

from netdef.compiler.layers.proposals import BoxAnnotatorOHEM, PixelProposal, Proposal
from netdef.compiler.onnx.base import EXPORT, UNWRITTEN

for _kind in (BoxAnnotatorOHEM, PixelProposal, Proposal):
    EXPORT.refuse(_kind, UNWRITTEN)
