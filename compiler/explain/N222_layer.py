"""A layer type with a field, and no message that holds it."""

from netdef.layer_types import Layer, param


class BentIdentity(Layer):
    """x + beta (sqrt(x^2 + 1) - 1)."""

    beta: float = param(1, default=1.0, doc="how much it bends")
