"""What a Python layer's ``param_str`` says: YAML or a Python dictionary, read without running any of it.

    'feat_stride': 16                                   YAML, a key on each line
    'scales': !!python/tuple [4, 8, 16, 32]             with Python's own tags
    {'split': 'train', 'mean': (104.0, 116.7, 122.7)}   Python, or YAML's other form

The class that a layer names reads it with ``yaml.load`` or ``eval``, which may run anything; what isn't plain numbers,
texts and lists of them is left out here.
"""

import ast
import re
from collections.abc import Mapping

Value = float | str | bool | None | tuple["Value", ...]

_LONGEST = 10_000
"""Characters of a text that is looked at: nobody writes longer ones, and Python's parser takes memory for each."""
_LINE = re.compile(r"\s*(?:'([^']*)'|\"([^\"]*)\"|([\w.-]+))\s*:\s*(.*?)\s*,?\s*$")
_WORD = re.compile(r"[\w./-]+")
_TAG = re.compile(r"!!?[\w/:.]*\s*")


def read_param_str(text: str) -> Mapping[str, Value]:
    """Its values by name; what can't be read is left out."""
    if len(text) > _LONGEST:
        return {}
    text = _TAG.sub("", text).strip()
    whole = _literal(text)
    if isinstance(whole, dict):
        return {str(name): plain for name, value in whole.items() if (plain := _plain(value)) is not None}
    lines = text.strip("{}").splitlines()
    matches = [found for line in lines if (found := _LINE.match(line)) is not None]
    named = ((found[1] or found[2] or found[3], found[4]) for found in matches)
    return {name: plain for name, value in named if (plain := _plain(_of_line(value))) is not None}


def _of_line(value: str) -> object:
    """A value of YAML's: Python's spelling, or else a bare word."""
    found = _literal(value)
    if found is not None or not _WORD.fullmatch(value):
        return found
    return {"true": True, "false": False}.get(value.lower(), value)


def _literal(text: str) -> object:
    """What Python's literals say; None for anything else."""
    try:
        found: object = ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return None
    return found


def _plain(value: object) -> Value:
    """Numbers, texts, and sequences of them, as tuples; None for anything else."""
    if isinstance(value, list | tuple):
        return tuple(_plain(each) for each in value)
    return value if isinstance(value, int | float | str) else None
