"""Names that mean different things in forks: what tells them apart, what is said where nothing does."""

from collections.abc import Iterator
from pathlib import Path

import pytest

import netdef
from netdef.cli import main
from netdef.compiler.layers import catalogue
from netdef.compiler.layers.base import Layer


@pytest.fixture(autouse=True)
def forks() -> Iterator[None]:
    """A name with three meanings, which nothing in a layer tells apart, and a type of one of the forks."""
    with catalogue.restored():
        for origin in ("segnet", "pspnet", "tsn"):
            type(
                f"Statistics{origin}",
                (Layer,),
                {"is_meant": classmethod(lambda cls, written: True)},
                name="Statistics",
                origin=origin,
            )
        type("Marked", (Layer,), {"__doc__": "A type by which its fork is known."}, origin="pspnet")
        yield


def written(text: str, tmp_path: Path) -> str:
    path = tmp_path / "own.net"
    path.write_text(f'input "x" [1, 3, 4, 4] {text}', "utf-8")
    return str(path)


def origins(net: netdef.Net) -> list[str]:
    return [node.layer.origin for node in net.nodes if node.type == "Statistics"]


def test_other_types_of_the_net_tell_which_is_meant(tmp_path: Path) -> None:
    net = netdef.load(written('layer "a" Statistics layer "m" Marked layer "b" Statistics', tmp_path))
    assert origins(net) == ["pspnet", "pspnet"]
    assert not net.report


def test_where_nothing_tells_the_first_is_taken_and_said_once(tmp_path: Path) -> None:
    net = netdef.load(written('layer "a" Statistics layer "b" Statistics', tmp_path))
    assert origins(net) == ["tsn", "tsn"]
    (said,) = net.report
    assert said.code == "N609"
    assert (
        said.message
        == "Statistics means different things in forks of Caffe, and is read as that of tsn (yjxiong/caffe)"
    )
    assert said.help == 'origin: "pspnet" in the layer, or --origin, takes another: pspnet or segnet'


def test_a_layer_names_its_origin(tmp_path: Path) -> None:
    net = netdef.load(written('layer "a" Statistics { origin: "segnet" } layer "m" Marked', tmp_path))
    assert origins(net) == ["segnet"]
    assert not net.report


@pytest.mark.parametrize("origin", ["segnet", "pspnet"])
def test_an_origin_from_outside_goes_before_what_the_net_tells(origin: str, tmp_path: Path) -> None:
    path = written('layer "a" Statistics layer "m" Marked', tmp_path)
    net = netdef.load(path, origin=origin)
    assert origins(net) == [origin]
    assert not net.report
    assert origins(netdef.analyse(path=path, origin=origin).shown) == [origin]


def test_every_command_that_reads_a_net_takes_an_origin(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = written('layer "a" Statistics', tmp_path)
    for command in ("check", "summary", "expand"):
        assert main([command, path, "--origin", "segnet"]) == 0
        assert "N609" not in capsys.readouterr().err


def test_caffe_never_sees_an_origin(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = written('layer "a" Statistics { origin: "segnet" }', tmp_path)
    for arguments in ([], ["--phase", "TEST"]):
        assert main(["expand", path, *arguments]) == 0
        assert "origin" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('layer "a" Statistics { origin: "segmet" }', 'no fork is called "segmet" here'),
        (
            'layer "a" Statistics { origin: "ssd" }',
            "ssd (weiliu89/caffe, branch ssd) has no Statistics of its own here",
        ),
    ],
)
def test_an_origin_that_is_not_there_is_refused(text: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(netdef.NetError) as caught:
        netdef.load(written(text, tmp_path))
    (said,) = caught.value.report
    assert (said.code, said.message) == ("N210", message)
    assert said.primary is not None
    assert said.primary.span.text.startswith('"s')


def test_an_origin_from_outside_that_is_not_there_is_refused(tmp_path: Path) -> None:
    path = written('layer "a" Statistics', tmp_path)
    with pytest.raises(netdef.NetError, match='no fork is called "segmet" here'):
        netdef.load(path, origin="segmet")
    assert main(["expand", path, "--origin", "segmet"]) == 1


def test_a_layer_of_one_meaning_may_say_whose_it_is(tmp_path: Path) -> None:
    assert not netdef.load(written('layer "a" ReLU { origin: "ssd" }', tmp_path)).report


def test_a_users_own_type_of_a_name_is_what_the_name_means(tmp_path: Path) -> None:
    own = type("Statistics", (Layer,), {"is_meant": classmethod(lambda cls, written: True)})
    net = netdef.load(written('layer "a" Statistics', tmp_path))
    assert type(net.nodes[-1].layer) is own
    assert not net.report
