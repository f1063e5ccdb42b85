"""The catalogue: every layer type, declared once, in families.

A family is a file; a new one is found by being here.
"""

from importlib import import_module
from pathlib import Path

from netdef.compiler.layers.base import LAYERS as LAYERS
from netdef.compiler.schema.message import Param

FAMILIES = tuple(sorted(path.stem for path in Path(__file__).parent.glob("[a-z]*.py") if path.stem != "base"))
"""The files' names; back ends have their rules in files of the same names."""

for _family in FAMILIES:
    import_module(f"{__name__}.{_family}")

BLOCKS: dict[str, dict[str, Param]] = {cls.block: cls.block_fields for cls in LAYERS.values() if cls.block}
"""The fields of each type's own message, by the message's field name in a layer."""

MESSAGES: dict[str, Param] = {name: p for cls in LAYERS.values() for name, p in cls.messages.items()}
"""The messages that several types share, by the same."""
