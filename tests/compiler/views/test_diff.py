"""A difference as lines and as JSON."""

import json
from pathlib import Path

import pytest

import netdef
from netdef.compiler.request import UsageError
from netdef.compiler.views.diff import as_json, as_text, diff
from tests.nets import net_of

ROOT = Path(__file__).parents[3]

OLD = """
name: "net"
input "data" [1, 3, 16, 16]
layer "conv1" Convolution { num_output: 8 kernel_size: 3 stride: 2 }
layer "relu1" ReLU
layer "norm1" LRN
layer "fc" InnerProduct { num_output: 10 }
"""
NEW = """
name: "net"
input "data" [1, 3, 16, 16]
layer "conv1" Convolution { num_output: 8 kernel_size: 3 stride: 2 pad: 1 }
layer "relu" ReLU
layer "conv2" Convolution { num_output: 8 kernel_size: 1 }
layer "fc" Convolution { num_output: 10 kernel_size: 8 }
"""


def test_lines() -> None:
    assert (
        as_text(diff(net_of(OLD), net_of(NEW)))
        == """\
--- <test>
+++ <test>
~ conv1.pad: 0 -> 1
~ conv1: shape 1x8x7x7 -> 1x8x8x8; macs 10,584 -> 13,824
~ relu1 is relu now
~ relu: shape 1x8x7x7 -> 1x8x8x8
+ conv2 Convolution 1x1: 1x8x8x8, 72 parameters, 4,096 MACs
- norm1 LRN: 1x8x7x7
~ fc.type: InnerProduct -> Convolution
~ fc.bottom: norm1 -> conv2
~ fc: shape 1x10 -> 1x10x1x1; weights weight 10x392, bias 10 -> weight 10x8x8x8, bias 10; macs 3,920 -> 5,120; \
receptive field 15x15, step 2x2 -> 17x17, step 2x2

net.outputs: fc 1x10 -> fc 1x10x1x1
net.params: 4,154 -> 5,426
net.macs: 14,504 -> 23,040

weights of the first net in the second:
  1 of 3 layers load: conv1
  1 don't fit, and would be refused:
    fc: its weight is 10x8x8x8, and 10x392 is there
  1 are not there, and stay as their fillers make them:
    conv2: no layer of this name has any"""
    )


def test_json_has_it_all() -> None:
    data = json.loads(as_json(diff(net_of(OLD), net_of(NEW))))
    assert data["same"] is False
    assert (data["a"]["num_params"], data["b"]["num_params"]) == (4154, 5426)
    by_name = {((each["a"] or {}).get("name"), (each["b"] or {}).get("name")): each for each in data["layers"]}
    assert by_name["norm1", None]["changes"] == by_name[None, "conv2"]["changes"] == []
    assert by_name["relu1", "relu"]["matched"] == "structure"
    assert by_name["conv1", "conv1"]["changes"][0] == {"kind": "field", "what": "pad", "a": "0", "b": "1"}
    assert by_name["conv1", "conv1"]["b"]["shapes"] == {"conv1": [1, 8, 8, 8]}
    assert {each["name"]: each["fate"] for each in data["weights"]["layers"]} == {
        "conv1": "loads", "conv2": "filled", "fc": "refused",
    }  # fmt: skip


def test_the_same_net_is_one_line() -> None:
    assert as_text(diff(net_of(OLD), net_of(OLD))) == "<test> and <test> are the same net: 5 layers, 4,154 parameters"
    assert json.loads(as_json(diff(net_of(OLD), net_of(OLD))))["same"] is True


def test_from_python_a_difference_shows_itself() -> None:
    net = netdef.load(ROOT / "nets/lenet.net")
    same = netdef.diff(net, net)
    assert same.is_same
    assert str(same).endswith("are the same net: 9 layers, 431,080 parameters")
    other = netdef.diff(net, netdef.load(ROOT / "nets/lenet.net", set={"classes": 5}))
    assert repr(other) == "<Difference of 'LeNet' and 'LeNet': 2 changed>"
    with pytest.raises(UsageError):
        netdef.diff("nets/lenet.net", net)  # type: ignore[arg-type]
