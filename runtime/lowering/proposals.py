"""Regions that a net proposes."""

from netdef.compiler.layers.proposals import BoxAnnotatorOHEM, PixelProposal, Proposal
from netdef.compiler.rules import SHAPES_ALONE
from netdef.runtime.lowering.base import refuse

for _kind in (
    BoxAnnotatorOHEM,
    PixelProposal,
    Proposal,
):
    refuse(_kind, SHAPES_ALONE)
