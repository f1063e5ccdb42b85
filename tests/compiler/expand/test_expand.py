"""What the constructs mean: each is compared with plain prototxt that says the same."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import netdef
from netdef.compiler.diagnostics import Report
from netdef.compiler.load import expand_source, load_expanded
from netdef.compiler.net_error import NetError, stop_on_errors
from netdef.compiler.source import Source
from netdef.compiler.syntax.tree import Expanded, Value
from netdef.compiler.views.prototxt import write


def expanded(text: str, overrides: dict[str, Value] | None = None) -> Expanded:
    report = Report()
    tree = expand_source(Source("net.net", text), overrides or {}, report)
    stop_on_errors(report)
    return tree


def same(text: str, plain: str) -> None:
    """A text means what a plain one says."""
    assert write(expanded(text)) == write(expanded(plain))


def value(expression: str, before: str = "") -> str:
    """An expression's value, as a field would hold it."""
    return (
        write(expanded(f"{before}\nlet result = {expression}\ninput_dim: result")).removeprefix("input_dim: ").strip()
    )


def mistakes(text: str) -> list[str]:
    """Code and message of each error, and the text that it points at."""
    with pytest.raises(NetError) as caught:
        expanded(text)
    return [f"{d.code} {d.message} @ {d.primary.span.text if d.primary else ''}" for d in caught.value.report.errors]


# ---- the short form
INPUT = 'input "data" [1, 3, 7, 5]\n'
PLAIN_INPUT = """
layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 1 dim: 3 dim: 7 dim: 5 } } }
"""


def test_an_input_is_an_input_layer() -> None:
    same(INPUT, PLAIN_INPUT)


def test_fields_go_to_the_layer_or_to_its_types_message() -> None:
    same(
        INPUT
        + 'layer "c" Convolution { num_output: 4 param { lr_mult: 2 } kernel_size: 3 weight_filler { type: "msra" } }',
        PLAIN_INPUT + 'layer { name: "c" type: "Convolution" param { lr_mult: 2 } bottom: "data" top: "c"'
        ' convolution_param { num_output: 4 kernel_size: 3 weight_filler { type: "msra" } } }',
    )


def test_of_several_messages_each_field_goes_to_the_one_that_has_it() -> None:
    same(
        INPUT + 'layer "l" SoftmaxWithLoss { bottom: ["data", "data"] axis: 2 ignore_label: 255 }',
        PLAIN_INPUT + 'layer { name: "l" type: "SoftmaxWithLoss" bottom: "data" bottom: "data" top: "l"'
        " softmax_param { axis: 2 } loss_param { ignore_label: 255 } }",
    )
    same(
        'layer "d" Data { batch_size: 2 crop_size: 7 top: ["data", "label"] }',
        'layer { name: "d" type: "Data" top: "data" top: "label"'
        " data_param { batch_size: 2 } transform_param { crop_size: 7 } }",
    )


@pytest.mark.parametrize(
    ("layers", "bottoms_and_tops"),
    [
        ('layer "p" Pooling layer "q" Pooling', [("data", "p"), ("p", "q")]),  # the layer before flows in
        ('layer "r" ReLU layer "p" Pooling', [("data", "data"), ("data", "p")]),  # in place
        ('layer "r" ReLU { top: "s" } layer "p" Pooling', [("data", "s"), ("s", "p")]),
        (
            'layer "r" ReLU { bottom: "data" } layer "p" Pooling',
            [("data", "r"), ("r", "p")],
        ),  # a bottom, so not in place
        ('layer "d" Dropout layer "b" BatchNorm layer "s" Scale layer "i" Bias', [("data", "data")] * 4),
        ('block b() { layer "r" ReLU layer "t" TanH } b()', [("data", "r"), ("r", "r")]),  # the block's input stays
        ('block b() { layer "p" Pooling layer "r" ReLU } b()', [("data", "p"), ("p", "p")]),
        (
            'layer "p" Pooling block b() { layer "c" Pooling { bottom: input } } b(input: "data")',
            [("data", "p"), ("data", "c")],
        ),
        ('block b() { layer "p" Pooling } b(input: "data") b()', [("data", "p"), ("p", "p")]),
    ],
)
def test_bottoms_and_tops_that_are_left_out(layers: str, bottoms_and_tops: list[tuple[str, str]]) -> None:
    groups = expanded(INPUT + layers).body[1:]
    found = []
    for group in groups:
        fields = {s.name: s.value.value for s in group.fields if hasattr(s, "value") and hasattr(s.value, "value")}  # type: ignore[union-attr]
        found.append((fields["bottom"], fields["top"]))
    assert found == bottoms_and_tops


def test_sources_take_nothing_and_sinks_make_nothing() -> None:
    same(
        INPUT + 'layer "x" Silence layer "label" Input { shape { dim: 1 } }',
        PLAIN_INPUT + 'layer { name: "x" type: "Silence" bottom: "data" }'
        ' layer { name: "label" type: "Input" top: "label" input_param { shape { dim: 1 } } }',
    )


def test_a_layer_of_prototxt_flows_too() -> None:
    text = INPUT + 'layer { name: "a" type: "ReLU" bottom: "data" top: "b" } layer "p" Pooling'
    assert 'bottom: "b"' in write(expanded(text))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('layer "r" ReLU', "r names no bottom, and nothing flows in from before"),
        (INPUT + 'layer "s" Silence layer "r" ReLU', "r names no bottom, and nothing flows in from before"),
        (
            INPUT + 'layer "s" Slice { top: ["a", "b"] } layer "r" ReLU',
            "r names no bottom, and the layer before it has 2 tops: a, b",
        ),
    ],
)
def test_a_flow_that_is_not_clear(text: str, message: str) -> None:
    assert mistakes(text) == [f'N307 {message} @ layer "r" ReLU']


# ---- expressions: the values are Python's, which knows the same arithmetic
@pytest.mark.parametrize(
    "expression",
    ["1 + 2 * 3", "(1 + 2) * 3", "7 - 2 - 1", "-3 + 1", "2 - -3", "7 % 4", "1.5 * 4", "2 * (3 - (4 - 5))", "0x10 + 1"],
)
def test_arithmetic(expression: str) -> None:
    assert float(value(expression)) == eval(expression)


@given(st.integers(-99, 99), st.sampled_from("+-*"), st.integers(-99, 99), st.sampled_from("+-*"), st.integers(-99, 99))
@settings(max_examples=50, deadline=None)
def test_integers_stay_integers(a: int, first: str, b: int, second: str, c: int) -> None:
    expression = f"{a} {first} {b} {second} {c}"
    assert value(expression) == str(eval(expression))


@given(st.integers(-999, 999), st.integers(1, 99))
@settings(max_examples=50, deadline=None)
def test_a_division_is_exact_or_a_fraction(a: int, b: int) -> None:
    found = value(f"{a} / {b}")
    assert found == str(a // b) if a % b == 0 else float(found) == pytest.approx(a / b, rel=1e-8)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("1 < 2 and not 2 <= 1 ? 3 : 4", "3"),
        ("1 == 1.0 ? 1 : 0", "1"),
        ("true == 1 ? 1 : 0", "0"),
        ('"a" == "a" ? 1 : 0', "1"),
        ("false and 1 / 0 > 1 ? 1 : 0", "0"),  # what isn't needed is not looked at
        ("true or nobody ? 1 : 0", "1"),
        ("1 > 2 ? 1 : 1 > 2 ? 2 : 3", "3"),
        ('"a${1 + 1}${true}${\'x\'}" + "b"', '"a2truexb"'),
    ],
)
def test_conditions_choices_and_strings(expression: str, expected: str) -> None:
    assert value(expression) == expected


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("1 / 0", "division by 0 @ /"),
        ("5 % 0", "division by 0 @ %"),
        ("1 ? 2 : 3", "a condition is true or false, and this is the number 1 @ 1"),
        ('"a" * 2', 'a number is needed, and this is the string "a" @ "a"'),
        ('"a" + 2', "a string can't be added to the number 2 @ +"),
        ("not 1", "a condition is true or false, and this is the number 1 @ 1"),
        ("true + 1", "a number is needed, and this is true @ true"),
        ('"${[1]}"', "a list of 1 can't stand in a string @ [1]"),
        ("-a", "a number is needed, and this is a list of 1 @ a"),
        ("a == 1 ? 1 : a + 1", "a number is needed, and this is a list of 1 @ a"),
    ],
)
def test_kinds_of_values_are_not_mixed(expression: str, message: str) -> None:
    assert mistakes(f"let a = [1] let x = {expression}") == [f"N309 {message}"]


def test_a_field_tries_its_own_words_before_variables() -> None:
    before = "let MAX = 1 let t = false let AVE = 0\n" + INPUT
    same(
        before + 'layer "p" Pooling { pool: MAX global_pooling: t } layer "q" Pooling { pool: AVE }',
        PLAIN_INPUT
        + 'layer { name: "p" type: "Pooling" bottom: "data" top: "p" pooling_param { pool: MAX global_pooling: t } }'
        ' layer { name: "q" type: "Pooling" bottom: "p" top: "q" pooling_param { pool: AVE } }',
    )


def test_a_strings_variable_gives_an_enums_word() -> None:
    text = INPUT + 'let how = "AVE" layer "p" Pooling { pool: how kernel_size: 2 }'
    assert "pool: AVE" in write(expanded(text))


# ---- variables, lists, loops and branches
def test_lists_fill_repeated_fields() -> None:
    same(
        'let s = [1, 2]\ninput: ["a", "b"] input_dim: s input_dim: [3, s]',
        'input: "a" input: "b" input_dim: [1, 2, 3, 1, 2]',
    )


def test_loops() -> None:
    same("repeat i in 1..3 { input_dim: i } let after = 1", "input_dim: 1 input_dim: 2 input_dim: 3")
    same("repeat i in 2..1 { input_dim: i } let after = 1", "")
    same("repeat x in [5, 7] { input_dim: x }", "input_dim: 5 input_dim: 7")
    same("repeat i, x in [5, 7] { input_dim: [i, x] }", "input_dim: [1, 5, 2, 7]")
    same("repeat (a, b) in [[1, 2], [3, 4]] { input_dim: b }", "input_dim: [2, 4]")
    same("repeat s, (a, b) in [[1, 2], [3, 4]] { input_dim: s * a * b }", "input_dim: [2, 24]")
    same("repeat i in 1..2 { repeat j in i..2 { input_dim: 10 * i + j } }", "input_dim: [11, 12, 22]")


def test_branches() -> None:
    text = "let n = 2 if n == 1 { input_dim: 1 } else if n == 2 { input_dim: 2 } else { input_dim: 3 }"
    same(text, "input_dim: 2")
    assert write(expanded(text, {"n": 5})) == "input_dim: 3\n"


def test_loops_and_branches_inside_messages() -> None:
    same(
        INPUT + 'layer "c" Concat { repeat i in 1..3 { if i != 2 { bottom: "b${i}" } } axis: 1 }',
        PLAIN_INPUT + 'layer { name: "c" type: "Concat" bottom: "b1" bottom: "b3" top: "c" concat_param { axis: 1 } }',
    )


def test_a_name_may_be_bound_anew_inside() -> None:
    same("let x = 1 repeat i in 1..2 { let x = 10 * i input_dim: x } input_dim: x", "input_dim: [10, 20, 1]")
    assert mistakes("let x = 1 let x = 2") == ["N303 x is bound twice @ x"]


# ---- blocks
def test_a_block_takes_arguments_by_place_and_by_name() -> None:
    block = "block b(x, y = 2 * x, z = 0) { input_dim: [x, y, z] }\n"
    same(block + "b(1)", "input_dim: [1, 2, 0]")
    same(block + "b(1, 5)", "input_dim: [1, 5, 0]")
    same(block + "b(z: 7, x: 3)", "input_dim: [3, 6, 7]")


def test_a_block_sees_its_own_surroundings_and_not_its_callers() -> None:
    same("let x = 1 block b() { input_dim: x } repeat i in 1..1 { let x = 2 b() }", "input_dim: 1")
    assert mistakes("block b() { input_dim: hidden } repeat i in 1..1 { let hidden = 2 b() }") == [
        "N301 there is no variable hidden @ hidden"
    ]


def test_blocks_call_blocks_but_not_themselves() -> None:
    same("block a(x) { input_dim: x } block b(x) { a(x) a(x + 1) } b(3)", "input_dim: [3, 4]")
    assert mistakes("block a() { b() } block b() { a() } a()") == ["N305 block a calls itself @ a"]


def test_a_mistake_in_a_block_is_one_mistake_with_the_first_call() -> None:
    text = (
        INPUT
        + 'block b(i) { layer "c${i}" Convolution { num_output: i + many } }\nb(1)\nb(2)\nrepeat i in 3..9 { b(i) }'
    )
    with pytest.raises(NetError) as caught:
        expanded(text)
    (found,) = caught.value.report
    assert found.primary is not None
    assert (found.code, found.primary.span.text) == ("N301", "many")
    assert found.primary.span.via is not None
    assert found.primary.span.via.line == 3


def test_a_wrong_argument_does_not_count_as_a_missing_one_too() -> None:
    block = "block b(channels) { input_dim: channels }\n"
    assert mistakes(block + "b(chanels: 3)") == ["N304 block b has no parameter chanels @ chanels"]
    assert mistakes(block + "b(1, 2)") == ["N304 block b takes 1 argument @ 2"]
    assert mistakes(block + "b()") == ["N304 block b needs channels @ b"]
    assert mistakes(block + "b(1, channels: 2)") == ["N304 block b is given channels twice @ channels"]
    assert mistakes(block + "b(nobody)") == ["N301 there is no variable nobody @ nobody"]


# ---- files
def write_files(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        (folder / f"{name}.net").write_text(text, "utf-8")
    return folder / "main.net"


def test_an_include_is_looked_up_from_the_including_file(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    write_files(tmp_path / "sub", blocks='include "more.net" let x = 4', more="block b(n) { input_dim: n }")
    main = write_files(tmp_path, main='include "sub/blocks.net" b(x)')
    assert write(load_expanded(str(main), {})) == "input_dim: 4\n"


def test_the_names_of_files_and_opaque_types_are_strings_like_others(tmp_path: Path) -> None:
    text = 'let n = 2 include "b${n}.net" opaque "T${n}" { top_shape: [n] } layer "t" T2'
    net = netdef.load(write_files(tmp_path, main=text, b2='input "data" [1]'))
    assert net.blobs == {"data": (1,), "t": (2,)}


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"main": 'include "main.net"'}, "main.net includes itself"),
        ({"main": 'include "a.net"', "a": 'include "b.net"', "b": 'include "a.net"'}, "a.net includes itself"),
        ({"main": 'include "absent.net"\nnobody(1)'}, "there is no file"),
        ({"main": 'include "a.net"\nb(1)', "a": "block b(n) {"}, "is never closed"),
    ],
)
def test_an_include_that_fails_stops_the_rest(tmp_path: Path, files: dict[str, str], message: str) -> None:
    with pytest.raises(NetError, match=message) as caught:
        load_expanded(str(write_files(tmp_path, **files)), {})
    assert len(caught.value.report) == 1


# ---- overrides
def test_set_overrides_a_let_of_the_file_itself(tmp_path: Path) -> None:
    write_files(tmp_path, lib="let n = 1 block b() { let m = 2 input_dim: [n, m] }")
    main = write_files(tmp_path, main='include "lib.net" let k = 2 * n b() input_dim: k')
    assert write(load_expanded(str(main), {"k": 9})) == "input_dim: 1\ninput_dim: 2\ninput_dim: 9\n"
    with pytest.raises(NetError, match="--set m: no let of"):
        load_expanded(str(main), {"m": 3})


# ---- bounds
@pytest.mark.parametrize(
    "text",
    [
        "repeat i in 1..1_000_000_000 { input_dim: i }",
        "repeat i in 1..1000 { repeat j in 1..1000 { input_dim: 1 } }",
        "let a = [1, 2, 3, 4, 5, 6, 7, 8, 9, 0]" + "repeat x in a {" * 6 + "}" * 6,
        'let a = "0123456789" '
        + " ".join(f"let {b} = {a} + {a} + {a} + {a}" for a, b in zip("abcdef", "bcdefg", strict=True)),
        "block a() { repeat i in 1..99 { input_dim: i } } block b() { repeat i in 1..99 { a() } }"
        "block c() { repeat i in 1..99 { b() } } c()",
        "let x = 9223372036854775807 + 1",
        "let x = 1e308 * 10 - 1e308 * 10 let y = 999999999999 * 999999999999",
    ],
)
def test_expansion_is_bounded(text: str) -> None:
    (message,) = mistakes(text)
    assert message.startswith("N306")


def test_blocks_that_double_are_bounded_too() -> None:
    blocks = "block b0() { input_dim: 1 }\n" + "".join(
        f"block b{i}() {{ b{i - 1}() b{i - 1}() }}\n" for i in range(1, 40)
    )
    assert mistakes(blocks + "b39()")[0].startswith("N306")


# ---- whole nets
def test_a_plain_file_is_left_as_it_is() -> None:
    text = 'name: "${x}" input_dim: [1, -2] layer { name: "a" blobs { data: -inf } }'
    assert (
        write(expanded(text))
        == 'name: "${x}"\ninput_dim: 1\ninput_dim: -2\nlayer {\n  name: "a"\n  blobs {\n    data: -inf\n  }\n}\n'
    )


@pytest.mark.parametrize(
    ("name", "num_params"),
    [("vgg16", 138_357_544), ("vgg16b", 138_357_544), ("resnet50", 25_610_269)],
)
def test_the_examples_are_the_published_nets(shared: Path, name: str, num_params: int) -> None:
    assert netdef.load(shared / f"examples/{name}.net").num_params == num_params


def test_every_example_expands_to_prototxt_that_means_the_same(shared: Path, tmp_path: Path) -> None:
    plain = tmp_path / "plain.prototxt"
    for path in sorted((shared / "examples").glob("*.net")):
        if "opaque" not in path.read_text("utf-8"):
            net = netdef.load(path)
            plain.write_text(write(load_expanded(str(path), {})), "utf-8")
            if not net.nodes:  # blocks for others: nothing is left of them, and that is no net
                continue
            again = netdef.load(plain)
            assert (again.blobs, again.params, again.outputs) == (net.blobs, net.params, net.outputs), path
