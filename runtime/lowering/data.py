"""Data layers and inputs: whoever runs the module feeds their tops."""

from netdef.compiler.layers.base import LAYERS
from netdef.runtime.lowering.base import refuse

for _kind in LAYERS.values():
    if _kind.fed:
        refuse(_kind, "computes nothing: its tops are fed")
