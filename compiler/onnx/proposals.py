"""ONNX of regions that a net proposes."""

from netdef.compiler.layers.proposals import BoxAnnotatorOHEM, PixelProposal, Proposal
from netdef.compiler.onnx.base import EXPORT
from netdef.compiler.rules import SHAPES_ALONE

for _kind in (
    BoxAnnotatorOHEM,
    PixelProposal,
    Proposal,
):
    EXPORT.refuse(_kind, SHAPES_ALONE)
