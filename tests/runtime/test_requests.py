"""What is asked for, where it doesn't go together or means nothing."""

import subprocess
import sys
from typing import Any

import pytest

from netdef.compiler.request import NetRequest, Request, UsageError
from netdef.runtime.requests import (
    DataRequest,
    DivisionRequest,
    EvaluateRequest,
    EvaluationTask,
    Form,
    PredictRequest,
    RecipeRequest,
    VerifyRequest,
)

NET = NetRequest(file="a.net")


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({}, "name a net and its --weights, the folder of a run, or --posteriors"),
        ({"files": ("a", "b"), "weights": ("w",)}, "there are 2 nets, and --weights stands 1 time"),
        ({"files": ("a",), "weights": ("w",), "crops": 7}, "crops are 0, 1, 10, 50, not 7"),
        ({"posteriors": ("p",), "pool": "max"}, "logits or prob"),
    ],
)
def test_an_evaluation_names_its_nets_and_how_they_are_shown_images(fields: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        EvaluateRequest(**fields).check()
    EvaluateRequest(files=("a",), weights=("w",), crops=10, pool="prob").check()
    EvaluateRequest(posteriors=("p",)).check()


def test_a_class_net_comes_with_weights_and_chooses_boxes() -> None:
    asked = PredictRequest(net=NET, weights="w", class_net="c.net", class_weights="c", boxes=True)
    asked.check()
    for other in (asked.replace(boxes=False), asked.replace(class_weights=None), asked.replace(class_net=None)):
        with pytest.raises(UsageError, match="--class-net and --class-weights together"):
            other.check()


def test_an_evaluation_in_other_processes_is_told_as_data() -> None:
    asked = EvaluateRequest(files=("a.net",), weights=("w",), net=NetRequest(set={"N": 2}), scales=(256, 384))
    task = EvaluationTask(evaluation=asked, form=Form.PICKLE, out="found")
    assert task.as_data == {
        "evaluation": {"files": ["a.net"], "weights": ["w"], "net": {"set": {"N": 2}}, "scales": [256, 384]},
        "form": "pickle",
        "out": "found",
    }
    assert EvaluationTask.from_data(task.as_data) == task


def test_requests_load_no_torch() -> None:
    code = "import sys, netdef.runtime.requests; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


@pytest.mark.parametrize(
    ("kind", "fields", "said"),
    [
        (RecipeRequest, {"epochs": 0}, "epochs: 0 is not a number above 0"),
        (RecipeRequest, {"epochs": float("nan")}, "epochs: nan is not"),
        (RecipeRequest, {"lr": -1}, "lr: -1 is not a number above 0"),
        (RecipeRequest, {"batch": 2.5}, r"batch: 2\.5 is not a whole number from 1"),
        (RecipeRequest, {"epochs": "three"}, "epochs: 'three' is not"),
        (DivisionRequest, {"passes": 0}, "passes: 0 is not a whole number from 1"),
        (DataRequest, {"workers": -1}, "workers: -1 is not a whole number from 0"),
        (DataRequest, {"corrupt": "ignore"}, "corrupt: 'ignore' is not error or skip"),
        (EvaluateRequest, {"scales": (256, 0)}, r"scales: \(256, 0\) is not"),
        (VerifyRequest, {"net": NET, "batches": ()}, r"batches: \(\) is not"),
        (VerifyRequest, {"net": NET, "tolerance": float("nan")}, "tolerance: nan is not"),
    ],
)
def test_numbers_that_mean_nothing_are_refused_whoever_asks(
    kind: type[Request], fields: dict[str, Any], said: str
) -> None:
    with pytest.raises(UsageError, match=said):
        kind(**fields)
    with pytest.raises(UsageError, match=said):
        kind(**{"net": NET} if "net" in fields else {}).replace(**fields)
