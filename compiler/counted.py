"""Numbers with what they count, in messages and tables."""


def counted(number: int, one: str, several: str = "") -> str:
    """``1 layer``, ``2,000 layers``; ``several`` where the plural isn't ``one`` with an s (axis, axes)."""
    return f"{number:,} {one if number == 1 else several or f'{one}s'}"
