"""The manual of mistakes: what each code means, with an example and what netdef says of it.

A code's files bear its name. ``N204.net`` begins with a comment: its first line is the title, the rest explains the
cause and what helps; below it stands a short bad net. ``N204.txt`` is a transcript: the command line after a ``$``,
then what it writes to stderr. Whatever else the example needs (``N861.yaml``) begins with the code too.
"""

from pathlib import Path
from typing import NamedTuple

FOLDER = Path(__file__).parent


class Page(NamedTuple):
    """What the manual says of a code."""

    code: str
    title: str
    explanation: str
    """Paragraphs, an empty line between them."""
    first_line: int
    """Where the net begins in its file."""
    files: dict[str, str]
    """The example: the net without its comment first, then what it needs, by name."""
    transcript: str


def codes() -> list[str]:
    """All codes of the manual, in order."""
    return sorted((path.stem for path in FOLDER.glob("N*.net") if path.stem[1:].isdecimal()), key=lambda c: (len(c), c))


def title(code: str) -> str:
    """What a code means, in a line."""
    return _split(_read(f"{code}.net"))[0]


def page(code: str) -> Page:
    """All that the manual has on a code."""
    whole = _read(f"{code}.net")
    title, explanation, net = _split(whole)
    first_line = whole[: whole.index(net)].count("\n") + 1
    files = {f"{code}.net": net} if net else {}
    own = {f"{code}.net", f"{code}.txt"}
    files |= {path.name: _read(path.name) for path in sorted(FOLDER.glob(f"{code}[._]*")) if path.name not in own}
    return Page(code, title, explanation, first_line, files, _read(f"{code}.txt"))


def _read(name: str) -> str:
    text = (FOLDER / name).read_text(encoding="utf-8", errors="replace")  # one example is no UTF-8, one no text
    return text.replace("\0", "\N{REPLACEMENT CHARACTER}")


def _split(text: str) -> tuple[str, str, str]:
    """Title, explanation and the net below the comment."""
    lines = text.split("\n")
    end = next((number for number, line in enumerate(lines) if not line.startswith("#")), len(lines))
    title, *rest = (line[1:].strip() for line in lines[:end])
    return title, "\n".join(rest).strip(), "\n".join(lines[end:]).strip("\n")
