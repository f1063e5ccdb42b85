"""Numbers with what they count, in messages and tables; and the first of many names."""

from collections.abc import Sequence


def counted(number: int, one: str, several: str = "") -> str:
    """``1 layer``, ``2,000 layers``; ``several`` where the plural isn't ``one`` with an s (axis, axes)."""
    return f"{number:,} {one if number == 1 else several or f'{one}s'}"


def first_named(names: Sequence[str], most: int) -> str:
    """``a, b``, or of more than ``most`` the first and how many more there are: ``a, b and 3 more``."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return f"{', '.join(names[:most])}{more}"
