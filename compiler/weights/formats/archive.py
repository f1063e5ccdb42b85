"""What a file of named arrays holds, whatever its format."""

from collections.abc import Mapping
from typing import NamedTuple

from netdef.compiler.weights.stored import StoredArray


class Archive(NamedTuple):
    """Arrays by name, in the file's order, and texts about them."""

    arrays: Mapping[str, StoredArray]
    metadata: Mapping[str, str] = {}
