"""Weights by layer, and as named arrays: files that hold any arrays name a weight by its key, ``conv1/0``."""

from collections.abc import Mapping
from pathlib import Path

from netdef.compiler.diagnostics import Diagnostic
from netdef.compiler.net.weight_key import WeightKey, parse_key
from netdef.compiler.net_error import NetError
from netdef.compiler.weights.stored import LayerArrays, StoredArray, Weights, stored_arrays


def by_key(weights: Weights) -> dict[str, StoredArray]:
    """Weights as named arrays."""
    return {
        str(WeightKey(layer, index)): array
        for layer, own in weights.items()
        for index, array in enumerate(stored_arrays(own))
    }


def by_layer(arrays: Mapping[str, StoredArray], path: Path) -> dict[str, LayerArrays]:
    """Named arrays by layer; ``path`` is where they are from, for messages.

    Raises:
        NetError: if a name is no key, or a layer lacks one.
    """
    layers: dict[str, dict[int, StoredArray]] = {}
    for name, array in arrays.items():
        key = parse_key(name)
        if key is None:
            message = f'{path} has an array "{name}", and should have names such as "conv1/0"'
            help = "the layer's name, a slash, and the place of the weight in the layer, from 0"
            raise NetError(Diagnostic("N904", message, help=help))
        layers.setdefault(key.layer, {})[key.place] = array
    for layer, found in layers.items():
        if missing := set(range(len(found))) - set(found):
            message = f"{path} has {len(found)} arrays for {layer}, but none called {WeightKey(layer, min(missing))}"
            raise NetError(Diagnostic("N904", message))
    return {layer: LayerArrays(found[index] for index in range(len(found))) for layer, found in layers.items()}
