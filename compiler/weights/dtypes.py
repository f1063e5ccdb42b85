"""The kinds of numbers that weights may be."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy import dtype

WHOLE = ("int64", "int32", "int16", "int8", "uint64", "uint32", "uint16", "uint8", "bool")
NUMPYS_OWN = ("float64", "float32", "float16", *WHOLE)
ML_DTYPES = ("bfloat16", "float8_e4m3fn", "float8_e5m2")
"""Those that numpy has from the package ml_dtypes."""
NUMBERS = (*NUMPYS_OWN, *ML_DTYPES)


def dtype_named(name: str) -> "dtype[Any]":
    """The dtype that one of ``NUMBERS`` is the name of."""
    import numpy as np

    if name not in ML_DTYPES:
        return np.dtype(name)
    import ml_dtypes

    found: dtype[Any] = np.dtype(getattr(ml_dtypes, name))
    return found
