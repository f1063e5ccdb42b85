"""The table of forks: words that can be typed, of forks that are there."""

from netdef.compiler.layers.origins import ORIGINS, is_of, rank, said


def test_a_fork_is_made_from_forks_that_are_there() -> None:
    assert {older for fork in ORIGINS.values() for older in fork.of} <= ORIGINS.keys()


def test_a_fork_has_the_types_of_those_that_it_was_made_from() -> None:
    assert is_of("yolo", "ssd")
    assert not is_of("ssd", "yolo")
    assert is_of("a user's", "a user's")


def test_a_users_own_types_come_first() -> None:
    assert rank("own") < rank("bvlc") < rank("ssd")


def test_an_origin_is_said_with_its_repository() -> None:
    assert said("segnet") == "segnet (alexgkendall/caffe-segnet)"
    assert said("mine") == "mine"
