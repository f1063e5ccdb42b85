"""Near names: found while somebody reads them, and no longer."""

from collections.abc import Callable
from difflib import SequenceMatcher

import pytest

from netdef.compiler import diagnostics
from netdef.compiler.diagnostics import MOST_OF_ONE_CODE
from netdef.compiler.load import analyse
from netdef.compiler.spelling import NearNames, misspelt

INPUT = 'input: "data" input_shape { dim: 1 dim: 3 dim: 9 dim: 9 }\n'
LAYER = 'layer { name: "r#" type: "ReLU" bottom: "data" top: "r#" '
NUM = 3000


def test_a_near_name_is_the_one_of_closest_and_is_looked_for_once(monkeypatch: pytest.MonkeyPatch) -> None:
    near = NearNames()
    assert near.closest("kernal_size", ["pad", "kernel_size"]) == "kernel_size"
    monkeypatch.setattr("netdef.compiler.spelling.closest", lambda word, known: "searched again")
    assert near.closest("kernal_size", ["pad", "kernel_size"]) == "kernel_size"


def test_searches_end_when_they_have_taken_enough() -> None:
    near, known = NearNames(), [f"variable{i}" for i in range(1000)]
    found = [near.closest(f"varable{i}", known) for i in range(100)]
    assert found[0] == "variable0"
    assert found[-1] is None


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (lambda i: LAYER.replace("#", str(i)) + f"odd{i}: 1 }}", "N401"),
        (lambda i: LAYER.replace("#", str(i)) + f"relu_param {{ negative_slop{i}: 1 }} }}", "N401"),
        (lambda i: LAYER.replace("#", str(i)).replace("ReLU", f"Odd{i}") + "}", "N209"),
        (lambda i: f"let v{i} = w{i}", "N301"),
        (lambda i: f"odd{i}()", "N302"),
    ],
    ids=["fields of layers", "fields of messages", "layer types", "variables", "blocks"],
)
def test_thousands_of_unknown_words_take_a_bounded_number_of_comparisons(
    text: Callable[[int], str], code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    compared = 0

    def count(self: SequenceMatcher[str], *words: str) -> None:
        nonlocal compared
        compared += 1
        set_words(self, *words)

    set_words = SequenceMatcher.set_seq1
    diagnostics._closest.cache_clear()
    monkeypatch.setattr(SequenceMatcher, "set_seq1", count)
    report = analyse(INPUT + "\n".join(map(text, range(NUM)))).report
    assert {said.code for said in report} == {code}
    assert len(report) == MOST_OF_ONE_CODE + 1
    assert compared < 60_000


@pytest.mark.parametrize("word", ["CReLU", "SReLU", "xReLU", "BELU"])
def test_another_first_letter_of_a_short_name_makes_another_name(word: str) -> None:
    assert misspelt(word, ["PReLU", "ReLU", "ELU"]) is None


@pytest.mark.parametrize(("word", "meant"), [("RelU", "ReLU"), ("eRLU", "ReLU"), ("onvolution", "Convolution")])
def test_and_other_slips_are_slips(word: str, meant: str) -> None:
    assert misspelt(word, ["Convolution", "ReLU"]) == meant
