"""A second ReLU, which nothing tells from the first."""

from netdef.layer_types import Layer


class ReLU(Layer):
    """max(x, 0), capped at 6."""
