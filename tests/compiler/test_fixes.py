"""What a program can mend: after a fix its mistake is gone, and nothing else has changed."""

import io
import re
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import pytest

import netdef
from netdef.cli import main
from netdef.compiler import fix_files as fix_files_module
from netdef.compiler.apply_fixes import Fixed, apply_fixes
from netdef.compiler.diagnostics import Diagnostic
from netdef.compiler.files import Files
from netdef.compiler.fixes import Applicability
from netdef.compiler.request import NetRequest

HEAD = 'input "data" [1, 3, 9, 9]\n'
CONV = 'layer "c" Convolution {{ num_output: 4 {} }}\n'
BLOCK = 'block b(channels) { layer "c" Convolution { num_output: channels kernel_size: 3 } }\n'
PROTOTXT = 'layer {{ name: "data" type: "Input" top: "data" {} }}\n'
SHAPE = "input_param { shape { dim: 1 dim: 2 } }"


class Case(NamedTuple):
    """A text with one mistake: its code, and what is written in the place of what."""

    before: str
    code: str
    wrong: str
    right: str


def conv(fields: str) -> str:
    return HEAD + CONV.format(fields)


SAFE = [
    # the text itself
    Case(conv("kernel_size 3"), "N112", "kernel_size 3", "kernel_size: 3"),
    Case(conv("kernel_size = 3"), "N118", "kernel_size = 3", "kernel_size: 3"),
    Case(conv("kernel_size= # so\n 3"), "N118", "kernel_size=", "kernel_size:"),
    Case(conv("kernel_size: [3 3]"), "N123", "[3 3]", "[3, 3]"),
    Case(conv("kernel_size: [3, 3,]"), "N101", "3,]", "3]"),
    Case(conv("kernel_size: 3;;"), "N101", "3;;", "3;"),
    Case(conv("kernel_size: [3, 3\n"), "N102", "3\n", "3]\n"),
    Case(BLOCK + HEAD + "b((1 + 2)\n", "N102", "b((1 + 2)", "b((1 + 2))"),
    Case(PROTOTXT.format(SHAPE).replace('"data" type', "\u201cdata\u201d type"), "N107", "\u201cdata\u201d", '"data"'),
    Case('name: "lenet\n' + PROTOTXT.format(SHAPE), "N104", '"lenet', '"lenet"'),
    Case("name: 'lenet\"\n" + PROTOTXT.format(SHAPE), "N104", "'lenet\"", "'lenet'"),
    Case(conv("kernel_size: 03 pad: 08"), "N106", "08", "8"),
    Case(conv("kernel_size: 3L"), "N106", "3L", "3"),
    Case(conv("kernel_size:\u00a03"), "N107", "\u00a0", " "),
    Case(conv("kernel_size\uff1a 3"), "N107", "\uff1a", ":"),
    Case(conv("kernel_size: \u200b3"), "N107", "\u200b", ""),
    Case(HEAD + "// the first one\n" + CONV.format("kernel_size: 3"), "N108", "//", "#"),
    Case(HEAD + "/* one\n * two */\n" + CONV.format("kernel_size: 3"), "N108", "/* one\n * two */", "# one\n# two"),
    Case("nets/lenet.prototxt\n" + PROTOTXT.format(SHAPE), "N110", "nets/", "# nets/"),
    Case(HEAD + 'Layer "r" ReLU\n', "N110", "Layer", "layer"),
    Case(HEAD + "include vgg.net\n", "N122", "vgg.net", '"vgg.net"'),
    # names and values
    Case(conv("Kernel_Size: 3"), "N401", "Kernel_Size", "kernel_size"),
    Case(conv('kernel_size: "3"'), "N402", '"3"', "3"),
    Case(conv('kernel_size: 3 weight_filler { type: "constant" value: "0.5" }'), "N402", '"0.5"', "0.5"),
    Case(conv("kernel_size: 3 weight_filler { type: constant }"), "N402", "constant", '"constant"'),
    Case(conv("kernel_size: 3 bias_term: TRUE"), "N402", "TRUE", "true"),
    Case(conv('kernel_size: 3 bias_term: "false"'), "N402", '"false"', "false"),
    Case(HEAD + 'layer "p" Pooling { kernel_size: 2 pool: max }\n', "N403", "max", "MAX"),
    Case(HEAD + 'layer "p" Pooling { kernel_size: 2 pool: "MAX" }\n', "N402", '"MAX"', "MAX"),
    Case(conv("kernel_size: 3.0"), "N409", "3.0", "3"),
    Case(conv("kernel_size: 3\n  group: 1 # once\n  group: 1\n"), "N404", "  group: 1\n", ""),
    Case(conv("kernel_size: 3 group: 1, group: 1, pad: 1"), "N404", "group: 1, pad", "pad"),
    # the language
    Case(HEAD + "layer pool Pooling { kernel_size: 2 }\n", "N301", "pool ", '"pool" '),
    Case(HEAD + "let n = 3 layer n Pooling { kernel_size: 2 }\n", "N309", "layer n", 'layer "${n}"'),
    Case(HEAD + 'let n = 3 let s = "a" + n\n', "N309", "+ n", '+ "${n}"'),
    Case(HEAD + 'let n = 3 repeat i in n { layer "p${i}" Pooling { kernel_size: 2 } }\n', "N309", "in n", "in 1..n"),
]
UNSAFE = [
    Case(conv("kernal_size: 3"), "N401", "kernal_size", "kernel_size"),
    Case(PROTOTXT.format(SHAPE + " Phase: TEST"), "N401", "Phase", "phase"),
    Case(HEAD + 'layer "p" Pooling { kernel_size: 2 pool: MXA }\n', "N403", "MXA", "MAX"),
    Case(HEAD + 'layer "c" Convolutoin { num_output: 4 kernel_size: 3 }\n', "N209", "Convolutoin", "Convolution"),
    Case(HEAD + 'let classes = 9 layer "p" Pooling { kernel_size: clases }\n', "N301", "clases", "classes"),
    Case(BLOCK.replace("b(", "conv(") + HEAD + "cnov(3)\n", "N302", "cnov", "conv"),
    Case(BLOCK + HEAD + "b(chanels: 3)\n", "N304", "chanels", "channels"),
    Case(HEAD + 'layer "p" Pooling { kernel_size: 2 bottom: "dta" }\n', "N501", "dta", "data"),
    Case(HEAD + CONV.format("kernel_size: 3") + "expect { params: 100 }\n", "N602", "100", "112"),
    Case(HEAD + 'name: "a\\d"\n', "N105", "\\d", "\\\\d"),
    Case(HEAD + 'let n = 2 if (n + 2) * 3 { name: "a" }\n', "N309", "(n + 2) * 3", "(n + 2) * 3 > 0"),
    Case(PROTOTXT.format(SHAPE.replace("dim: 1", "dim: 1 2 3")), "N111", "1 2 3", "[1, 2, 3]"),
    Case(HEAD + 'layer "p" Pooling {\n  kernel_size: 2\n', "N102", "2\n", "2\n}\n"),
    Case(HEAD + "}\n", "N103", "}\n", "\n"),
]


PATH = "nets/fixes.net"


def mended(case: Case, applicability: Applicability) -> str:
    """The text after the fix of its one mistake."""
    (said,) = netdef.analyse(case.before, path=PATH).report
    assert (said.code, said.fix and said.fix.applicability) == (case.code, applicability)
    fixed = apply_fixes([said], applicability)
    assert fixed.mended == (said,)
    return fixed.texts[PATH]


@pytest.mark.parametrize(
    ("case", "applicability"),
    [*((case, Applicability.SAFE) for case in SAFE), *((case, Applicability.UNSAFE) for case in UNSAFE)],
    ids=lambda value: f"{value.code} {value.wrong!a}" if isinstance(value, Case) else str(value),
)
def test_after_a_fix_the_mistake_is_gone_and_nothing_else_has_changed(case: Case, applicability: Applicability) -> None:
    after = mended(case, applicability)
    assert after in {
        case.before[: found.start()] + case.right + case.before[found.end() :]
        for found in re.finditer(re.escape(case.wrong), case.before)
    }
    assert list(netdef.analyse(after, path=PATH).report) == []


def test_a_field_given_twice_with_two_values_is_only_shown() -> None:
    (said,) = netdef.analyse(conv("kernel_size: 3 group: 1 group: 2")).report
    assert said.fix is not None
    assert said.fix.applicability is Applicability.SHOWN


@pytest.mark.parametrize(
    ("layer", "shown"),
    [
        ('layer "c" Convolution { kernel_size: 3 }', 'layer "c" Convolution { kernel_size: 3 num_output: 64 }'),
        (
            'layer "c" Convolution {\n  kernel_size: 3 # so\n}',
            'layer "c" Convolution {\n  kernel_size: 3 # so\n  num_output: 64\n}',
        ),
        (
            'layer { name: "r" type: "Convolution" bottom: "data" top: "r" convolution_param {kernel_size: 3} }',
            'layer { name: "r" type: "Convolution" bottom: "data" top: "r" convolution_param'
            " {kernel_size: 3 num_output: 64 } }",
        ),
    ],
)
def test_a_missing_field_is_shown_where_it_would_stand(layer: str, shown: str) -> None:
    found = netdef.analyse(HEAD + layer, path=PATH).report
    assert [said.code for said in found] == ["N408"]
    assert apply_fixes(found, Applicability.SHOWN).texts[PATH] == HEAD + shown


def test_no_fix_is_made_of_what_a_variable_holds() -> None:
    text = HEAD + 'let k = "3" layer "c" Convolution { num_output: 4 kernel_size: k }'
    (said,) = netdef.analyse(text).report
    assert (said.code, said.fix) == ("N402", None)


def test_a_fix_in_a_block_is_made_once_for_all_its_calls() -> None:
    text = HEAD + 'block b(i) { layer "p${i}" Pooling { kernel_size: 2 pool: max } }\nb(1) repeat i in 2..4 { b(i) }'
    found = netdef.analyse(text, path=PATH).report
    assert apply_fixes(found).texts[PATH] == text.replace("max", "MAX")


@pytest.mark.parametrize(
    ("word", "how"), [("Relu", Applicability.SAFE), ("re_lu", Applicability.SAFE), ("ReLUU", Applicability.UNSAFE)]
)
def test_a_type_that_is_misspelt_twice_is_mended_at_both_places(word: str, how: Applicability) -> None:
    text = HEAD + f'layer "r" {word} {{ top: "r" }} layer {{ name: "q" type: "{word}" bottom: "r" top: "q" }}'
    found = netdef.analyse(text, path=PATH).report
    assert apply_fixes(found, how).texts[PATH] == text.replace(word, "ReLU")


# ---- the command
MISTAKES = """# Comments stay.
input "data" [1, 3, 9, 9]   // the images
include "blocks.net"
layer "p" Pooling { kernel_size = 2 pool: max }  # so
conv(3)
layer "q" Pooling { kernal_size: 2 }
"""
BLOCKS = 'block conv(n) { layer "c" Convolution { num_output: "4" kernel_size n } }  # one\r\n'
MARK = b"\xef\xbb\xbf"


def test_check_mends_what_is_sure_and_says_the_rest(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    net, blocks = tmp_path / "main.net", tmp_path / "blocks.net"
    net.write_text(MISTAKES, "utf-8")
    blocks.write_bytes(MARK + BLOCKS.encode())
    assert main(["check", "--fix", "--format", "concise", str(net)]) == 1
    said = capsys.readouterr()
    expected = MISTAKES.replace("//", "#").replace("kernel_size =", "kernel_size:").replace("max", "MAX")
    assert net.read_text("utf-8") == expected
    assert blocks.read_bytes() == MARK + BLOCKS.replace('"4"', "4").replace("size n", "size: n").encode()
    assert said.err.count("fixed ") == 5
    assert f"fixed {blocks}:1:" in said.err
    (left,) = said.out.splitlines()
    assert left.startswith(f"{net}:6:21: error[N401]")
    assert main(["check", "--fix", str(net)]) == 1
    assert net.read_text("utf-8") == expected


def test_a_fix_uncovers_the_next(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    net = tmp_path / "main.net"
    net.write_text(HEAD + 'layer pool Pooling { kernel_size 2.0 pool: "max" }\n')
    assert main(["check", "--fix", str(net)]) == 0
    assert net.read_text() == HEAD + 'layer "pool" Pooling { kernel_size: 2 pool: MAX }\n'
    assert capsys.readouterr().out == f"{net}: fine: 2 layers, 0 parameters\n"


@pytest.mark.parametrize("text", ['input "data" [1, ", 3]\nlayer "r" ReLU\n', 'layer "r" ReLU "x y\n top: "r" }\n'])
def test_no_bracket_is_put_into_a_string_that_never_ends(tmp_path: Path, text: str) -> None:
    path = tmp_path / "a.net"
    path.write_text(text)
    assert main(["check", str(path), "--fix"]) == 1
    assert path.read_text() == text


def test_what_is_mended_again_and_again_is_left_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    """A fix that doesn't mend its mistake would be made anew in each round."""

    def nothing_mended(diagnostics: Iterable[Diagnostic]) -> Fixed:
        found = tuple(diagnostics)
        return Fixed({"a.net": 'layer "r" ReLUU # again'}, found)

    monkeypatch.setattr(fix_files_module, "apply_fixes", nothing_mended)
    files = Files({"a.net": HEAD + 'layer "r" ReLUU'}, disk=False)
    fixed = fix_files_module.fix_files(NetRequest(file="a.net"), files)
    assert (fixed.texts, fixed.mended) == ({}, ())
    assert [said.code for said in fixed.left.report] == ["N209"]


def test_of_the_standard_input_the_mended_text_is_the_result(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(conv("kernel_size 3").encode())))
    assert main(["check", "--fix", "-"]) == 0
    said = capsys.readouterr()
    assert said.out == conv("kernel_size: 3")
    assert "<stdin>: fine" in said.err


def test_what_is_no_utf8_is_left_as_it_is(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    net = tmp_path / "main.net"
    data = conv("kernel_size 3  # gr\u00f6\u00dfe\n").encode("latin-1")
    net.write_bytes(data)
    main(["check", "--fix", str(net)])
    assert net.read_bytes() == data
    assert "was left as it is" in capsys.readouterr().err


def test_a_file_that_cannot_be_written_is_a_mistake(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def full(path: Path, write: object) -> None:
        raise OSError(28, "No space left on device")

    net = tmp_path / "main.net"
    net.write_text(conv("kernel_size 3"))
    monkeypatch.setattr("netdef.compiler.rewrite.write_whole", full)
    assert main(["check", "--fix", str(net)]) == 1
    assert f"error[N006]: {net} can't be written: No space left on device" in capsys.readouterr().err
    assert net.read_text() == conv("kernel_size 3")


def test_a_fix_changes_something() -> None:
    """A quote behind a backslash ends no string, and would be put in its own place for ever."""
    for text in ('name: "a\\"\n', "name: 'a\\\"\n", 'name: "a b\\"\nlayer { }'):
        fixes = [said.fix for said in netdef.analyse(text).report if said.fix]
        assert all(edit.replacement != edit.span.text for fix in fixes for edit in fix.edits)
