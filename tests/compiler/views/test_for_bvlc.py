"""What `netdef expand` prints of nets with BVLC's types alone is what BVLC Caffe's own schema has."""

from pathlib import Path
from typing import Any

import pytest
from google.protobuf import text_format

import netdef
from netdef.compiler.diagnostics import Report
from netdef.compiler.layers import catalogue
from netdef.compiler.layers.pooling import Pooling, Rounding
from netdef.compiler.load import expand_source, load_expanded
from netdef.compiler.net.definition import Definition, define
from netdef.compiler.source import Source
from netdef.compiler.syntax.tree import Expanded, Field, Group
from netdef.compiler.views.for_bvlc import for_bvlc
from netdef.compiler.views.prototxt import write
from tests.compiler.caffe_schema import net_class

NETS = Path(__file__).parents[3] / "nets"


def printed(expanded: Expanded) -> str:
    return write(expanded._replace(body=tuple(for_bvlc(expanded.body))))


def parsed(text: str) -> Any:
    """A net as protobuf reads it, which takes no field that isn't declared."""
    return text_format.Parse(text, net_class()())


def types_of(expanded: Expanded) -> set[str]:
    layers = [s for s in expanded.body if isinstance(s, Group) and s.name == "layer"]
    values = [s.value[0] for layer in layers for s in layer.fields if isinstance(s, Field) and s.name == "type"]
    return {str(value) for value in values}


def layers_of(definition: Definition) -> list[tuple[Any, ...]]:
    """What there is of each layer; a pooling by the rounding that it comes to, whichever word said so."""
    return [
        (each.frame, each.layer.rounding, each.layer.replace(ceil_mode=None, round_mode=Rounding.CEIL))
        if isinstance(each.layer, Pooling)
        else (each.frame, each.layer)
        for each in definition.layers
    ]


@pytest.mark.parametrize("path", sorted(NETS.glob("*.net")), ids=lambda path: path.stem)
def test_our_nets(path: Path) -> None:
    assert parsed(printed(load_expanded(str(path), {})))


def test_published_nets_are_strict_and_the_same(shared: Path) -> None:
    bvlc = {kind.type_name for kind in catalogue.every_type() if kind.origin == "bvlc"}
    seen = 0
    for path in sorted((shared / "corpus/prototxt").rglob("*.prototxt")):
        try:
            expanded = load_expanded(str(path), {})
        except netdef.NetError:
            continue
        before = define(expanded, Report())
        if not before.layers or not types_of(expanded) <= bvlc or any(each.report.errors for each in before.layers):
            continue
        text = printed(expanded)
        assert parsed(text), path
        assert layers_of(define(expand_source(Source("<printed>", text), {}, Report()), Report())) == layers_of(before)
        seen += 1
    assert seen >= 65


# ---- words of forks
def bvlcs(layer: str) -> str:
    text = f'layer {{ name: "l" type: "Pooling" bottom: "x" top: "l" {layer} }}'
    return " ".join(printed(expand_source(Source("<text>", text), {}, Report())).split())


@pytest.mark.parametrize(("ceil", "rounding"), [("true", "CEIL"), ("false", "FLOOR"), ("0", "FLOOR")])
def test_ceil_mode_is_a_round_mode(ceil: str, rounding: str) -> None:
    assert f"round_mode: {rounding} }}" in bvlcs(f"pooling_param {{ kernel_size: 3 ceil_mode: {ceil} }}")


def test_what_has_no_effect_here_goes() -> None:
    text = bvlcs("pooling_param { kernel_size: 3 engine: MKL2017 shiny: 1 } quantization_param { bits: 8 } speed: 3")
    assert "pooling_param { kernel_size: 3 }" in text
    assert "quantization_param" not in text
    assert "speed" not in text
    assert "engine: CUDNN" in bvlcs("pooling_param { kernel_size: 3 engine: CUDNN }")


def test_a_net_of_a_fork_keeps_the_words_of_the_fork() -> None:
    text = 'layer { name: "l" type: "NobodysType" nobodys_param { a: 1 } }'
    assert "nobodys_param" in printed(expand_source(Source("<text>", text), {}, Report()))
