"""What PyTorch does with each layer type, in files named as those of ``compiler.layers``."""

from importlib import import_module

from netdef.compiler.layers import FAMILIES
from netdef.runtime.lowering.base import RULES as RULES

for _family in FAMILIES:
    import_module(f"{__name__}.{_family}")
