"""What PyTorch does with each layer type, in files named as those of ``compiler.layers``, imported by need."""

from netdef.runtime.lowering.base import RULES as RULES
