"""A layer type with a field, and no message that holds it."""

from netdef.layer_types import Layer, param


class Swish(Layer):
    """x / (1 + e^(-beta x))."""

    beta: float = param(1, default=1.0, doc="how steep")
