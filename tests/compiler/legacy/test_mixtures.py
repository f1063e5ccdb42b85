"""Nets that mix Caffe's formats are refused, once, with both places; what is meant is told, and can be written."""

import pytest

import netdef
from netdef.compiler.apply_fixes import apply_fixes
from netdef.compiler.diagnostics import Diagnostic
from netdef.compiler.fixes import Applicability

INPUT = 'input: "data" input_dim: 2 input_dim: 3 input_dim: 9 input_dim: 9\n'
V2 = 'layer { name: "NAME" type: "ReLU" bottom: "data" top: "NAME" }\n'
V1 = 'layers { name: "NAME" type: RELU bottom: "data" top: "NAME" }\n'
V0 = 'layers { layer { name: "NAME" type: "relu" } bottom: "data" top: "NAME" }\n'
QUOTED = 'layers { name: "NAME" type: "ReLU" bottom: "data" top: "NAME" }\n'


def said(text: str) -> Diagnostic:
    [found] = netdef.analyse(text, path="mixed.prototxt").report
    return found


@pytest.mark.parametrize("kinds", [(V1, V2), (V2, V1), (V1, V0), (V0, V1), (V0, V2)])
def test_both_places_are_shown_and_one_format_is_made_of_them(kinds: tuple[str, str]) -> None:
    text = INPUT + "".join(kind.replace("NAME", name) for kind, name in zip(kinds, "ab", strict=True))
    found = said(text)
    assert found.code == "N411"
    assert found.primary is not None
    assert found.primary.span.line == 3
    assert [label.span.line for label in found.secondary] == [2]
    assert apply_fixes([found]).texts == {}  # Caffe refuses it: a person says yes
    mended = apply_fixes([found], Applicability.UNSAFE).texts["mixed.prototxt"]
    assert not netdef.analyse(mended).report
    assert [line.split(":")[0] for line in mended.splitlines()[1:]] == ["layer { name"] * 2


@pytest.mark.parametrize("kinds", [(QUOTED,), (QUOTED, QUOTED), (V2, QUOTED), (QUOTED, V1), (V1, QUOTED, V2)])
def test_types_in_quotes_need_another_word_before_them(kinds: tuple[str, ...]) -> None:
    lines = [kind.replace("NAME", name) for kind, name in zip(kinds, "abc", strict=False)]
    found = said(INPUT + "".join(lines))
    assert found.code == "N416"
    assert found.help == 'write layer { type: "Convolution" } throughout'
    mended = apply_fixes([found]).texts["mixed.prototxt"]
    assert mended == INPUT + "".join(line.replace("layers", "layer").replace("RELU", '"ReLU"') for line in lines)
    assert not netdef.analyse(mended).report


def test_a_layer_of_v2_that_begins_with_layers_may_have_all_that_v2_has() -> None:
    layer = 'layers { name: "a" type: "InnerProduct" bottom: "data" top: "a" param { lr_mult: 2 } FIELDS }'
    text = INPUT + layer.replace("FIELDS", "inner_product_param { num_output: 5 }")
    mended = apply_fixes([said(text)]).texts["mixed.prototxt"]
    assert mended == text.replace("layers", "layer")


def test_what_can_not_be_read_is_not_rewritten() -> None:
    text = INPUT + V1.replace("NAME", "a") + V2.replace("NAME", "b") + "let = 3\n"
    mixed = next(found for found in netdef.analyse(text).report if found.code == "N411")
    assert mixed.fix is None
