"""Numbers with what they count: one is one."""

from netdef.compiler.counted import counted


def test_one_and_several() -> None:
    assert [counted(number, "layer") for number in (0, 1, 2000)] == ["0 layers", "1 layer", "2,000 layers"]
    assert [counted(number, "axis", "axes") for number in (1, 2)] == ["1 axis", "2 axes"]
