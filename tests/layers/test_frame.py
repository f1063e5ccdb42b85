"""What stands in a layer beside its type's own fields holds for each type: in place, loss weights, shared weights."""

import numpy as np
import pytest
import torch

import netdef
from netdef.compiler.layers import catalogue
from netdef.compiler.layers.base import Layer
from netdef.compiler.layers.roles import Makes
from netdef.compiler.net.net import Net
from netdef.compiler.shape import known
from netdef.runtime import lower
from netdef.runtime.verification.random_weights import random_weights
from tests.nets import net_of

FIELDS = {"Clip": "min: -0.5 max: 0.75"}
"""What a type needs to be read."""
BVLC = [kind for kind in catalogue.every_type() if kind.origin == "bvlc"]
IN_PLACE = [kind for kind in BVLC if kind.in_place]
LOSSES = [kind for kind in BVLC if kind.makes is Makes.LOSS]
INPUTS = {"a": "[4, 5]", "b": "[4, 5]", "t": "[4]", "H": "[5, 5]"}
BOTTOMS = {
    "ContrastiveLoss": '["a", "b", "t"]',
    "EuclideanLoss": '["a", "b"]',
    "SigmoidCrossEntropyLoss": '["a", "b"]',
    "InfogainLoss": '["a", "t", "H"]',
}


def inputs_of(bottoms: str) -> str:
    """The inputs that a loss reads."""
    return " ".join(f'input "{name}" {shape}' for name, shape in INPUTS.items() if f'"{name}"' in bottoms)


def through(net: Net, x: torch.Tensor) -> dict[str, torch.Tensor]:
    """The outputs, and what their squares' gradient is at the input."""
    module = lower(net, random_weights(net, 1))
    x = x.clone().requires_grad_()
    found = module(x=x)
    torch.autograd.backward([each.square().sum() for each in found.values() if each.requires_grad])
    gradient = torch.zeros_like(x) if x.grad is None else x.grad
    return {**{name: each.detach() for name, each in found.items()}, "gradient": gradient}


@pytest.mark.parametrize("kind", IN_PLACE, ids=lambda kind: kind.type_name)
@pytest.mark.parametrize("phase", ["TRAIN", "TEST"])
def test_in_place_no_version_is_lost_that_is_still_read(kind: type[Layer], phase: str) -> None:
    """The earlier version's readers stand before and behind it, as Caffe's Split lets them."""
    if kind.type_name == "Dropout" and phase == "TRAIN":
        phase = "TEST"  # its masks are another matter
    own = f'{kind.type_name} {{ {FIELDS.get(kind.type_name, "")} bottom: "h" top:'
    before = 'input "x" [3, 4, 2, 2] layer "h" Power { bottom: "x" top: "h" scale: 2 shift: 3 } '
    reader = 'layer "old" Power { bottom: "h" top: "old" power: 2 } '
    behind = 'layer "new" Power { bottom: "%s" top: "new" power: 3 }'
    x = torch.rand(3, 4, 2, 2)
    apart = through(net_of(f'{before}{reader}layer "l" {own} "y" }} {behind % "y"}', phase), x)
    inside = through(net_of(f'{before}{reader}layer "l" {own} "h" }} {behind % "h"}', phase), x)
    assert apart.keys() == inside.keys() == {"old", "new", "gradient"}
    for name, wanted in apart.items():
        torch.testing.assert_close(inside[name], wanted)


@pytest.mark.parametrize("kind", LOSSES, ids=lambda kind: kind.type_name)
def test_a_losss_weight_scales_its_gradient_and_not_its_top(kind: type[Layer]) -> None:
    bottoms = BOTTOMS.get(kind.type_name, '["a", "t"]')
    random = np.random.default_rng(2)
    fed = {"a": random.random((4, 5)), "b": random.random((4, 5)), "t": [0, 1, 2, 0], "H": random.random((5, 5))}
    found = {}
    for weight in ("", "loss_weight: 3"):
        net = net_of(f'{inputs_of(bottoms)} layer "y" {kind.type_name} {{ bottom: {bottoms} {weight} }}')
        blobs = {name: torch.tensor(np.asarray(fed[name]), dtype=torch.float32) for name in net.inputs}
        blobs["a"].requires_grad_()
        loss, outputs = lower(net).loss(**blobs)
        torch.autograd.backward(loss)
        gradient = blobs["a"].grad
        assert gradient is not None
        found[weight] = outputs["y"].item(), loss.item(), gradient
    (top, once, gradient), (again, tripled, steeper) = found.values()
    assert again == top == pytest.approx(once)
    assert tripled == pytest.approx(3 * once)
    torch.testing.assert_close(steeper, 3 * gradient)


@pytest.mark.parametrize("kind", LOSSES, ids=lambda kind: kind.type_name)
def test_no_gradient_passes_a_bottom_that_it_must_not(kind: type[Layer]) -> None:
    bottoms = BOTTOMS.get(kind.type_name, '["a", "t"]')
    stopped = " ".join(["propagate_down: false"] * (bottoms.count(",") + 1))
    net = net_of(f'{inputs_of(bottoms)} layer "y" {kind.type_name} {{ bottom: {bottoms} {stopped} }}')
    blobs = {name: torch.ones([known(size) for size in shape]) for name, shape in net.inputs.items()}
    blobs["a"].requires_grad_()
    loss, _ = lower(net).loss(**blobs)
    assert not loss.requires_grad


@pytest.mark.parametrize("mode", ["", "share_mode: PERMISSIVE"])
def test_a_parameter_is_the_weight_of_whoever_names_it_so(mode: str) -> None:
    shape = "[2, 6]" if mode else "[4, 3]"
    net = net_of(f"""
        input "x" [1, 3]
        layer "fc" InnerProduct {{ num_output: 4 bias_term: false param {{ name: "w" }} weight_filler {{ std: 1 }} }}
        layer "w" Parameter {{ shape {{ dim: {shape} }} param {{ name: "w" {mode} }} }}
    """)
    module = lower(net)
    found = module(x=torch.ones(1, 3))
    torch.autograd.backward(found["fc"].sum() + 10 * found["w"].sum())
    (learned,) = module.learned()
    assert learned.layer == "fc"
    assert found["w"].flatten().tolist() == learned.tensor.flatten().tolist()
    assert learned.tensor.grad is not None
    assert learned.tensor.grad.tolist() == [[11] * 3] * 4


def test_a_parameter_of_another_shape_needs_to_be_permissive() -> None:
    with pytest.raises(netdef.NetError, match="share_mode: PERMISSIVE"):
        net_of("""
            input "x" [1, 3]
            layer "fc" InnerProduct { num_output: 4 bias_term: false param { name: "w" } }
            layer "w" Parameter { shape { dim: [2, 6] } param { name: "w" } }
        """)


def test_recurrent_layers_share_their_weights_by_name() -> None:
    """Two LSTMs, an encoder and a decoder say, with one set of weights: gradients add up."""
    names = " ".join(f'param {{ name: "{name}" }}' for name in ("wx", "b", "wh"))
    one = f'num_output: 3 weight_filler {{ type: "xavier" }} {names}'
    net = net_of(f"""
        input "x" [2, 1, 3]
        input "cont" [2, 1]
        layer "first" LSTM {{ bottom: ["x", "cont"] {one} }}
        layer "second" LSTM {{ bottom: ["first", "cont"] {one} }}
    """)
    assert net.num_params == 12 * 3 + 12 + 12 * 3
    module = lower(net)
    assert [learned.layer for learned in module.learned()] == ["first"] * 3
    torch.autograd.backward(module(x=torch.ones(2, 1, 3), cont=torch.ones(2, 1))["second"].sum())
    assert all(learned.tensor.grad is not None and learned.tensor.grad.any() for learned in module.learned())
