"""What the sizes are called that only a run of a layer can tell.

Each layer's are its own: two layers' ``K`` are two symbols. A size is called as its layer calls it where no other layer
of the net has one of that name, and else ``K@layer``.
"""

from collections import Counter
from collections.abc import Mapping, Sequence

from netdef.compiler.layers.base import Layer


def size_names(layers: Sequence[tuple[str, Layer]]) -> list[Mapping[str, str]]:
    """The names in the net of the sizes of each layer, by the layer's own names for them."""
    bearers = Counter(name for _, layer in layers for name in layer.run_sizes)
    namesakes: Counter[str] = Counter()
    found: list[Mapping[str, str]] = []
    for owner, layer in layers:
        namesakes[owner] += bool(layer.run_sizes)
        again = f"#{namesakes[owner]}" if namesakes[owner] > 1 else ""  # layers may bear one name
        found.append({name: f"{name}@{owner}{again}" if bearers[name] > 1 else name for name in layer.run_sizes})
    return found
