"""Recipes of vast numbers, of depth and of circles: each is a recipe, or refused with its place."""

import math
from collections.abc import Iterator
from pathlib import Path

import pytest

from netdef.cli import main
from netdef.compiler.net_error import NetError
from netdef.compiler.schema.message import Message
from netdef.compiler.source import Source
from netdef.runtime.training.recipe.recipe import CHOICES, Recipe
from netdef.runtime.training.recipe.schedule import Moment
from netdef.runtime.training.recipe.yaml_recipe import parse_recipe, read_recipe

NUMBERS = ["9" * 400, "9" * 5000, "-" + "9" * 400, str(2**63), "1e308", "1e999", ".inf", "nan", "-1", "0", "1e-320"]


def settings(kind: type[Message], around: str = "VALUE") -> Iterator[str]:
    """A text for each setting, with VALUE where its value stands; those of every choice are among them."""
    for name, declared in kind.fields.items():
        if declared.kind in CHOICES:
            key, words, _ = CHOICES[declared.kind]
            for word, chosen in words.items():
                for own in chosen.fields:
                    needed = "".join(f", {n}: 5" for n, d in chosen.fields.items() if d.required and n != own)
                    yield around.replace("VALUE", f"{name}: {{{key}: {word}, {own}: VALUE{needed}}}")
        elif issubclass(declared.kind, Message):
            yield from settings(declared.kind, around.replace("VALUE", f"{name}: {{VALUE}}"))
        else:
            yield around.replace("VALUE", f"{name}: VALUE")


SETTINGS = [*settings(Recipe)]


def test_settings_are_found() -> None:
    assert "batch: VALUE" in SETTINGS
    assert "lr: {policy: cosine, warmup: VALUE, length: 5}" in SETTINGS
    assert len(SETTINGS) > 60


@pytest.mark.parametrize("unit", ["", " epochs"])
@pytest.mark.parametrize("setting", SETTINGS)
def test_a_number_makes_a_recipe_or_a_mistake(setting: str, unit: str) -> None:
    for number in NUMBERS:
        try:
            recipe = parse_recipe(Source("r.yaml", setting.replace("VALUE", number + unit))).recipe
        except NetError:
            continue
        assert 0 <= recipe.num_iterations(10**6) < 10**16
        for iteration in (0, 1, 10**6):
            assert not math.isnan(recipe.lr.rate(Moment(iteration, iteration / 100, (0.5,) * 9)))


@pytest.mark.parametrize(
    "text",
    [
        'like: "a\\0b"',
        "like: " + "x" * 5000,
        "[" * 3000 + "]" * 3000,
        "{a: " * 3000 + "1" + "}" * 3000,
        "solver: " + "{a: " * 3000 + "1" + "}" * 3000,
        "&a [*a]",
        "solver: &a {solver: *a}",
        "like: &a [*a]",
        "lr: &a {policy: *a}",
        "a0: &a0 [1, 1]\n" + "".join(f"a{i}: &a{i} [*a{i - 1}, *a{i - 1}]\n" for i in range(1, 40)),
        "? [1]\n: 2",
        "? {a: 1}\n: 2",
        "!!python/object/apply:os.system ['true']",
        "a: *b",
        "\0",
        "\ud800",
        "seed: " + "9" * 5000,
    ],
    ids=lambda text: text[:16].encode("ascii", "replace").decode(),
)
def test_what_is_no_recipe_is_said(text: str, tmp_path: Path) -> None:
    with pytest.raises(NetError) as error:
        parse_recipe(Source(str(tmp_path / "r.yaml"), text))
    assert {each.code for each in error.value.report.errors} <= {"N861", "N862", "N863", "N864"}


def test_recipes_that_hold_themselves_and_are_like_each_other(tmp_path: Path) -> None:
    bomb = "a0: &a0 {x: 1, y: 1}\n" + "".join(f"a{i}: &a{i} {{x: *a{i - 1}, y: *a{i - 1}}}\n" for i in range(1, 40))
    (tmp_path / "a.yaml").write_text("like: b.yaml\nsolver: &a {solver: *a}\n")
    (tmp_path / "b.yaml").write_text("solver: &a {solver: *a}\n")
    (tmp_path / "c.yaml").write_text("like: d.yaml\n" + bomb)
    (tmp_path / "d.yaml").write_text(bomb)
    for name in ("a", "c"):
        with pytest.raises(NetError, match="this is no recipe"):
            read_recipe(tmp_path / f"{name}.yaml")


def test_a_solver_prototxt_of_vast_numbers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("net.net").write_text('input "data" [1, 2] layer "fc" InnerProduct { num_output: 2 }')
    fields = ("max_iter", "test_iter", "iter_size", "stepsize", "random_seed", "base_lr", "gamma", "test_interval")
    for field in fields:
        for number in NUMBERS[:-4]:
            Path("s.prototxt").write_text(f'net: "net.net" lr_policy: "step" {field}: {number}')
            assert main(["train", "--recipe", "s.prototxt"]) in (1, 2), (field, number[:9])
