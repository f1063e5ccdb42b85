"""Fields to values: what a field takes is what protobuf takes, and what is wrong is said where it stands."""

from typing import Any

import pytest
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory, text_format

from netdef.compiler.diagnostics import Report, Severity
from netdef.compiler.expand import expand
from netdef.compiler.layers.convolution import Convolution
from netdef.compiler.layers.pooling import Pooling
from netdef.compiler.load import analyse
from netdef.compiler.schema.decode import Decoder
from netdef.compiler.schema.message import Message, ProtoEnum, pair, param
from netdef.compiler.shape import Pair
from netdef.compiler.source import Source
from netdef.compiler.syntax.parser import parse
from netdef.compiler.syntax.tree import Group


class Color(ProtoEnum):
    RED = 0
    GREEN = 2


class Sample(Message):
    """A field of each kind."""

    integer: int = param(1, default=0)
    number: float = param(2, default=0.0)
    boolean: bool = param(3, default=False)
    string: str = param(4, default="")
    word: Color = param(5, default=Color.RED)
    integers: tuple[int, ...] = param(6, default=())


class Sized(Message):
    """Sizes with a default, without one, and for any number of axes."""

    step: Pair = pair((1, "step"), (2, "step_h"), (3, "step_w"), default=Pair(1, 1), least=1)
    window: Pair | None = pair((4, "window"), (5, "window_h"), (6, "window_w"), default=None)
    spread: tuple[int, ...] = pair((7, "spread"), (8, "spread_h"), (9, "spread_w"), default=())
    border: tuple[int, ...] = pair((10, "border"), (11, "border_h"), (12, "border_w"), default=(), alone=0)


def read(kind: type[Message], text: str, *, has_constructs: bool = False) -> tuple[Any, Report]:
    """A message of a text, and what is wrong with it."""
    report = Report()
    (group,) = expand(parse(Source("net.net", f"message {{ {text} }}"), report), {}, report).body
    assert isinstance(group, Group)
    return Decoder(report, has_constructs).message(kind, group), report


def mistakes(kind: type[Message], text: str) -> list[str]:
    """Code and message of each error, and the text that it points at."""
    made, report = read(kind, text)
    assert made is None
    return [f"{d.code} {d.message} @ {d.primary.span.text if d.primary else ''}" for d in report.errors]


def protobuf() -> Any:
    """The sample for protobuf."""
    file = descriptor_pb2.FileDescriptorProto(name="sample.proto", syntax="proto2")
    message = file.message_type.add(name="Sample")
    color = message.enum_type.add(name="Color")
    color.value.add(name="RED", number=0)
    color.value.add(name="GREEN", number=2)
    kinds = {
        "integer": 5,
        "number": 2,
        "boolean": 8,
        "string": 9,
        "word": 14,
        "integers": 5,
    }  # FieldDescriptorProto.Type
    for number, (name, kind) in enumerate(kinds.items(), start=1):
        field = message.field.add(name=name, number=number, type=kind, label=3 if name == "integers" else 1)
        if name == "word":
            field.type_name = ".Sample.Color"
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("Sample"))


SAMPLE = protobuf()
MORE = {("number", "0x10")}
"""What is taken here and not there: a number of the language is one wherever it stands."""
NUMBERS = ("3", "-1", "0", "1", "2", "0x10", "2.5", "1e2", "1.0", ".5", "2f", "1.5f", "inf", "-inf", "nan", "-nan")
WORDS = (
    "true",
    "false",
    "t",
    "f",
    "True",
    "False",
    "TRUE",
    "yes",
    "RED",
    "GREEN",
    "red",
    '"RED"',
    '"3"',
    "'x'",
    "\"a\" 'b'",
    "x",
)


@pytest.mark.parametrize("value", [*NUMBERS, *WORDS])
@pytest.mark.parametrize("field", ["integer", "number", "boolean", "string", "word", "integers"])
def test_a_field_takes_what_protobuf_takes(field: str, value: str) -> None:
    made, report = read(Sample, f"{field}: {value}")
    try:
        theirs = text_format.Parse(f"{field}: {value}", SAMPLE())
    except text_format.ParseError:
        if (field, value) in MORE:
            assert made is not None
            return
        assert made is None
        assert len(report.errors) == 1
        return
    ours = getattr(made, field)
    expected = getattr(theirs, field)
    if field == "number":
        assert ours == pytest.approx(expected, nan_ok=True, rel=1e-6)
    elif field == "integers":
        assert list(ours) == list(expected)
    else:
        assert (ours.value if isinstance(ours, ProtoEnum) else ours) == expected


def test_a_list_is_the_field_several_times() -> None:
    assert read(Sample, "integers: [1, 2] integers: 3")[0].integers == (1, 2, 3)
    assert mistakes(Sample, "integer: [1, 2]") == ["N404 integer takes one value, not a list @ integer"]
    assert mistakes(Sample, "integer: 1 number: 2 integer: 1") == ["N404 integer may stand only once here @ integer"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("integer: 2.5", "N409 integer takes an integer, and 2.5 is none @ 2.5"),
        ("integer: inf", "N410 integer takes an integer, and inf is a word that nothing binds @ inf"),
        ("integer: CLASSES", "N410 integer takes an integer, and CLASSES is a word that nothing binds @ CLASSES"),
        ('integer: "3"', 'N402 integer takes an integer, not a string: "3" @ "3"'),
        ("number: x", "N410 number takes a number, and x is a word that nothing binds @ x"),
        ("boolean: 2", "N402 boolean takes true or false, and is 2 @ 2"),
        ("string: x", "N402 string takes a string, and x has no quotes @ x"),
        ('word: "RED"', 'N402 word takes a word without quotes: RED, GREEN @ "RED"'),
        ("word: 1", "N403 word is one of RED, GREEN, not 1 @ 1"),
        ("integer { }", "N406 integer takes a value, not a message @ integer"),
    ],
)
def test_a_wrong_value_is_said_where_it_stands(text: str, message: str) -> None:
    assert mistakes(Sample, text) == [message]


def test_every_wrong_field_of_a_message_is_said() -> None:
    assert [m[:4] for m in mistakes(Sample, "integer: x number: 1 boolean: 7 word: BLUE")] == ["N410", "N402", "N403"]


def test_an_unknown_field_is_a_warning_in_prototxt_and_an_error_with_constructs() -> None:
    made, report = read(Sample, "integr: 3")
    assert made == Sample()
    assert [(d.code, d.severity, d.help) for d in report] == [("N401", Severity.WARNING, 'did you mean "integer"?')]
    made, report = read(Sample, "integr: 3", has_constructs=True)
    assert made is None
    assert [d.severity for d in report] == [Severity.ERROR]


# ---- sizes
@pytest.mark.parametrize(
    ("text", "step", "window", "spread"),
    [
        ("", (1, 1), None, ()),
        ("step: 3 window: 2 spread: 4", (3, 3), (2, 2), (4,)),
        ("step_h: 3 step_w: 2", (3, 2), None, ()),
        ("window_w: 5 window_h: 7", (1, 1), (7, 5), ()),
        ("spread: [1, 2, 3]", (1, 1), None, (1, 2, 3)),
        ("spread_h: 1 spread_w: 2", (1, 1), None, (1, 2)),
    ],
)
def test_sizes_have_height_before_width(text: str, step: Any, window: Any, spread: Any) -> None:
    made, _ = read(Sized, text)
    assert (made.step, made.window, made.spread) == (step, window, spread)


def test_one_axis_may_be_said_alone_where_the_other_has_a_value_then() -> None:
    """As Caffe's Convolution has it: pad_w alone, and 0 for the height."""
    assert [read(Sized, text)[0].border for text in ("border_w: 3", "border_h: 3")] == [(0, 3), (3, 0)]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("step: 2 step_h: 2", "N407 step_h and step exclude each other @ step_h"),
        ("step_w: 2 step: 2", "N407 step and step_w exclude each other @ step"),
        (
            "step_w: 2",
            "N407 step_w needs step_h beside it @ step_w",
        ),  # as in Caffe's Pooling
        ("window_h: 2", "N407 window_h needs window_w beside it @ window_h"),
        ("spread_w: 2", "N407 spread_w needs spread_h beside it @ spread_w"),
        ("step: 0", "N405 step must be at least 1, and is 0 @ 0"),
        ("step_h: 0 step_w: 1", "N405 step_h must be at least 1, and is 0 @ 0"),
    ],
)
def test_sizes_that_clash(text: str, message: str) -> None:
    assert mistakes(Sized, text) == [message]


def test_an_even_kernels_padding_takes_the_whole_part() -> None:
    assert mistakes(Pooling, "kernel_size: 3 pad: 1e999") == ["N409 pad takes an integer, and inf is none @ 1e999"]
    text = "kernel_size: 3 pad: 1.5"
    assert read(Pooling, text)[0].pad == Pair(1, 1)
    assert mistakes(Convolution, "num_output: 1.5 " + text) == [
        "N409 num_output takes an integer, and 1.5 is none @ 1.5"
    ]


def test_what_is_missing_is_said_only_of_a_message_that_is_whole_otherwise() -> None:
    assert mistakes(Convolution, "kernel_size: 3") == ["N408 num_output is missing @ message"]
    assert mistakes(Convolution, "kernel_size: x") == [
        "N410 kernel_size takes an integer, and x is a word that nothing binds @ x"
    ]


@pytest.mark.parametrize("number", ["9" * 390, "-" + "9" * 390, "1e39", "-3.5e38", "0x" + "f" * 300])
def test_a_number_that_caffes_floats_cannot_hold_is_refused(number: str) -> None:
    report = analyse(f'input "d" [1] layer "p" Power {{ power: {number} }}').report
    assert [said.code for said in report] == ["N405"]
    assert "32 bits" in next(iter(report)).message


@pytest.mark.parametrize("number", ["3.4e38", "-3.4028234663852886e38", "inf", "-inf", "nan"])
def test_a_number_that_they_hold_is_fine(number: str) -> None:
    assert not analyse(f'input "d" [1] layer "p" Power {{ power: {number} }}').report


def test_many_values_of_one_field_are_kept_in_order() -> None:
    dims = tuple(1 + n % 3 for n in range(29))  # in all fewer than 2^63 numbers
    found = analyse('input: "d" input_shape { ' + "".join(f"dim: {dim} " for dim in dims) + "}")
    assert found.net is not None
    assert found.net.blobs["d"] == dims
