"""What one text may have in it: a mistake where it is too much, and no work that grows faster than the text."""

import pytest

from netdef.compiler.load import analyse
from netdef.compiler.source import Source, Span
from netdef.compiler.syntax import scan
from netdef.compiler.syntax.braces import is_first_on_line


@pytest.mark.parametrize("piece", ["a: 1\n", "#\n", "a { }\n", "a: [1]\n"])
def test_a_text_with_too_much_in_it(piece: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scan, "MOST_PIECES", 1000)
    assert [said.code for said in analyse(piece * 1100).report] == ["N124"]


@pytest.mark.parametrize("junk", ["}", "\x01 ", '"\n', "] ", "08 "])
def test_after_a_hundred_mistakes_the_rest_is_not_read(junk: str) -> None:
    report = analyse(junk * 100_000).report
    assert len(report) == 102
    assert "N125" in {said.code for said in report}


def test_comments_of_another_language_are_one_mistake_however_many() -> None:
    assert [said.code for said in analyse("// x\n" * 100_000).report] == ["N108"]


class _Counting(str):
    looked_at = 0

    def __getitem__(self, key):  # type: ignore[no-untyped-def, explicit-override]
        piece = super().__getitem__(key)
        _Counting.looked_at += len(piece)
        return piece


def test_the_begin_of_a_long_line_is_not_looked_for() -> None:
    source = Source("a.net", _Counting("x " * 100_000 + " y"))
    _Counting.looked_at = 0
    assert not is_first_on_line(Span(source, 200_001, 200_002))
    assert is_first_on_line(Span(Source("a.net", "x\n \t y"), 5, 6))
    assert is_first_on_line(Span(Source("a.net", " y"), 1, 2))
    assert _Counting.looked_at < 10
