"""Layer types that nobody knows: what each is most likely, and what its author can do."""

from collections import Counter
from collections.abc import Mapping, Sequence

from netdef.compiler.counted import counted
from netdef.compiler.diagnostics import Diagnostic, Report, again
from netdef.compiler.fixes import Applicability, rename
from netdef.compiler.layers import catalogue, foreign
from netdef.compiler.net.definition import LayerDefinition
from netdef.compiler.shape import Shapes
from netdef.compiler.source import Span
from netdef.compiler.spelling import misspelt

_MOST_LINES = 3
"""Declarations that the help shows, of layers that make different things."""


def unknown_types(definitions: Sequence[LayerDefinition], guessed: Mapping[int, Shapes], report: Report) -> None:
    """Say which layer types nobody knows: one diagnostic for a type, pointing at all its layers.

    ``guessed`` has shapes of their tops, by the identity of their definitions.
    """
    by_type: dict[tuple[str, str], list[LayerDefinition]] = {}
    for definition in definitions:
        if not definition.is_known:
            code = "" if definition.layer is None else definition.layer.code
            by_type.setdefault((definition.frame.type, code), []).append(definition)
    for (kind, code), found in by_type.items():
        first, *others = (d.places["type"][0] for d in found)
        primary, labels = again(first, others)
        if (refusal := catalogue.why_not(kind)) is not None:
            report.add(Diagnostic(refusal.code, refusal.message, primary, labels, help=refusal.help))
            continue
        if catalogue.find(kind):
            message = f"only its author knows what the {kind} layer {code or 'of no module'} makes"
            report.add(Diagnostic("N209", message, primary, labels, help=_in_its_place(found, guessed)))
            continue
        if (whose := foreign.origin(kind)) is not None:
            message = f'there is no layer type "{kind}" here: {whose}'
            report.add(Diagnostic("N209", message, primary, labels, help=_in_its_place(found, guessed)))
            continue
        near = None if report.has_many("N209") else _near(kind, first)
        help = f'did you mean "{near}"?' if near else _in_its_place(found, guessed)
        how = Applicability.SAFE if near is not None and _plain(near) == _plain(kind) else Applicability.UNSAFE
        fixes = [fix for d in found if (fix := rename(d.places["type"][0], kind, near, how)) is not None]
        fix = fixes[0]._replace(edits=tuple(edit for each in fixes for edit in each.edits)) if fixes else None
        report.add(Diagnostic("N209", f'there is no layer type "{kind}"', primary, labels, help=help, fix=fix))


def _near(kind: str, at: Span) -> str | None:
    """The type that was meant, in the words of its format: in V1, a type is a word behind a colon."""
    if at.text == kind and at.source.text[: at.start].rstrip().endswith(":"):
        return misspelt(kind, catalogue.v1_words())
    return misspelt(kind, catalogue.names()) or _in_old_words(kind)


def _in_its_place(layers: Sequence[LayerDefinition], guessed: Mapping[int, Shapes]) -> str:
    """What their author can do; a layer that reads nothing of the net feeds it."""
    first = layers[0]
    if first.frame.bottom:
        line = _as_opaque(layers, guessed)
        return f"--load the Python file that declares it, or say what it makes, and the rest is checked: {line}"
    sizes = ["[1, 3, 224, 224]", *["[1, 1, 224, 224]"] * (len(first.frame.top) - 1)]
    inputs = " ".join(f'input "{top}" {size}' for top, size in zip(first.frame.top, sizes, strict=False))
    trained = "to train, layers of Data, ImageData or HDF5Data, one of images and one of labels, or --data"
    return f"it feeds the net: put inputs in its place, with their own sizes: {inputs}; {trained}"


def _as_opaque(layers: Sequence[LayerDefinition], guessed: Mapping[int, Shapes]) -> str:
    """The line that declares a type; a line more for each layer that makes something else than most do."""
    first, kind = layers[0], layers[0].frame.type
    shapes = {each.frame.name: guessed[id(each)] for each in layers if id(each) in guessed}
    if catalogue.find(kind):
        return foreign.declaration(kind, len(first.frame.top), first.frame.name, shapes.get(first.frame.name, ()))
    ((most, _),) = Counter(shapes.values()).most_common(1) or (((), 0),)
    lines = [foreign.declaration(kind, len(first.frame.top), None, most)]
    lines += [foreign.declaration(kind, len(own), name, own) for name, own in shapes.items() if own != most]
    more = f", and so of {counted(len(lines) - _MOST_LINES, 'layer')} more" if len(lines) > _MOST_LINES else ""
    return " ".join(lines[:_MOST_LINES]) + more


def _plain(name: str) -> str:
    """A type's name as far as nobody can mean another by it: ``inner_product`` is InnerProduct."""
    return name.lower().replace("_", "")


def _in_old_words(name: str) -> str | None:
    """The type that Caffe's older formats call so: a V1 word without its underscores, or a V0 name."""
    typed = _plain(name)
    for kind in catalogue.every_type():
        if typed in (kind.v0.replace("_", ""), kind.v1 and kind.v1.word.lower().replace("_", "")):
            return kind.type_name
    return None
