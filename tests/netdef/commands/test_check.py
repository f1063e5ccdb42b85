"""netdef check: what is wrong, in both phases, for people and for machines."""

import json
from pathlib import Path

import pytest

from netdef.cli import main
from netdef.compiler import explain

ROOT = Path(__file__).parents[3]
GOOD = ROOT / "nets/lenet.net"
BAD = explain.FOLDER / "N204.net"
ONLY_TRAIN = """
input "data" [2, 3, 7, 5]
layer "fc" InnerProduct { num_output: 4 }
layer "loss" SoftmaxWithLoss { bottom: ["fc", "lable"] include { phase: TRAIN } }
layer "prob" Softmax { bottom: "fc" include { phase: TEST } }
"""

Captured = pytest.CaptureFixture[str]


def test_check_says_what_is_wrong_on_stderr_and_what_is_fine_on_stdout(capsys: Captured) -> None:
    assert main(["check", str(GOOD), str(BAD)]) == 1
    captured = capsys.readouterr()
    assert captured.out == f"{GOOD}: fine: 9 layers, 431,080 parameters\n"
    assert captured.err.startswith("error[N204]: a 7x7 window does not fit a 6x6 image\n")


def test_check_looks_at_both_phases_and_says_what_only_one_has(tmp_path: Path, capsys: Captured) -> None:
    path = tmp_path / "net.net"
    path.write_text(ONLY_TRAIN)
    assert main(["check", str(path)]) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.count("error[") == 1
    assert 'there is no blob "lable"' in captured.err
    assert "note: in phase TRAIN only" in captured.err
    path.write_text(ONLY_TRAIN.replace("lable", "fc").replace("num_output", "num_outputs"))
    assert main(["check", str(path)]) == 1
    assert "only" not in capsys.readouterr().err


@pytest.mark.parametrize("form", ["concise", "json", "sarif"])
def test_check_in_formats_for_machines_is_a_result(form: str, capsys: Captured) -> None:
    assert main(["check", str(BAD), "--format", form]) == 1
    captured = capsys.readouterr()
    assert captured.err == ""
    if form == "concise":
        assert captured.out == f"{BAD}:9:57: error[N204]: a 7x7 window does not fit a 6x6 image\n"
    elif form == "json":
        (found,) = json.loads(captured.out)
        assert (found["code"], found["location"]["line"]) == ("N204", 9)
    else:
        assert json.loads(captured.out)["runs"][0]["results"][0]["ruleId"] == "N204"


def test_check_warns_without_failing(capsys: Captured) -> None:
    assert main(["check", str(explain.FOLDER / "N508.net")]) == 0
    captured = capsys.readouterr()
    assert "warning[N508]" in captured.err
    assert ": fine: " in captured.out


def test_check_takes_what_every_command_takes_that_reads_a_net(capsys: Captured) -> None:
    assert main(["check", str(GOOD), "--set", "classes=3", "--size", "data=1x1x32x32"]) == 0
    captured = capsys.readouterr()
    assert "fine: 9 layers, 652,573 parameters" in captured.out  # 520 + 25,050 + 625,500 + 1,503
    assert captured.err.count("warning[N603]") == 2


def test_one_phase_alone(tmp_path: Path, capsys: Captured) -> None:
    path = tmp_path / "net.net"
    path.write_text(ONLY_TRAIN)
    assert main(["check", str(path), "--phase", "TEST"]) == 0
    assert main(["check", str(path), "--phase", "TRAIN"]) == 1
    assert "note: in phase" not in capsys.readouterr().err


def test_what_the_readme_breaks_is_broken_as_it_says(
    tmp_path: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To the letter: its lines put where it says, and of each mistake the first line that it shows."""
    told = (ROOT / "README.md").read_text("utf-8").partition("Break it:")[2]
    _, lines, _, mistakes, *_ = told.split("```")
    monkeypatch.chdir(tmp_path)
    main(["new", "vgg16", "-o", "my"])
    blocks, net = Path("my/vgg.net"), Path("my/vgg16.net")
    blocks.write_text(blocks.read_text().replace(" Pooling ", " Poolling "))
    head, stage, rest = net.read_text().partition("stage(5, depth: 3, channels: 512)")
    net.write_text(f"{head}{stage}{lines}{rest.lstrip()}")
    capsys.readouterr()
    assert main(["check", "my/vgg16.net"]) == 1
    said = [line for line in capsys.readouterr().err.splitlines() if line.startswith("error")]
    assert said == mistakes.strip().splitlines()


@pytest.mark.parametrize(
    ("solver", "code", "help"),
    [
        ('base_lr: 0.01 lr_policy: "step" max_iter: 4', "N865", "add stepsize"),
        ('base_lr: 0.01 lr_policy: "multi_step" max_iter: 4', "N862", 'did you mean "multistep"?'),
        ('base_lr: 0.01 lr_policy: "fixed" max_iter: 4 type: "ADAM"', "N862", 'did you mean "Adam"?'),
        ("base_lr: 0.01 max_iter: 4", "N408", "add lr_policy"),
        ('base_lr: 0.01 lr_policy: "plateau" max_iter: 4 plateau_winsize: 9', "N862", "policy: plateau"),
    ],
)
def test_40_solver_mistakes(
    solver: str,
    code: str,
    help: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A solver is no net, and what training would refuse of it is said with that; the same where it holds its net."""
    monkeypatch.chdir(tmp_path)
    net = 'layer { name: "x" type: "Input" top: "x" input_param { shape { dim: 1 } } }'
    Path("net.prototxt").write_text(net)
    for text, is_no_net in ((f'net: "net.prototxt" {solver}', True), (f"net_param {{ {net} }} {solver}", False)):
        Path("s.prototxt").write_text(text)
        assert main(["check", "net.prototxt", "s.prototxt"]) == 1
        said = capsys.readouterr()
        assert said.out == "net.prototxt: fine: 1 layer, 0 parameters\n"
        assert f"error[{code}]" in said.err
        assert help in said.err
        assert ("error[N414]: s.prototxt is a solver, not a net" in said.err) == is_no_net
    Path("s.prototxt").write_text('net: "gone.prototxt" base_lr: 0.01 lr_policy: "fixed" max_iter: 4')
    assert main(["check", "s.prototxt"]) == 1
    assert "there is no net gone.prototxt" in capsys.readouterr().err


def test_what_back_ends_cannot_do_is_an_error(capsys: Captured) -> None:
    net = str(explain.FOLDER / "N1011.net")
    assert main(["check", net]) == 0
    assert main(["check", net, "--target", "onnx", "--target", "torch", "--format", "concise"]) == 1
    found = capsys.readouterr().out.splitlines()[1:]
    assert [line.split(": ")[1] for line in found] == ["error[N1001]", "error[N1011]"]
    assert main(["check", str(GOOD), "--target", "onnx", "--target", "torch"]) == 0


def test_a_range_of_sizes_tells_which_work_and_why_others_do_not(capsys: Captured) -> None:
    """LeNet's ip1 is made for 4x4: (28 - 4) / 2 = 12, (12 - 4) / 2 = 4; Caffe's pooling rounds halves up."""
    assert main(["check", str(GOOD), "--size", "data=1x1x20..40x28"]) == 1
    captured = capsys.readouterr()
    assert captured.out == f"{GOOD}: data=1x1x25..28x28 works (4 of 21 sizes): prob is 1x10\n"
    assert captured.err.count("error[N515]: ip1 doesn't work at ") == 2
    assert main(["check", str(GOOD), "--size", "data=1x1x25..28x28"]) == 0
    fine, works = capsys.readouterr().out.splitlines()
    assert fine.endswith(": fine: 9 layers, 431,080 parameters")
    assert works.endswith("data=1x1x25..28x28 works (4 of 4 sizes): prob is 1x10")


@pytest.mark.parametrize("size", ["data=1x1x5..3x8", "data=1x1x0..3x8", "1x2..3", "data=1..100001x8", "data=1x..3x4"])
def test_a_range_that_means_nothing_is_wrong_usage(size: str, capsys: Captured) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["check", str(GOOD), "--size", size])
    assert caught.value.code == 2
    assert "argument --size: " in capsys.readouterr().err


def test_blocks_alone_are_no_net_to_export_or_to_size(capsys: Captured) -> None:
    blocks = str(ROOT / "nets/vgg.net")
    assert main(["check", blocks, "--target", "onnx", "--size", "data=1x3x1..3x3"]) == 0
    assert capsys.readouterr().out == f"{blocks}: fine: 0 layers, 0 parameters\n"


def test_a_range_for_a_net_whose_sizes_are_its_datas_is_refused(tmp_path: Path, capsys: Captured) -> None:
    path = tmp_path / "net.net"
    path.write_text('layer "data" DummyData { shape { dim: 2 dim: 3 } }\n')
    assert main(["check", str(path), "--size", "data=1..2x3"]) == 1
    said = capsys.readouterr().err
    assert "error[N512]: there is no input data to give a size" in said
    assert "help: no layer of it is an Input" in said
