"""What Python does is what the commands do: the same numbers, bit for bit."""

import json
import re
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from PIL import Image

import netdef
from netdef.cli import main
from netdef.compiler.request import UsageError, numbers_of
from netdef.compiler.weights.formats import files as weight_files
from netdef.compiler.weights.stored import LayerArrays
from netdef.runtime.evaluation.posteriors_file import POSTERIORS
from netdef.runtime.evaluation.report import Result
from netdef.runtime.localisation.nets import BoxResult
from netdef.runtime.requests import EvaluateRequest

Captured = pytest.CaptureFixture[str]

NET = """
name: "tiny"
let N = 1
input "data" [N, 3, 8, 8]
layer "conv" Convolution { num_output: 4 kernel_size: 3 weight_filler { type: "xavier" } }
layer "relu" ReLU
layer "fc" InnerProduct { num_output: 3 weight_filler { type: "xavier" } }
layer "prob" Softmax
preprocess { channels: RGB mean: [100, 100, 100] scale: 0.02 resize: 10 crop: 8 }
"""
BOXES = 'input "data" [1, 1, 4, 4] layer "fc" InnerProduct { num_output: 4 } preprocess { channels: GREY }'


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Seven images of three classes, a net and two sets of weights for it, and one that gives boxes."""
    monkeypatch.chdir(tmp_path)
    random = np.random.default_rng(0)
    for number in range(7):
        path = Path("data") / "abc"[number % 3] / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(random.integers(0, 256, (11 + number, 13, 3), np.uint8)).save(path)
    Path("tiny.net").write_text(NET)
    Path("where.net").write_text(BOXES)
    for seed, name in enumerate(("one", "two")):
        netdef.write_weights(f"{name}.npz", netdef.module(netdef.load("tiny.net"), seed=seed).weights())
    netdef.write_weights("where.npz", {"fc": [np.zeros((4, 16)), np.array([0.25, 0.5, 0.5, 1])]})
    Path("boxes.csv").write_text("".join(f"data/{'abc'[n % 3]}/{n}.png,thing,0,0,{5 + n},9\n" for n in range(7)))
    return tmp_path


def printed(capsys: Captured, *words: str, status: int = 0) -> Any:
    """What a command prints as JSON, without its speed."""
    capsys.readouterr()
    assert main([*words, "--json"]) == status
    return plain(capsys.readouterr().out)


def plain(found: str | object) -> Any:
    """JSON without what no two runs share."""
    text = found if isinstance(found, str) else json.dumps(found)
    return json.loads(text, object_hook=lambda made: {k: v for k, v in made.items() if k != "images_per_s"})


@pytest.mark.parametrize(
    ("words", "keywords"),
    [
        ([], {}),
        (["--dense", "--flip", "--scales", "9,12"], {"dense": True, "flip": True, "scales": (9, 12)}),
        (["--crops", "10", "--set", "N=2"], {"crops": 10, "set": {"N": 2}}),
        (["--dense", "--pool", "prob", "--scores", "prob"], {"dense": True, "pool": "prob", "scores": "prob"}),
    ],
)
def test_evaluate(folder: Path, capsys: Captured, words: list[str], keywords: dict[str, Any]) -> None:
    command = ["evaluate", "tiny.net", "tiny.net", "--weights", "one.npz", "two.npz", "--data", "data", *words]
    told = printed(capsys, *command, "--save-posteriors", "command.npz")
    found = netdef.evaluate(
        ["tiny.net", "tiny.net"], ["one.npz", "two.npz"], data="data", save_posteriors="python.npz", **keywords
    )
    assert plain(found.as_data) == told
    assert len(found.results) == 3
    result = found.results[-1]
    assert isinstance(result, Result)
    assert result.errors.top1_error == told["results"][-1]["top1_error"]
    assert result.text in repr(found)
    assert len(repr(found)) < 1000
    saved = [POSTERIORS.read(Path(f"{name}.npz")) for name in ("command", "python")]
    assert found.posteriors is not None
    for each in (*saved, found.posteriors):
        np.testing.assert_array_equal(each.values, saved[0].values)
        np.testing.assert_array_equal(each.labels, saved[0].labels)


def test_evaluate_boxes(folder: Path, capsys: Captured) -> None:
    told = printed(capsys, "evaluate", "where.net", "--weights", "where.npz", "--data", "boxes.csv", "--boxes")
    found = netdef.evaluate("where.net", "where.npz", data="boxes.csv", boxes=True)
    assert plain(found.as_data) == told
    (result,) = found.results
    assert isinstance(result, BoxResult)
    assert 0 < result.errors.box_error < 1
    assert found.posteriors is None


def test_a_run_is_evaluated_on_what_it_was_tested_on(
    folder: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    digits = str(Path(__file__).parents[2] / "nets/digits.net")
    run = netdef.train(digits, epochs=1, out="run", batch=200, progress=False)
    told = printed(capsys, "evaluate", digits, "--weights", "run")
    found = netdef.evaluate(digits, run, progress=False)
    assert plain(found.as_data) == told
    captured = capsys.readouterr()
    assert (captured.out, captured.err) == ("", "")
    metrics = [json.loads(line) for line in Path("run/metrics.jsonl").read_text().splitlines()]
    (result,) = found.results
    assert isinstance(result, Result)
    assert result.errors.top1_error == min(line["top1_error"] for line in metrics if "top1_error" in line)


def test_predict(folder: Path, capsys: Captured) -> None:
    command = ["predict", "tiny.net", "--weights", "one.npz", "data/a", "data/b/1.png", "absent.png", "--top", "2"]
    told = printed(capsys, *command, status=1)
    found = netdef.predict("tiny.net", ["data/a", "data/b/1.png", "absent.png"], weights="one.npz", top=2)
    assert found.as_data == told
    assert [each.code for each in found.mistakes] == ["N1116"]
    assert len(found.results) == 4
    classes = found.results[0].classes
    assert classes is not None
    assert classes[0].probability > classes[1].probability


def test_predict_boxes(folder: Path, capsys: Captured) -> None:
    command = ["predict", "where.net", "--weights", "where.npz", "data/a", "--boxes", "-o", "drawn"]
    told = printed(capsys, *command, "--class-net", "tiny.net", "--class-weights", "two.npz")
    keywords: dict[str, Any] = {"boxes": True, "class_net": "tiny.net", "class_weights": "two.npz"}
    before = set(Path().rglob("*"))
    found = netdef.predict("where.net", "data/a", weights="where.npz", **keywords)
    assert set(Path().rglob("*")) == before, "nothing is drawn that nobody asked for"
    for result, each in zip(found.results, told["results"], strict=True):
        assert result.as_data == {name: value for name, value in each.items() if name != "drawn"}
    drawn = netdef.predict("where.net", "data/a", weights="where.npz", out="drawn", **keywords)
    assert drawn.as_data == told


def test_export(folder: Path, capsys: Captured) -> None:
    words = ["--weights", "one.npz", "--dynamic", "N,H,W", "--dense", "--verify"]
    assert main(["export", "tiny.net", "--onnx", "-o", "model.onnx", *words]) == 0
    command = Path("model.onnx").read_bytes(), json.loads(Path("model.certificate.json").read_text())
    printed_lines = capsys.readouterr().out
    found = netdef.export("tiny.net", "model.onnx", weights="one.npz", dynamic=("N", "H", "W"), dense=True, verify=True)
    assert found.files == (Path("model.onnx"),)
    assert found.files[0].read_bytes() == command[0]
    assert found.certificate is not None
    assert found.certificate.agrees
    assert json.loads(found.certificate.json()) == command[1]
    assert found.certificate.table() in printed_lines
    assert capsys.readouterr().out == ""
    warnings = [each.code for each in netdef.export("tiny.net", progress=False).warnings]
    assert warnings == ["N906"], "the fillers' numbers"
    assert Path("tiny.onnx").exists()


def test_verify(folder: Path, capsys: Captured) -> None:
    told = printed(capsys, "verify", "tiny.net", "--batches", "2", "--seed", "3")
    found = netdef.verify("tiny.net", batches=(2,), seed=3, progress=False)
    assert json.loads(found.json()) == told
    assert found.agrees
    assert capsys.readouterr().err == ""


def test_verify_on_real_images(folder: Path, capsys: Captured) -> None:
    told = printed(capsys, "verify", "tiny.net", "--weights", "one.npz", "--images", "data/a", "--dynamic", "none")
    found = netdef.verify("tiny.net", weights="one.npz", images=["data/a"], dynamic=(), progress=False)
    assert json.loads(found.json()) == told
    assert found.agrees
    paths = [f"data/a/{number}.png" for number in (0, 3, 6)]
    assert told["images"] == {path: sha256(Path(path).read_bytes()).hexdigest() for path in paths}
    assert len(found.cases) == 1 + len(paths)
    assert main(["verify", "tiny.net", "--images", "data/a"]) == 2
    assert "give --weights, too" in capsys.readouterr().err


def test_weights_are_opened_once_and_each_warning_is_said_once(
    folder: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened, read_weights = [], netdef.read_weights

    def counted(path: str) -> dict[str, LayerArrays]:
        opened.append(path)
        return read_weights(path)

    monkeypatch.setattr(weight_files, "read_weights", counted)
    Path("bare.net").write_text(NET[: NET.index("preprocess")] + "expect { params: 1 }")
    netdef.verify("bare.net", weights="one.npz", images=["data/a"], dynamic=(), set={"N": 2})
    assert opened == ["one.npz"]
    said = capsys.readouterr().err
    assert sorted(re.findall(r"warning\[(\w+)\]", said)) == ["N1106", "N603"]  # a claim of another size; bare bytes


@pytest.mark.parametrize(
    ("verb", "keywords", "said"),
    [
        ("export", {"out": "x.txt"}, "out: 'x.txt' is not a file's name that ends in .onnx"),
        ("export", {"opset": 3}, "opset: 3 is not a whole number from 13 to 24"),
        ("export", {"opset": "a"}, "opset: 'a' is not a whole number from 13 to 24"),
        ("export", {"dynamic": ("Q",)}, "dynamic: ('Q',) is not among N, H, W"),
        ("export", {"dynamic": "NQ"}, "dynamic: ('N', 'Q') is not among N, H, W"),
        ("export", {"seed": -1}, "seed: -1 is not a whole number from 0"),
        ("verify", {"opset": 25}, "opset: 25 is not a whole number from 13 to 24"),
        ("verify", {"dynamic": ["n"]}, "dynamic: ('n',) is not among N, H, W"),
        ("verify", {"seed": -1}, "seed: -1 is not a whole number from 0"),
    ],
)
def test_a_model_that_cannot_be_is_wrong_usage(folder: Path, verb: str, keywords: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=re.escape(said)):
        getattr(netdef, verb)("tiny.net", **keywords)
    with pytest.raises(UsageError, match="opset: 3 is not 13 to 24"):
        netdef.onnx_model(netdef.load("tiny.net"), opset=3)
    assert not Path("tiny.onnx").exists()


@pytest.mark.parametrize(("said", "free"), [("none", []), ("N", ["N"]), ("N,H,W", ["N", "H", "W"]), ("nhw", [*"NHW"])])
def test_free_axes_are_a_list_or_a_word(folder: Path, said: str, free: list[str]) -> None:
    Path("map.net").write_text('input "data" [1, 2, 5, 5] layer "relu" ReLU')
    for dynamic in (said, free):
        netdef.export("map.net", dynamic=dynamic, progress=False)
        sizes = onnx.load("map.onnx").graph.input[0].type.tensor_type.shape.dim
        assert sum(bool(size.dim_param) for size in sizes) == len(free)


def test_progress_and_warnings_are_said_unless_switched_off(folder: Path, capsys: Captured) -> None:
    Path("bare.net").write_text(NET[: NET.index("preprocess")])
    netdef.evaluate("bare.net", "one.npz", data="data")
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.count("warning[N1106]") == 1
    netdef.evaluate("bare.net", "one.npz", data="data", progress=False)
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("keywords", "said"),
    [
        ({"net": "tiny.net"}, "tiny.net is no run's folder, and a net takes its weights"),
        ({"net": "tiny.net", "weights": "one.npz", "data": "data", "crops": 7}, "crops are 0, 1, 10, 50, not 7"),
        ({"net": "tiny.net", "weights": "one.npz", "data": "data", "pool": "max"}, "logits or prob"),
        ({"net": "tiny.net", "weights": "one.npz", "data": "data", "boxes": True}, "a net that gives boxes"),
    ],
)
def test_what_does_not_go_together_is_an_error(folder: Path, keywords: dict[str, Any], said: str) -> None:
    with pytest.raises((UsageError, netdef.NetError), match=said):
        netdef.evaluate(**keywords)


def test_mistakes_are_raised(folder: Path) -> None:
    netdef.write_weights("other.npz", {"other": [np.zeros(3)]})
    with pytest.raises(netdef.NetError, match="no weights for conv, fc"):
        netdef.predict("tiny.net", "data", weights="other.npz")
    with pytest.raises(netdef.NetError, match="there is no data absent"):
        netdef.evaluate("tiny.net", "one.npz", data="absent")


@pytest.mark.slow
def test_processes_share_the_images(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))
    alone = netdef.evaluate("tiny.net", "one.npz", data="data", flip=True)
    shared = netdef.evaluate("tiny.net", "one.npz", data="data", flip=True, devices=2, progress=False)
    assert plain(shared.as_data) == plain(alone.as_data)
    assert alone.posteriors is not None
    assert shared.posteriors is not None
    np.testing.assert_allclose(shared.posteriors.values, alone.posteriors.values, rtol=1e-6)
    with pytest.raises(netdef.NetError, match="ended with status 1"):
        netdef.evaluate("tiny.net", "one.npz", data="absent", devices=2)


def test_what_comes_back_shows_itself_in_a_line(folder: Path) -> None:
    exported = netdef.export("tiny.net", verify=True, progress=False)
    certificate = netdef.verify("tiny.net", weights="one.npz", progress=False)
    module = netdef.module(
        netdef.load("tiny.net"), {"conv": netdef.read_weights("one.npz")["conv"], "odd": [np.ones(1)]}
    )
    shown = {
        "<Exported: tiny.onnx; warnings N906; equal: ": exported,
        "<Certificate: equal: ": certificate,
        "<Predictions of 3 images>": netdef.predict("tiny.net", "data/a", weights="one.npz", progress=False),
        "<Predictions of 0 images; 1 not found or read>": netdef.predict("tiny.net", "no.png", weights="one.npz"),
        "<Matched layers: 1 loaded (conv), 1 missing (fc), 1 unused (odd)>": module.matched,
        "<Analysis of tiny.net: <Net 'tiny' TEST: 5 layers, ": netdef.analyse(path="tiny.net"),
        "<Analysis of what can't be read: no net, <Report: error N001>>": netdef.analyse(path="absent.net"),
        "{'conv': [float32 4x3x3x3, float32 4], 'fc': [": netdef.read_weights("one.npz"),
    }
    for start, value in shown.items():
        assert repr(value).startswith(start)
        assert len(repr(value)) < 140


def test_a_report_is_walked_and_true_where_something_is_wrong() -> None:
    fine, wrong = (netdef.analyse(text).report for text in ('input "data" [1]', 'input "data" [1] layer "x" Odd'))
    assert not fine
    assert wrong
    assert [each.code for each in wrong] == [each.code for each in wrong.errors]
    assert len(wrong) == 1


def test_one_thing_may_stand_for_a_list_of_one(folder: Path) -> None:
    found = netdef.verify("tiny.net", weights="one.npz", images="data/a/0.png", batches=2, progress=False)
    assert [next(iter(case.inputs.values()))[0] for case in found.cases] == [2, 1]
    asked = [EvaluateRequest(scales=numbers_of(scales)) for scales in (9, [9], (9,))]
    assert asked == [asked[0]] * 3


@pytest.mark.parametrize("verb", ["train", "evaluate", "predict", "export", "verify"])
def test_a_net_that_was_loaded_is_no_file(folder: Path, verb: str) -> None:
    words = {"predict": {"images": "x.png", "weights": "one.npz"}}.get(verb, {})
    net: Any = [netdef.load("tiny.net")] if verb == "evaluate" else netdef.load("tiny.net")
    with pytest.raises(UsageError, match="this takes the name of a file, not a net that is loaded"):
        getattr(netdef, verb)(net, **words)


def test_weights_are_arrays_by_layer(folder: Path) -> None:
    with pytest.raises(UsageError, match="weights are arrays by layer, not a str"):
        netdef.write_weights("x.npz", "one.npz")  # type: ignore[arg-type]  # as somebody without types may
    shown = repr(
        netdef.solver(Path(__file__).parents[2] / "nets/digits.yaml", netdef.module(netdef.load("tiny.net")), 100)
    )
    assert shown.startswith("<Solver of tiny: ")
    assert len(shown) < 120
