"""A layer type that derives from nothing, so that nobody knows it for one."""


class BentIdentity:
    """x + (sqrt(x^2 + 1) - 1) / 2."""
