"""Recipes: what YAML may say, and what is said about mistakes. The mistakes' words are in compiler/explain/N70*."""

import json
import math
import re
from contextlib import suppress
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from netdef.cli import main
from netdef.compiler.diagnostics import Diagnostic
from netdef.compiler.net_error import NetError
from netdef.compiler.schema.message import Message
from netdef.compiler.source import Source
from netdef.runtime.data.augment import Augment, CropPosition
from netdef.runtime.training.recipe.recipe import (
    CHOICES,
    METHODS,
    OF_A_FILE,
    OF_A_STAGE,
    Adam,
    Evaluation,
    Init,
    MomentumStyle,
    Nesterov,
    Recipe,
    Regularization,
    Sgd,
    as_data,
)
from netdef.runtime.training.recipe.schedule import POLICIES, Cosine, Duration, Fixed, MultiStep, Plateau, Step, Unit
from netdef.runtime.training.recipe.yaml_recipe import parse_recipe, read_recipe

NETS = Path(__file__).parents[4] / "nets"

FULL = """
iterations: 500
batch: 7
seed: 0
solver: {type: sgd, momentum: 0.8, weight_decay: 5e-4}
lr: {policy: step, base: 1e-3, gamma: 0.5, stepsize: 10 epochs}
augment: {scale: [36, 48], crop: centre, mirror: true, rgb_shift: 0.1}
"""


MULTISTEP = MultiStep(stepvalue=(Duration(3), Duration(5)))


def parsed(text: str) -> Recipe:
    return parse_recipe(Source("<recipe>", text)).recipe


def mistakes(text: str) -> list[Diagnostic]:
    with pytest.raises(NetError) as error:
        parsed(text)
    return list(error.value.report)


def placed(text: str) -> list[tuple[str, int, int, str]]:
    """Code, line, column and text of each mistake."""
    found = []
    for mistake in mistakes(text):
        assert mistake.primary is not None
        span = mistake.primary.span
        found.append((mistake.code, span.line, span.column, span.text))
    return found


def test_an_empty_recipe_is_the_default() -> None:
    assert parsed("") == parsed("# nothing\n") == Recipe()


def test_every_setting_is_read() -> None:
    recipe = parsed(FULL)
    assert (recipe.iterations, recipe.epochs, recipe.batch, recipe.seed) == (500, None, 7, 0)
    assert recipe.solver == Sgd(momentum=0.8, weight_decay=0.0005)
    assert recipe.lr == Step(base=0.001, gamma=0.5, stepsize=Duration(10, Unit.EPOCHS))
    assert recipe.augment == Augment(scale=(36, 48), crop=CropPosition.CENTRE, mirror=True, rgb_shift=0.1)
    assert parsed("augment: {scale: 36}").augment.scale == (36,)


def test_every_method_and_policy_is_read() -> None:
    text = "solver: {type: nesterov, regularization: l1, clip_gradients: 2, momentum_style: torch}\niter_size: 4"
    expected = Nesterov(regularization=Regularization.L1, clip_gradients=2.0, momentum_style=MomentumStyle.TORCH)
    assert (parsed(text).solver, parsed(text).iter_size) == (expected, 4)
    assert parsed("solver: {type: Adam, momentum2: 0.99}").solver == Adam(momentum2=0.99)
    assert parsed("lr: {policy: multistep, stepvalue: [3, 5]}").lr == MultiStep(stepvalue=(Duration(3), Duration(5)))
    warm = "lr: {policy: cosine, length: 90 epochs, final: 1e-5, warmup: 5 epochs, warmup_start: 0.01}"
    assert parsed(warm).lr == Cosine(
        length=Duration(90, Unit.EPOCHS), final=1e-5, warmup=Duration(5, Unit.EPOCHS), warmup_start=0.01
    )
    assert parsed("lr: {policy: multistep, stepvalue: 2 epochs}").lr == MultiStep(stepvalue=(Duration(2, Unit.EPOCHS),))


def test_a_bare_learning_rate_is_a_fixed_one() -> None:
    assert parsed("lr: 0.25").lr == Fixed(base=0.25)


def test_null_leaves_a_setting_unset() -> None:
    assert parsed("iterations: null\nepochs: ~\n") == Recipe()


def test_what_is_written_down_can_be_read_again() -> None:
    recipe = parsed(FULL)
    assert parsed(json.dumps(as_data(recipe)).replace('"', "")) == recipe


@settings(deadline=None)
@given(
    st.floats(0.001, 1e6),
    st.integers(1, 10**6),
    st.floats(0, 0.999),
    st.sampled_from([Fixed(base=0.5), Plateau(patience=2, num_drops=0), Step(stepsize=Duration(3)), MULTISTEP]),
)
def test_any_recipe_survives_yaml(epochs: float, batch: int, momentum: float, lr: Fixed) -> None:
    recipe = Recipe(epochs=epochs, batch=batch, solver=Sgd(momentum=momentum), lr=lr)
    text = yaml.safe_dump(as_data(recipe)).replace("'", "")  # quoted numbers are text, and '3' is a duration
    assert parsed(text) == recipe


def test_every_mistake_is_found_in_one_go() -> None:
    text = "btch: 3\nepochs: many\nsolver:\n  momentum: -1\nlr: {policy: stp}\naugment: [1]\n"
    assert placed(text) == [
        ("N861", 1, 1, "btch"),
        ("N862", 2, 9, "many"),
        ("N863", 4, 13, "-1"),
        ("N862", 5, 14, "stp"),
        ("N862", 6, 10, "[1]"),
    ]


@pytest.mark.parametrize(
    ("text", "help"),
    [
        ("btch: 3", 'did you mean "batch"?'),
        ("momentum: 0.9", "put it under solver"),
        ("patience: 3", "put it under lr"),
        ("mean: 3", "preprocess { ... }"),
        ("solver: {frobnicate: 1}", "solver takes type, weight_decay, regularization, clip_gradients, momentum"),
        ("lr: {policy: plataeu}", 'did you mean "plateau"?'),
        ("lr: {policy: step}", "add stepsize"),
    ],
)
def test_a_mistake_comes_with_help(text: str, help: str) -> None:
    (mistake,) = mistakes(text)
    assert mistake.help is not None
    assert help in mistake.help


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("batch: 0", "N863"),
        ("batch: 6.5", "N862"),
        ('batch: "64"', "N862"),
        ("batch: true", "N862"),
        ("batch: [64]", "N862"),
        ("batch:", "N862"),
        ("epochs: 0", "N863"),
        ("epochs: .nan", "N862"),
        ("epochs: inf", "N862"),
        ("seed: -1", "N863"),
        ("solver: {momentum: 1}", "N863"),
        ("solver: {type: AdamW}", "N862"),
        ("lr: {policy: step, stepsize: 0 epochs}", "N863"),
        ("lr: {policy: step, stepsize: 1.5}", "N862"),
        ("lr: {policy: step, stepsize: 2 weeks}", "N862"),
        ("lr: {base: 0.1}", "N865"),
        ("lr: {policy: multistep, stepvalue: [1, 2 epochs]}", "N863"),
        ("lr: {policy: multistep, stepvalue: [1, two]}", "N862"),
        ("lr: {policy: poly, length: 0}", "N863"),
        ("lr: {policy: poly, length: 9, power: -1}", "N863"),
        ("lr: {policy: exp}", "N865"),
        ("solver: {type: Adam, momentum2: 1}", "N863"),
        ("solver: {clip_gradients: 0}", "N863"),
        ("batch: 10\niter_size: 3", "N869"),
        ("lr: [0.1]", "N862"),
        ("epochs: 2\niterations: 3", "N866"),
        ("seed: 1\nseed: 2", "N867"),
        ("augment: {mirror: maybe}", "N862"),
        ("? [1]\n: 2", "N862"),
        ("- 1", "N862"),
        ("seed: 1: 2", "N864"),
        ("seed: *there", "N864"),
        ("seed: [", "N864"),
        ("\x01", "N864"),
        ("seed: 1\n---\nseed: 2", "N864"),
    ],
)
def test_a_mistake_has_its_code(text: str, code: str) -> None:
    assert [mistake.code for mistake in mistakes(text)] == [code]


@given(st.text(alphabet="ab:[]{}-,\n \"'#&*!|>%@`\x00\tseed", max_size=40))
def test_no_text_breaks_the_reader(text: str) -> None:
    with suppress(NetError):
        parsed(text)


def test_a_recipe_that_is_not_there_is_a_mistake(tmp_path: Path) -> None:
    (tmp_path / "binary.yaml").write_bytes(b"\xff\xfe\xfd")
    for path in (tmp_path / "absent.yaml", tmp_path / "binary.yaml", tmp_path):
        with pytest.raises(NetError, match=r"\[N864\]"):
            read_recipe(path)


def test_the_length_in_iterations() -> None:
    assert Recipe().num_iterations(1000) == math.ceil(10 * 1000 / 64)
    assert Recipe(epochs=1, batch=3).num_iterations(7) == 3
    assert Recipe(epochs=0.5, batch=5).num_iterations(100) == 10
    assert Recipe(iterations=42).num_iterations(7) == 42


@pytest.mark.parametrize("path", sorted(NETS.glob("*.yaml")), ids=lambda path: path.name)
def test_the_recipes_that_come_with_the_nets_are_sound(path: Path) -> None:
    assert read_recipe(path).recipe != Recipe()
    assert path.with_suffix(".net").is_file()


def test_every_word_chooses_a_class_of_its_own() -> None:
    for words in (POLICIES, METHODS):
        assert len(set(words.values())) == len(words)


def test_the_help_of_train_names_every_key(capsys: pytest.CaptureFixture[str]) -> None:
    """With the value that it has if it is left out, if it has one."""
    with pytest.raises(SystemExit):
        main(["train", "--help"])
    shown = capsys.readouterr().out.partition("keys of a recipe in YAML")[2]
    words = set(re.findall(r"[\w.]+", shown))
    kinds: list[type[Message]] = [Recipe, Augment, Evaluation, Init]
    for choice in CHOICES.values():
        kinds += choice.words.values()
        assert words >= {choice.key, *choice.words}
    for kind in kinds:
        assert words >= kind.fields.keys()
    assert words >= {*OF_A_FILE, *OF_A_STAGE} - {"..."}
    for line in ("batch = 64 ", "solver = SGD ", "lr = plateau ", "mirror = false ", "gamma = 0.1, patience = 3"):
        assert line in shown
    assert max(map(len, shown.splitlines())) <= 120
