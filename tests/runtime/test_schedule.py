"""Learning rates."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netdef.runtime.training.schedule import Duration, Fixed, Moment, Plateau, Step, Unit


def test_fixed_never_changes() -> None:
    assert [Fixed(base=0.1).rate(Moment(i)) for i in (0, 10**6)] == [0.1, 0.1]


def test_step_is_what_caffe_printed() -> None:
    policy = Step(base=0.1, gamma=0.5, stepsize=Duration(2))
    assert [policy.rate(Moment(i)) for i in range(6)] == [0.1, 0.1, 0.05, 0.05, 0.025, 0.025]


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
