"""Random bits without a state: they depend on nothing but their keys.

What happens to a sample is keyed by (seed, epoch, sample), so any batch can be made at any time, by any process,
and a resumed run sees what an unbroken one sees. The numbers are ours and not a library's generator's, because
those may change between versions.
"""

import numpy as np
from numpy.typing import NDArray

Keys = int | NDArray[np.int64]


def bits(*keys: Keys) -> NDArray[np.uint64]:
    """64 well mixed bits for each combination of keys; arrays broadcast.

    SplitMix64 (Steele, Lea and Flood 2014): a step of its golden gamma and its finaliser for each key in turn.
    """
    mixed = np.zeros(1, np.uint64)
    for key in keys:
        mixed = mixed + np.uint64(0x9E3779B97F4A7C15) ^ np.asarray(key, np.int64).astype(np.uint64)
        mixed = (mixed ^ mixed >> np.uint64(30)) * np.uint64(0xBF58476D1CE4E5B9)
        mixed = (mixed ^ mixed >> np.uint64(27)) * np.uint64(0x94D049BB133111EB)
        mixed = mixed ^ mixed >> np.uint64(31)
    return mixed


def uniform(*keys: Keys) -> NDArray[np.float64]:
    """Numbers from 0 up to but not including 1."""
    return (bits(*keys) >> np.uint64(11)).astype(np.float64) * 2.0**-53


def order(num: int, *keys: int) -> NDArray[np.int64]:
    """A permutation of ``0 .. num - 1``."""
    permutation: NDArray[np.int64] = np.argsort(bits(*keys, np.arange(num)), kind="stable")
    return permutation
