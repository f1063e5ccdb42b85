"""netdef layers: the manual of layer types."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from netdef.cli import main
from netdef.compiler.layers import catalogue

TYPES = [kind.type_name for kind in catalogue.every_type()]
ROOT = Path(__file__).parents[3]

Captured = pytest.CaptureFixture[str]


def test_layers_lists_all_types(capsys: Captured) -> None:
    assert main(["layers"]) == 0
    lines = [line.split()[0] for line in capsys.readouterr().out.splitlines() if line.startswith("  ")]
    assert sorted(lines) == sorted(TYPES)


def test_layers_lists_caffes_own_types_before_those_of_forks(capsys: Captured) -> None:
    """Each section in the order of its names, and of a fork's type the fork."""
    assert main(["layers"]) == 0
    caffes, forks, hint = capsys.readouterr().out.split("\n\n")
    assert caffes.startswith("of BVLC Caffe:\n  AbsVal ")
    assert len(caffes.splitlines()) == 62  # the 61 types of caffe/src/caffe/layers, and a heading
    assert forks.startswith("of forks:\n")
    rows = [line.split()[:2] for line in forks.splitlines()[1:]]
    assert ["Upsample", "segnet"] in rows
    assert [name for name, _ in rows] == sorted(name for name, _ in rows)
    assert hint.startswith("netdef layers TYPE")


def test_the_pages_of_one_name_begin_with_how_one_of_them_is_chosen(capsys: Captured) -> None:
    assert main(["layers", "Upsample"]) == 0
    first, *texts = capsys.readouterr().out.split("\n\n\n")
    assert first.startswith("2 layer types are called Upsample.")
    assert 'origin: "' in first
    assert [text.split("\n")[2].split()[:2] for text in texts] == [["origin", "segnet"], ["origin", "yolo"]]


def test_layers_loads_no_back_end_unless_asked() -> None:
    code = (
        "import sys; from netdef.cli import main; main(['layers']); "
        "print(sorted({'torch', 'onnx', 'numpy'} & set(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stderr == "[]\n"


def described(kind: str, capsys: Captured) -> dict[str, Any]:
    """The page of a type, or the first of several of its name."""
    return pages(kind, capsys)[0]


def pages(kind: str, capsys: Captured) -> list[dict[str, Any]]:
    """The pages of all types of a name."""
    assert main(["layers", kind, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    return found if isinstance(found, list) else [found]


def test_a_types_page_has_what_caffe_proto_says(capsys: Captured) -> None:
    """Its fields, words and defaults are those of caffe.proto's PoolingParameter, and one of forks."""
    found = described("Pooling", capsys)
    fields = {field["name"]: field for field in found["fields"]}
    assert found["message"] == "pooling_param"
    assert fields["pool"]["words"] == ["MAX", "AVE", "STOCHASTIC", "AVE_EXC_PAD", "AVE_TF"]  # two of a fork
    assert {name: field["default"] for name, field in fields.items()} == {
        "pool": "MAX",
        "kernel_size": None,
        "stride": 1,
        "pad": 0,
        "global_pooling": False,
        "round_mode": "CEIL",
        "ceil_mode": None,
        **dict.fromkeys(("pad_t", "pad_b", "pad_l", "pad_r")),
        "engine": "DEFAULT",
    }
    assert fields["pad"]["or"] == ["pad_h", "pad_w"]
    assert fields["stride"]["least"] == 1


@pytest.mark.parametrize("kind", sorted({*TYPES}))
def test_every_type_has_a_page_and_every_field_a_word_about_it(kind: str, capsys: Captured) -> None:
    messages = [each for page in pages(kind, capsys) for each in (page, *page["messages_beside"])]
    fields = [field for message in messages for field in message["fields"]]
    assert [field["name"] for field in fields if not field["doc"]] == []
    assert main(["layers", kind]) == 0
    out = capsys.readouterr().out
    assert out.startswith(f"{kind}: ") or f"\n\n\n{kind}: " in out
    assert "``" not in out  # a terminal shows docstrings as text
    assert [field["name"] for field in fields if f"  {field['name']}" not in out] == []


def test_layers_suggests_the_type_that_was_meant(capsys: Captured) -> None:
    assert main(["layers", "Convolutoin"]) == 2
    assert "did you mean Convolution?" in capsys.readouterr().err
