"""Learning rates."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from netdef.runtime.training.recipe.schedule import (
    Cosine,
    Duration,
    Exp,
    Fixed,
    Inv,
    Moment,
    MultiStep,
    Plateau,
    Policy,
    Poly,
    Sigmoid,
    Step,
    Unit,
)


def test_fixed_never_changes() -> None:
    assert [Fixed(base=0.1).rate(Moment(i)) for i in (0, 10**6)] == [0.1, 0.1]


def test_step_is_what_caffe_printed() -> None:
    policy = Step(base=0.1, gamma=0.5, stepsize=Duration(2))
    assert [policy.rate(Moment(i)) for i in range(6)] == [0.1, 0.1, 0.05, 0.05, 0.025, 0.025]


@pytest.mark.parametrize(
    ("policy", "printed"),
    [
        (Exp(base=0.1, gamma=0.9), [0.1, 0.09, 0.081, 0.0729]),
        (Inv(base=0.1, gamma=0.1, power=0.75), [0.1, 0.0931012, 0.0872196]),
        (MultiStep(base=0.1, gamma=0.5, stepvalue=(Duration(1), Duration(4))), [0.1, 0.05, 0.05, 0.05, 0.025, 0.025]),
        (Poly(base=0.1, power=2.0, length=Duration(10)), [0.1, 0.081, 0.064]),
        (
            Sigmoid(base=0.1, gamma=0.5, stepsize=Duration(3)),
            [0.0182426, 0.0268941, 0.0377541, 0.05, 0.0622459, 0.0731059],
        ),
    ],
    ids=lambda value: type(value).__name__,
)
def test_the_policies_are_what_caffe_printed(policy: Policy, printed: list[float]) -> None:
    assert [policy.rate(Moment(i)) for i in range(len(printed))] == pytest.approx(printed, rel=1e-5)


def test_cosine_is_the_published_formula() -> None:
    """Loshchilov and Hutter 2017, equation 5: eta_min + (eta_max - eta_min) (1 + cos(T_cur / T_i pi)) / 2."""
    policy = Cosine(base=0.4, final=0.1, length=Duration(20))
    times = np.arange(21)
    expected = 0.1 + 0.5 * (0.4 - 0.1) * (1 + np.cos(times / 20 * np.pi))
    np.testing.assert_allclose([policy.rate(Moment(int(time))) for time in times], expected, rtol=1e-14)
    assert policy.rate(Moment(1000)) == pytest.approx(0.1)
    by_epochs = Cosine(base=0.4, length=Duration(2, Unit.EPOCHS))
    assert by_epochs.rate(Moment(7, epoch=1.0)) == pytest.approx(0.2)


def test_cosine_is_that_of_pytorch() -> None:
    torch = pytest.importorskip("torch")
    optimizer = torch.optim.SGD([torch.zeros(1)], lr=0.3)
    theirs = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=12, eta_min=0.01)
    ours = Cosine(base=0.3, final=0.01, length=Duration(12))
    for iteration in range(12):
        assert ours.rate(Moment(iteration)) == pytest.approx(theirs.get_last_lr()[0])
        optimizer.step()
        theirs.step()


@pytest.mark.parametrize(
    "policy",
    [Fixed(base=0.8), Step(base=0.8, stepsize=Duration(15)), Cosine(base=0.8, length=Duration(40)), Plateau(base=0.8)],
    ids=lambda policy: type(policy).__name__,
)
def test_a_warm_up_rises_in_a_line_to_the_policys_own_rate(policy: Policy) -> None:
    """Goyal et al. 2017, section 2.2: from a small rate, by a constant amount at each iteration."""
    warm = policy.replace(warmup=Duration(10), warmup_start=0.1)
    times = np.arange(30)
    own = np.array([policy.rate(Moment(int(time))) for time in times])
    expected = np.where(times < 10, 0.1 + (own - 0.1) * times / 10, own)
    np.testing.assert_allclose([warm.rate(Moment(int(time))) for time in times], expected, rtol=1e-14)
    by_epochs = policy.replace(warmup=Duration(2, Unit.EPOCHS))
    assert by_epochs.counts_epochs
    assert by_epochs.rate(Moment(0, epoch=0.0)) == 0.0


@given(st.lists(st.integers(0, 12), min_size=1, max_size=5))
def test_multistep_drops_at_most_once_an_iteration(values: list[int]) -> None:
    """Caffe's own loop, which advances one step when the current one's value has come."""
    policy = MultiStep(base=1.0, gamma=0.5, stepvalue=tuple(map(Duration, values)))
    current = 0
    for iteration in range(20):
        if current < len(values) and iteration >= values[current]:
            current += 1
        assert policy.rate(Moment(iteration)) == 0.5**current


def test_far_from_the_beginning_nothing_overflows() -> None:
    assert Sigmoid(base=0.1, gamma=5.0, stepsize=Duration(10**6)).rate(Moment(0)) == 0
    assert Sigmoid(base=0.1, gamma=5.0, stepsize=Duration(0)).rate(Moment(10**6)) == pytest.approx(0.1)
    assert Poly(base=0.1, power=0.5, length=Duration(10)).rate(Moment(11)) == 0


def test_multistep_and_poly_may_count_epochs() -> None:
    epochs = Duration(2, Unit.EPOCHS)
    multistep = MultiStep(base=1.0, stepvalue=(epochs,))
    assert multistep.counts_epochs
    assert not MultiStep(stepvalue=(Duration(3),)).counts_epochs
    assert [multistep.rate(Moment(9, epoch)) for epoch in (1.9, 2.0)] == pytest.approx([1, 0.1])
    assert Poly(base=1.0, length=epochs).rate(Moment(9, 0.5)) == 0.75


def test_step_may_count_epochs() -> None:
    policy = Step(base=1.0, gamma=0.1, stepsize=Duration(2, Unit.EPOCHS))
    rates = [policy.rate(Moment(7, epoch)) for epoch in (0.0, 1.99, 2.0, 3.5, 4.0)]
    assert rates == pytest.approx([1, 1, 0.1, 0.1, 0.01])


@pytest.mark.parametrize(
    ("scores", "drops"),
    [
        ((), 0),
        ((0.5,), 0),
        ((0.5, 0.6, 0.7, 0.8), 0),
        ((0.5, 0.4), 0),
        ((0.5, 0.4, 0.5), 1),  # as good is not better
        ((0.5, 0.4, 0.6, 0.5), 0),  # the wait starts anew at a better score
        ((0.5, 0.4, 0.4, 0.4, 0.4), 2),
        ((0.5,) + (0.4,) * 20, 3),  # and no more than num_drops
    ],
)
def test_plateau_drops_when_the_score_has_stopped_rising(scores: tuple[float, ...], drops: int) -> None:
    policy = Plateau(base=1.0, gamma=0.5, patience=2, num_drops=3)
    assert policy.rate(Moment(99, 9.0, scores)) == 0.5**drops


@given(st.lists(st.floats(0, 1), max_size=30), st.floats(0, 1))
def test_plateau_never_rises_again(scores: list[float], next_score: float) -> None:
    policy = Plateau(base=1.0, patience=2)
    assert policy.rate(Moment(0, 0.0, (*scores, next_score))) <= policy.rate(Moment(0, 0.0, tuple(scores)))
