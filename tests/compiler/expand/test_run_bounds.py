"""The work and the memory of an expansion are bounded, whatever the text says: a mistake, not a hang."""

import sys
from pathlib import Path

import pytest

from netdef.compiler.expand import evaluate as evaluation
from netdef.compiler.files import Files
from netdef.compiler.load import analyse


def codes(text: str, **files: str) -> set[str]:
    found = analyse(text, path="main.net", files=Files({f"{name}.net": each for name, each in files.items()}))
    return {diagnostic.code for diagnostic in found.report}


def test_an_operand_is_evaluated_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Twice on the left would be 2^n times for a sum of n."""
    times = 0
    evaluate = evaluation.evaluate

    def counted(*arguments: object) -> object:
        nonlocal times
        times += 1
        return evaluate(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(evaluation, "evaluate", counted)
    assert (
        codes(f'let a = {"+".join("1" * 100)}\ninput "d" [1, a]\nexpect {{ blob {{ name: "d" shape: [1, 100] }} }}')
        == set()
    )
    assert times < 250


def test_a_list_s_items_count_as_steps() -> None:
    shape = f"let a = [{', '.join('1' * 1000)}]\n"
    turn = 'layer "x${i}" DummyData { shape { dim: a } }'
    assert codes(f"{shape} repeat i in 1..100 {{ {turn} }}") == set()
    assert codes(f"{shape} repeat i in 1..1000 {{ {turn} }}") == {"N306"}
    assert codes(
        f'repeat i in 1..1000 {{ layer "x${{i}}" DummyData {{ shape {{ dim: [{", ".join("1" * 1000)}] }} }} }}'
    ) == {"N306"}


def test_long_strings_count_as_several_steps() -> None:
    text = f'let s = "{"x" * 9000}"\n'
    assert codes(text + 'input "d" [1] repeat i in 1..10000 { layer "${s}${i}" ReLU }') == {"N306"}
    assert codes(text + 'input "d" [1] repeat i in 1..10000 { layer "a${i}" ReLU { top: "${s}${i}" } }') == {"N306"}


def test_lists_of_lists_are_compared_as_far_as_they_are_small() -> None:
    def grown(name: str) -> str:
        own = [f"let {name}0 = [1, 1]"]
        return "\n".join([*own, *(f"let {name}{i} = [{name}{i - 1}, {name}{i - 1}]" for i in range(1, 60))])

    assert codes(f"{grown('a')}\n{grown('b')}\nlet c = a5 == b5 ? 1 : 2\n" + 'input "d" [c]') == set()
    assert codes(f"{grown('a')}\n{grown('b')}\nlet c = a59 == b59 ? 1 : 2\n" + 'input "d" [c]') == {"N306"}


@pytest.mark.parametrize("depth", [50, 90, 300, 3000])
def test_includes_in_each_other(depth: int) -> None:
    files = {f"f{i}": f'include "f{i + 1}.net"' for i in range(1, depth)}
    found = codes('include "f1.net"', **files, **{f"f{depth}": 'input "d" [1]'})
    assert found == ({"N306"} if depth >= 100 else set())


@pytest.mark.parametrize("depth", [45, 400, 3000])
@pytest.mark.parametrize("inside", ["{}", "repeat i in 1..1 {{ {} }}", "if true {{ {} }}"])
def test_blocks_in_each_other(depth: int, inside: str) -> None:
    blocks = [f"block b{i}() {{ {inside.format(f'b{i - 1}()')} }}" for i in range(1, depth)]
    text = "\n".join(['input "d" [1]', 'block b0() { layer "r" ReLU }', *blocks, f"b{depth - 1}()"])
    assert codes(text) == ({"N306"} if depth >= 100 else set())


def test_the_deepest_of_all_takes_no_more_of_the_stack_than_there_is() -> None:
    """Blocks, and at the bottom messages and an expression, each as deep as it may be."""
    blocks = "\n".join(f"block b{i}() {{ b{i - 1}() }}" for i in range(1, 97))
    sum_ = "(" * 48 + "1" + " + 1)" * 48
    text = f'input "d" [1]\nblock b0() {{ layer "r" Power {{ power: {sum_} }} }}\n{blocks}\nb96()'
    limit = sys.getrecursionlimit()
    assert codes(text) == set()
    assert sys.getrecursionlimit() == limit


def test_a_file_is_read_once_however_often_it_is_included(tmp_path: Path) -> None:
    (tmp_path / "part.net").write_text('layer "r${i}" ReLU')
    opened: list[str] = []

    class Counting(Files):
        def open(self, path, report):  # type: ignore[no-untyped-def, explicit-override]
            opened.append(str(path))
            return super().open(path, report)

    text = 'let i = 1\ninput "d" [1]\nblock p() { include "part.net" }\np() p() p()'
    analyse(text, path=tmp_path / "a.net", files=Counting().over(str(tmp_path / "a.net"), text))
    assert len([path for path in opened if path.endswith("part.net")]) <= 1


def test_after_a_thousand_mistakes_no_more_are_looked_for() -> None:
    text = "\n".join(f"let v{i} = w{i}" for i in range(5000))
    assert len(analyse(text).report) == 1001
