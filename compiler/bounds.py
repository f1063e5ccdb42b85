"""The greatest numbers that may be asked for: beyond them no machine could do it, or no number type holds it.

Law: flags, requests and recipes take their bounds from here, so that what one refuses the others don't try.
"""

MOST = 2**31 - 1
"""Of what is counted: images, iterations, passes."""
MOST_SEED = 2**63 - 1
"""What random generators take."""
MOST_PROCESSES = 1024
"""Processes that one machine starts."""
MOST_SIDE = 2**14
"""Pixels of an image's side."""
MOST_EPOCHS = 1e9
"""Passes over the training data: with ever so many images, iterations are still counted exactly."""

_SHOWN = 24
"""Digits of a number, after which it is cut."""


def shown(value: object) -> str:
    """A value for a message, however many digits it has."""
    if isinstance(value, int) and value.bit_length() > 64:
        return f"a number of some {value.bit_length() * 3 // 10:,} digits"
    text = repr(value)
    return text if len(text) <= _SHOWN + 3 else f"{text[:_SHOWN]}...{text[-1]}"
