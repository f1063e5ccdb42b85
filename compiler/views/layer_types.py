"""The manual of layer types, made from their declarations: a page for each, and a list of all."""

import inspect
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from netdef.compiler.layers.base import Arity, Layer
from netdef.compiler.layers.origins import BVLC, ORIGINS, said
from netdef.compiler.layers.roles import Makes
from netdef.compiler.schema.manual import FieldPage, field_pages, rows

_EXAMPLE = re.compile(r"^example +(?P<line>.*(?:\n {9,}.*)*)", re.MULTILINE)
"""The line of an example, which may go on in others, indented as far as it is."""
_ROW = re.compile(r"(bottom|top|weights|example) ")
"""What a text begins with whose author says what the layer takes and makes, line by line."""
_PARTS = re.compile(r"(?P<text>.*?) +# ?(?P<bottoms>.*?) ?-> ?(?P<tops>.*)")


class Example(NamedTuple):
    """A line of a net, and the shapes that its layer takes and makes, as ``shape.show`` writes them."""

    text: str
    bottoms: tuple[str, ...]
    tops: tuple[str, ...]


class Page(NamedTuple):
    """What is said of a layer type; ``back_ends`` has why each can't do it, or None, as far as somebody asked."""

    kind: type[Layer]
    fields: tuple[FieldPage, ...]
    beside: tuple[FieldPage, ...]
    back_ends: Mapping[str, str | None]

    @property
    def doc(self) -> str:
        """What its author says of it."""
        return inspect.getdoc(self.kind) or ""

    @property
    def example(self) -> Example | None:
        """Its author's example, a line of the text."""
        line = _EXAMPLE.search(self.doc)
        found = line and _PARTS.fullmatch(re.sub(r"\s*\n\s*", " ", line["line"]))
        return found and Example(found["text"], _split(found["bottoms"]), _split(found["tops"]))

    @property
    def as_data(self) -> dict[str, Any]:
        """All that the declaration says, for JSON."""
        kind = self.kind
        return {
            "type": kind.type_name,
            "aliases": list(kind.aliases),
            "origin": kind.origin,
            "v0": kind.v0 or None,
            "v1": kind.v1 and {"type": kind.v1.word, "number": kind.v1.number},
            "doc": self.doc,
            "example": self.example and self.example._asdict(),
            "message": kind.message or None,
            "bottoms": list(kind.bottoms),
            "tops": list(kind.tops),
            "in_place": kind.in_place,
            "roles": dict(_roles(kind)),
            "fields": [field.as_data for field in self.fields],
            "messages_beside": [
                {"name": field.name, "doc": field.doc, "fields": [inner.as_data for inner in field.fields]}
                for field in self.beside
            ],
            **({"back_ends": dict(self.back_ends)} if self.back_ends else {}),
        }

    @property
    def text(self) -> str:
        """The page, for a terminal."""
        kind = self.kind
        title, _, rest = _plain(self.doc).partition("\n\n")
        lines = [f"{kind.type_name}: {title}", "", f"origin   {said(kind.origin)}"]
        lines += [*([] if _ROW.match(rest) else [""]), rest] if rest else []
        lines += ["", f"takes {_arity(kind.bottoms, 'bottom')}, makes {_arity(kind.tops, 'top')}"]
        lines += _names(kind)
        if kind.in_place:
            lines.append("the short form writes it in place: its top is its bottom")
        lines += [f"{name}: {'yes' if why_not is None else why_not}" for name, why_not in self.back_ends.items()]
        if self.fields:
            lines += ["", f"{kind.message} {{ }}", *rows(self.fields)]
        for field in self.beside:
            lines += ["", f"{field.name} {{ }}  {field.doc}", *rows(field.fields)]
        for names, fields in _inner([*self.fields, *(inner for field in self.beside for inner in field.fields)]):
            lines += ["", f"{', '.join(names)} {{ }}", *rows(fields)]
        return "\n".join(lines)


def page(kind: type[Layer], back_ends: Mapping[str, str | None]) -> Page:
    """What is said of a layer type."""
    beside = field_pages(kind.fields_beside.values())
    return Page(kind, field_pages(kind.own_fields.values()), beside, back_ends)


def manual(pages: Sequence[Page]) -> str:
    """The pages of all types of one name; of several, behind a word on how one is chosen."""
    texts = [page.text for page in pages]
    if len(pages) > 1:
        last = pages[-1].kind
        how = (
            f"{len(pages)} layer types are called {last.type_name}. A layer's fields, its bottoms and its net",
            f'tell which is meant; else it is the first, or what origin: "{last.origin}" or --origin says.',
        )
        texts.insert(0, "\n".join(how))
    return "\n\n\n".join(texts)


def overview(pages: Sequence[Page]) -> str:
    """A line for each type, with what it is and which back ends do it: the user's own, Caffe's, and then forks'."""
    groups: dict[str, list[Page]] = {"of your own": [], "of BVLC Caffe": [], "of forks": []}
    for page in pages:
        origin = page.kind.origin
        group = "of BVLC Caffe" if origin == BVLC else "of forks" if origin in ORIGINS else "of your own"
        groups[group].append(page)
    sections = [_section(group, found) for group, found in groups.items() if found]
    return "\n\n".join([*sections, "netdef layers TYPE says all of one: shapes, weights, fields, an example"])


def _section(title: str, pages: Sequence[Page]) -> str:
    """The lines of types that belong together; those of forks have their fork in each."""
    forks = [""] if pages[0].kind.origin != BVLC else []
    lines = [("", *forks, *pages[0].back_ends, "")] if pages[0].back_ends else []
    for page in pages:
        kind = page.kind
        fork = [kind.origin] if kind.origin != BVLC else []
        able = ("yes" if why_not is None else "no" for why_not in page.back_ends.values())
        lines.append((f"  {kind.type_name}", *fork, *able, _plain(page.doc).split("\n")[0]))
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    rows = ["  ".join(map(str.ljust, line, widths)).rstrip() for line in lines]
    return "\n".join([f"{title}:", *rows])


def _plain(doc: str) -> str:
    """A docstring as text: what is code in it stands between backticks, as in explanations."""
    return doc.replace("``", "`")


def _split(shapes: str) -> tuple[str, ...]:
    return tuple(filter(None, shapes.split(", ")))


def _roles(kind: type[Layer]) -> Iterator[tuple[str, Any]]:
    """The roles that a type has, and others mostly haven't."""
    for role in ("fed", "brings_data", "sized_by_data", "weight_layer", "kernel_weight", "flattens"):
        if getattr(kind, role):
            yield role, True
    for role in ("scores", "labels"):
        if (bottom := getattr(kind, role)) is not None:
            yield role, bottom
    if kind.makes is not Makes.VALUES:
        yield "makes", kind.makes.value
    if not kind.keeps_positions:
        yield "keeps_positions", False


def _names(kind: type[Layer]) -> Iterator[str]:
    """What else it is called."""
    older = [f"{kind.v1.word} in V1"] if kind.v1 else []
    older += [f'"{kind.v0}" in V0'] if kind.v0 else []
    names = [*kind.aliases, *older]
    if names:
        yield f"also called {', '.join(names)}"


def _arity(arity: Arity, what: str) -> str:
    if arity.most is None:
        return f"{arity.least} or more {what}s"
    if arity.least == arity.most:
        return f"{arity.least or 'no'} {what}{'s' * (arity.least != 1)}"
    return f"{arity.least} to {arity.most} {what}s"


def _inner(fields: Iterable[FieldPage]) -> list[tuple[list[str], tuple[FieldPage, ...]]]:
    """The messages in a message: their names, where several hold the same, and what may stand in them."""
    found: dict[tuple[str, ...], tuple[list[str], tuple[FieldPage, ...]]] = {}
    for field in fields:
        if field.fields:
            names, _ = found.setdefault(tuple(inner.name for inner in field.fields), ([], field.fields))
            names.append(field.name)
    return [*found.values()]
