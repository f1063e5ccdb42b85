"""Requests: stored as plain values and read back the same, and laid over another field by field."""

import copy
import json
import pickle
from dataclasses import FrozenInstanceError
from pathlib import Path

import pytest

from netdef.compiler.load import load, load_net
from netdef.compiler.request import NetRequest, net_request, path_of, paths_of
from netdef.runtime.hardware.execution_settings import Precision
from netdef.runtime.requests import (
    DataRequest,
    DivisionRequest,
    EvaluateRequest,
    ExportRequest,
    HardwareRequest,
    RecipeRequest,
    TrainRequest,
    Trial,
    VerifyRequest,
)

ASKED = TrainRequest(
    net=NetRequest(
        file="a.net",
        stages=("deploy", "small"),
        set={"n": 2, "shape": (1, (True, "x"))},
        sizes={"data": (2, 3, 7, 5)},
        dense=True,
    ),
    recipe=RecipeRequest(epochs=0.5, seed=0),
    data=DataRequest(data="digits", inputs={"rows": "data"}, objects=("cat", "dog"), workers=0),
    hardware=HardwareRequest(devices=2, precision=Precision.TF32, compile=False),
    division=DivisionRequest(restarts=0, shard=True),
    tensorboard=False,
    trial=Trial.DRY_RUN,
)


@pytest.mark.parametrize(
    "request_",
    [
        ASKED,
        TrainRequest(),
        EvaluateRequest(files=("a.net", "b.net"), weights=("a", "b"), scales=(256, 384)),
        ExportRequest(net=NetRequest(file="a.net"), dynamic=None),
        VerifyRequest(net=NetRequest(file="a.net"), dynamic=(), batches=(2,)),
    ],
    ids=lambda each: type(each).__name__,
)
def test_what_is_stored_is_what_was_asked_for(request_: TrainRequest) -> None:
    stored = json.loads(json.dumps(request_.as_data))
    assert type(request_).from_data(stored) == request_


def test_only_what_was_said_is_stored() -> None:
    assert TrainRequest().as_data == {}
    assert ASKED.as_data["recipe"] == {"epochs": 0.5, "seed": 0}
    assert ASKED.as_data["tensorboard"] is False
    assert "scores" not in ASKED.as_data["data"]


def test_the_new_is_laid_over_the_old_by_fields() -> None:
    now = TrainRequest(
        net=NetRequest(file="b.net"),
        recipe=RecipeRequest(lr=0.1),
        division=DivisionRequest(shard=False),
        hardware=HardwareRequest(compile=True),
    )
    found = now.over(ASKED)
    assert (found.net.file, found.net.stages) == ("b.net", ("deploy", "small"))
    assert (found.recipe.lr, found.recipe.epochs, found.recipe.seed) == (0.1, 0.5, 0)
    assert found.division == DivisionRequest(restarts=0, shard=False), "a switch is switched off again"
    assert (found.hardware.compile, found.hardware.devices) == (True, 2)
    assert TrainRequest().over(ASKED) == ASKED


def test_a_field_that_is_not_there_is_no_request() -> None:
    with pytest.raises(KeyError):
        NetRequest.from_data({"file": "a.net", "colour": "red"})


def test_a_request_is_frozen() -> None:
    with pytest.raises(FrozenInstanceError):
        ASKED.weights = "other"  # type: ignore[misc]


def test_a_request_keeps_its_mappings_whatever_becomes_of_the_callers() -> None:
    own = {"N": 2}
    request = NetRequest(file="x.net", set=own)
    own["N"] = 3
    assert request.set == {"N": 2}
    with pytest.raises(TypeError):
        request.set["N"] = 4  # type: ignore[index]  # what is tried
    with pytest.raises(TypeError):
        del request.set["N"]  # type: ignore[attr-defined]
    assert copy.deepcopy(request) == pickle.loads(pickle.dumps(request)) == request
    assert NetRequest.from_data(json.loads(json.dumps(request.as_data))) == request


def test_a_word_alone_is_one_of_a_list() -> None:
    request = net_request("x.net", stages="deploy", layer_files="my_layer.py")
    assert (request.stages, request.layer_files) == (("deploy",), ("my_layer.py",))


def test_a_net_is_loaded_as_it_is_asked_for() -> None:
    asked = NetRequest(file="nets/lenet.net", set={"classes": 3}, sizes={"data": (2, 1, 32, 32)})
    own = load("nets/lenet.net", set={"classes": 3}, sizes={"data": (2, 1, 32, 32)})
    assert load_net(asked).shapes == own.shapes


def test_keywords_become_a_request_of_plain_values() -> None:
    found = net_request(Path("a.net"), stages=["x"], data_size=(3, 4, 5), phase="TRAIN")
    assert found == NetRequest(file="a.net", stages=("x",), data_size={"": (3, 4, 5)}, phase="TRAIN")
    assert net_request("a.net", data_size={"d": (1, 2, 3)}).data_size == {"d": (1, 2, 3)}
    assert (path_of(None), path_of(Path("a/b"))) == (None, "a/b")
    assert (paths_of("a"), paths_of([Path("a"), "b"])) == (("a",), ("a", "b"))


def test_a_keyword_that_nothing_has_is_named() -> None:
    with pytest.raises(TypeError, match="there is no keyword epoch"):
        net_request("a.net", epoch=3)  # type: ignore[call-arg]
