"""Templates that nobody filled in: each placeholder is one mistake, wherever it stands, and nothing follows from it."""

import pytest

from netdef.compiler.diagnostics import Diagnostic
from netdef.compiler.load import analyse

HEAD = 'input: "data" input_shape { dim: 1 dim: 3 dim: 8 dim: 8 }\n'
LAYER = """layer {{
  name: "{name}" type: "InnerProduct" bottom: "data" top: "{name}"
  inner_product_param {{ num_output: {value} }}
}}
"""


def said(text: str) -> list[Diagnostic]:
    return list(analyse(text).report)


@pytest.mark.parametrize(
    "value",
    ["${N}", "$N", "$(N)", "{{ n }}", "{{n}}", "{n}", "{0}", "%d", "%(n)d", "%s", "<num>", "@N@", "${N}x3", "[${N}]"],
)
def test_in_the_place_of_a_value(value: str) -> None:
    text = HEAD + LAYER.format(name="a", value=value) + LAYER.format(name="b", value=value)
    (mistake,) = said(text)
    shown = value.strip("[]")
    assert (mistake.code, mistake.message) == ("N126", f"the placeholder `{shown}` was never filled in")
    assert mistake.primary is not None
    assert [label.span.line for label in (mistake.primary, *mistake.secondary)] == [4, 8]


@pytest.mark.parametrize("value", ["cls${N}", "cls$N", "3$N"])
def test_as_a_part_of_a_value(value: str) -> None:
    assert [each.code for each in said(HEAD + LAYER.format(name="a", value=value))] == ["N126"]


@pytest.mark.parametrize("value", ["CLASSES_NUM", "cls6x", "N"])
def test_a_word_without_signs(value: str) -> None:
    (mistake,) = said(HEAD + LAYER.format(name="a", value=value) + LAYER.format(name="b", value=value))
    assert (mistake.code, len(mistake.secondary)) == ("N410", 1)


@pytest.mark.parametrize(
    "text", ["${LAYERS}\n%s", "%s{{ body }}\n", "$HEAD\n%s", "{%% for i in x %%}\n%s{%% endfor %%}\n"]
)
def test_in_the_place_of_statements(text: str) -> None:
    assert [each.code for each in said(HEAD + text % LAYER.format(name="a", value="3"))] == ["N126"]


@pytest.mark.parametrize(
    "text",
    [
        HEAD + 'layer { name: "$N" type: "ReLU" bottom: "data" top: "${N}" }',
        'let n = 5\ninput "d" [1, n %2 + 1]\nlayer "r" ReLU { }',
        'input: "d" input_shape: <dim: 1>',
        'let n = 5\ninput "d" [1, (n<9 ? n : 2)]\nlayer "r${n}" ReLU',
    ],
)
def test_what_looks_like_one_and_is_none(text: str) -> None:
    assert said(text) == []
