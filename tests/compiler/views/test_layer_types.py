"""Pages of layer types: made from the declarations, each with an example that does what it says."""

import re
from pathlib import Path

import pytest

import netdef
from netdef.compiler.layers import catalogue
from netdef.compiler.layers.base import Layer
from netdef.compiler.shape import show
from netdef.compiler.views.layer_types import Example, page

KINDS = catalogue.every_type()


def run(example: Example, tmp_path: Path) -> netdef.Net:
    """A net of the example's line, behind an input for each of its bottoms."""
    written = re.search(r"bottom: (\[.*?\]|\".*?\")", example.text)
    named = re.findall(r'"(.*?)"', written[1]) if written else ["x"] * len(example.bottoms)
    inputs = [
        f'input "{name}" [{shape.replace("x", ", ")}]' for name, shape in zip(named, example.bottoms, strict=True)
    ]
    path = tmp_path / "example.net"
    path.write_text("\n".join([*inputs, example.text]), "utf-8")
    return netdef.load(path)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.type_name)
def test_each_types_example_makes_the_shapes_that_it_says(kind: type[Layer], tmp_path: Path) -> None:
    example = page(kind, {}).example
    assert example is not None
    net = run(example, tmp_path)
    last = net.nodes[-1]
    assert type(last.layer) is kind or kind.opaque
    assert last.name in example.text
    assert tuple(show(top.shape) for top in last.tops) == example.tops
    assert tuple(show(bottom.shape) for bottom in last.bottoms) == example.bottoms
    assert {d.code for d in net.report} <= {"N601"}  # the size of a data set that isn't there


def test_a_page_says_whose_a_type_is_and_what_others_call_it() -> None:
    kind = catalogue.find("Convolution")
    assert kind is not None
    text = page(kind, {}).text
    assert "\norigin   bvlc (BVLC/caffe)\nbottom   " in text
    assert '\nalso called CONVOLUTION in V1, "conv" in V0\n' in text
    data = page(kind, {}).as_data
    assert data["v1"] == {"type": "CONVOLUTION", "number": 4}
    assert data["v0"] == "conv"
    assert data["roles"] == {"weight_layer": True, "kernel_weight": True}
    assert data["example"]["tops"] == ("1x64x112x112",)


def test_a_page_shows_what_stands_in_messages_of_a_message() -> None:
    kind = catalogue.find("Convolution")
    assert kind is not None
    text = page(kind, {}).text
    assert "\nweight_filler, bias_filler { }\n  type " in text
    assert text.count("variance_norm") == 1
