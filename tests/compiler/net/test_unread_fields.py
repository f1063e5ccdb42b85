"""Fields that nobody here reads: said once for each kind, with the fork that reads them where that is known."""

from pathlib import Path

import netdef
from netdef.compiler.diagnostics import Diagnostic

NET = """
input: "data" input_shape { dim: 1 dim: 3 dim: 9 dim: 9 }
layer { name: "a" type: "Convolution" bottom: "data" top: "a"
        convolution_param { num_output: 2 kernel_size: 3 FIELD } }
layer { name: "b" type: "Convolution" bottom: "a" top: "b"
        convolution_param { num_output: 2 kernel_size: 3 FIELD } }
"""


def said(field: str, tmp_path: Path) -> list[Diagnostic]:
    """What is said of a net with a field in two layers."""
    path = tmp_path / "net.prototxt"
    path.write_text(NET.replace("FIELD", field), "utf-8")
    return [each for each in netdef.load(path).report if each.code == "N401"]


def test_a_field_of_many_layers_is_said_once_with_its_places(tmp_path: Path) -> None:
    (found,) = said("mystery: 3", tmp_path)
    assert found.help == "if a fork of Caffe reads it, its effect is lost here"
    assert [label.text for label in found.secondary] == ["and here"]


def test_two_fields_are_two_kinds(tmp_path: Path) -> None:
    assert len(said("mystery: 3 riddle: 4", tmp_path)) == 2


def test_a_known_forks_name_is_told(tmp_path: Path) -> None:
    (found,) = said("kstride: 2", tmp_path)
    assert found.help == "a fork of Caffe (strided kernels) reads it: its effect is lost here"


def test_what_mends_a_slip_mends_all_its_places(tmp_path: Path) -> None:
    (found,) = said("strid: 1", tmp_path)
    assert found.fix is not None
    assert len(found.fix.edits) == 2
