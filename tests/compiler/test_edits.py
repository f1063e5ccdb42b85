"""Edits of a text, against the same made by hand on lists of characters."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netdef.compiler.edits import Edit, OverlappingEditsError, apply_edits
from netdef.compiler.source import Source, Span

SOURCE = Source("a.net", "pad: 1  # keep me\nstride 2\n")


def edit(start: int, end: int, replacement: str, source: Source = SOURCE, via: Span | None = None) -> Edit:
    return Edit(Span(source, start, end, via), replacement)


def test_what_no_edit_names_stays() -> None:
    edits = [edit(24, 24, ":"), edit(5, 6, "(k - 1)"), edit(0, 3, "padding")]
    assert apply_edits(SOURCE, edits) == "padding: (k - 1)  # keep me\nstride: 2\n"
    assert apply_edits(SOURCE, []) == SOURCE.text


def test_equal_edits_count_once_by_whatever_call_they_came() -> None:
    call = Span(SOURCE, 0, 3)
    assert apply_edits(SOURCE, [edit(24, 24, ":"), edit(24, 24, ":", via=call)]) == SOURCE.text.replace(
        "stride", "stride:"
    )


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (edit(0, 3, "a"), edit(2, 5, "b")),
        (edit(0, 6, "a"), edit(2, 3, "b")),
        (edit(0, 3, "a"), edit(0, 3, "b")),
        (edit(3, 3, "a"), edit(3, 3, "b")),
        (edit(0, 6, ""), edit(3, 3, "b")),
    ],
)
def test_edits_that_meet_are_refused(first: Edit, second: Edit) -> None:
    for edits in ([first, second], [second, first]):
        with pytest.raises(OverlappingEditsError):
            apply_edits(SOURCE, edits)


def test_an_insertion_may_stand_at_either_end_of_what_goes() -> None:
    assert apply_edits(SOURCE, [edit(5, 6, ""), edit(5, 5, "("), edit(6, 6, ")")]).startswith("pad: ()  #")


@given(st.text(min_size=1, max_size=30), st.data())
def test_edits_are_what_a_list_of_characters_makes_of_them(text: str, data: st.DataObject) -> None:
    source = Source("t", text)
    cuts = sorted(data.draw(st.sets(st.integers(0, len(text)), min_size=2, max_size=6)))
    words = data.draw(st.lists(st.text(max_size=4), min_size=len(cuts) // 2, max_size=len(cuts) // 2))
    spans = list(zip(cuts[::2], cuts[1::2], strict=False))
    characters: list[str] = list(text)
    for (start, end), word in reversed(list(zip(spans, words, strict=True))):
        characters[start:end] = [word]
    edits = [edit(start, end, word, source) for (start, end), word in zip(spans, words, strict=True)]
    assert apply_edits(source, data.draw(st.permutations(edits))) == "".join(characters)
