"""The key of a weight in text and back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netdef.compiler.net.weight_key import WeightKey, parse_key


@given(st.text(), st.integers(0, 10**8))
def test_a_key_is_what_its_text_says(layer: str, place: int) -> None:
    key = WeightKey(layer, place)
    assert parse_key(str(key)) == key


def test_it_is_written_as_layer_and_place() -> None:
    assert str(WeightKey("inception_3a/1x1", 1)) == "inception_3a/1x1/1"


@pytest.mark.parametrize(
    "text",
    ["", "conv1", "conv1/", "conv1/-1", "conv1/+1", "conv1/01", "conv1/\u0661", f"conv1/{10**40}"],
)
def test_other_names_are_none(text: str) -> None:
    assert parse_key(text) is None


@given(st.text())
def test_no_two_texts_are_one_key(text: str) -> None:
    key = parse_key(text)
    assert key is None or str(key) == text
