"""The shipped nets, against the numbers that their papers and publishers give."""

import json
from pathlib import Path

import pytest

import netdef
from netdef.cli import main
from netdef.compiler.layers.convolution import Convolution
from netdef.compiler.layers.inner_product import InnerProduct
from netdef.compiler.net.net import Net

NETS = Path(__file__).parent.parent / "nets"

# Parameters of the published models; VGG: table 2 of the paper, and the exact integers of its authors' Caffe models.
PARAMS = {
    "vgg11": 132_863_336,
    "vgg11_lrn": 132_863_336,
    "vgg13": 133_047_848,
    "vgg16_1x1": 133_638_952,
    "vgg16": 138_357_544,
    "vgg19": 143_667_240,
    "vgg16_scr": 134_276_932,
    "vgg16_pcr": 150_648_544,
    "alexnet": 60_965_224,
    "lenet": 431_080,
    "resnet50": 25_610_269,
}
MACS = {
    "vgg11": 7_609_090_048,
    "vgg13": 11_308_466_176,
    "vgg16_1x1": 11_770_888_192,
    "vgg16": 15_470_264_320,
    "vgg19": 19_632_062_464,
}
RECEPTIVE_FIELDS = {
    "vgg11": (150, 342),
    "vgg13": (156, 348),
    "vgg16_1x1": (156, 348),
    "vgg16": (212, 404),
    "vgg19": (268, 460),
}
# Configuration D layer by layer: shape, parameters, multiply-adds, receptive field and stride.
VGG16 = """
conv1_1 64x224x224 1792 86704128 3 1
conv1_2 64x224x224 36928 1849688064 5 1
pool1 64x112x112 0 0 6 2
conv2_1 128x112x112 73856 924844032 10 2
conv2_2 128x112x112 147584 1849688064 14 2
pool2 128x56x56 0 0 16 4
conv3_1 256x56x56 295168 924844032 24 4
conv3_2 256x56x56 590080 1849688064 32 4
conv3_3 256x56x56 590080 1849688064 40 4
pool3 256x28x28 0 0 44 8
conv4_1 512x28x28 1180160 924844032 60 8
conv4_2 512x28x28 2359808 1849688064 76 8
conv4_3 512x28x28 2359808 1849688064 92 8
pool4 512x14x14 0 0 100 16
conv5_1 512x14x14 2359808 462422016 132 16
conv5_2 512x14x14 2359808 462422016 164 16
conv5_3 512x14x14 2359808 462422016 196 16
pool5 512x7x7 0 0 212 32
fc6 4096 102764544 102760448 404 32
fc7 4096 16781312 16777216 - -
fc8 1000 4097000 4096000 - -
"""


def summary(name: str, capsys: pytest.CaptureFixture[str]) -> dict[str, object]:
    assert main(["summary", str(NETS / f"{name}.net"), "--format", "json"]) == 0
    found: dict[str, object] = json.loads(capsys.readouterr().out)
    return found


@pytest.mark.parametrize(("name", "count"), PARAMS.items())
def test_parameters(name: str, count: int, capsys: pytest.CaptureFixture[str]) -> None:
    assert summary(name, capsys)["num_params"] == count


@pytest.mark.parametrize(("name", "count"), MACS.items())
def test_multiply_adds(name: str, count: int, capsys: pytest.CaptureFixture[str]) -> None:
    assert summary(name, capsys)["macs"] == count


@pytest.mark.parametrize(("name", "sizes"), RECEPTIVE_FIELDS.items())
def test_receptive_fields(name: str, sizes: tuple[int, int]) -> None:
    fields = {node.name: node.receptive_field for node in netdef.load(NETS / f"{name}.net").nodes}
    for layer, size in zip(("pool5", "fc6"), sizes, strict=True):
        field = fields[layer]
        assert field is not None
        assert field == ((size, size), (32, 32))


def test_vgg16_layer_by_layer(capsys: pytest.CaptureFixture[str]) -> None:
    layers = summary("vgg16", capsys)["layers"]
    assert isinstance(layers, list)
    found = []
    for layer in layers:
        if layer["type"] not in ("Convolution", "Pooling", "InnerProduct"):
            continue
        field = layer["receptive_field"]
        shape = "x".join(str(size) for size in layer["shapes"][layer["name"]][1:])
        seen = f"{field['size'][0]} {field['stride'][0]}" if field else "- -"
        found.append(f"{layer['name']} {shape} {layer['num_params']} {layer['macs']} {seen}")
    assert found == VGG16.strip().splitlines()


@pytest.mark.parametrize("name", ["vgg16_scr", "vgg16_pcr"])
def test_a_localisation_net_can_learn_its_connected_layers_alone(name: str) -> None:
    classifier = netdef.load(NETS / "vgg16.net").params
    for conv_lr, learning in ((1, 16), (0, 3)):
        net = netdef.load(NETS / f"{name}.net", phase="TRAIN", set={"conv_lr": conv_lr})
        nodes = [node for node in net.nodes if any(weight.lr_mult for weight in node.weights)]
        assert len(nodes) == learning
        assert {node.name: net.params[node.name] for node in nodes[:-1]}.items() <= classifier.items()
    assert {node.name for node in nodes} == {"fc6", "fc7", "fc8_box"}


def test_a_5x5_convolution_has_as_many_weights_as_the_paper_says() -> None:
    """25 C^2 for one 5x5 against 18 C^2 for the two 3x3 that it replaces (section 2.3)."""
    net = netdef.load(NETS / "vgg13_5x5.net")
    channels = [64, 128, 256, 512, 512]
    convolutions = sum(25 * c_in * c + c for c_in, c in zip([3, *channels], channels, strict=False))
    assert net.num_params == convolutions + 123_642_856  # the classifier is that of all VGGs
    assert net.num_weight_layers == 8


@pytest.mark.parametrize("name", ["vgg11", "vgg11_lrn", "vgg13", "vgg16_1x1", "vgg16", "vgg19"])
def test_the_papers_first_weights_are_a_choice(name: str) -> None:
    """Section 3.1 literally: a normal distribution of mean 0 and variance 10^-2, and biases of 0."""
    for set, expected in (({}, ("xavier", 0.0, 1.0)), ({"filler": "gaussian"}, ("gaussian", 0.0, 0.1))):
        net = netdef.load(NETS / f"{name}.net", phase="TRAIN", set=set)
        layers = [node.layer for node in net.nodes if node.weights]
        assert len(layers) == net.num_weight_layers
        for layer in layers:
            assert isinstance(layer, Convolution | InnerProduct)
            filler = layer.weight_filler
            assert (filler.type, filler.mean, filler.std) == expected
            assert (layer.bias_filler.type, layer.bias_filler.value) == ("constant", 0.0)


@pytest.mark.parametrize("path", sorted(NETS.glob("*.net")), ids=lambda path: path.stem)
@pytest.mark.parametrize("phase", ["TRAIN", "TEST"])
def test_every_net_compiles_in_both_phases(path: Path, phase: str) -> None:
    net = netdef.load(path, phase=phase)
    assert not net.report
    if net.nodes:
        in_test = "fc8_box" if path.stem in ("vgg16_scr", "vgg16_pcr") else "prob"
        assert net.outputs == ["loss" if phase == "TRAIN" else in_test]
        assert net.definition.expects


def blobs_and_weights(net: Net) -> tuple[object, ...]:
    return net.blobs, net.params, net.outputs


def test_resnet50_is_the_published_net(shared: Path) -> None:
    published = netdef.load(
        shared / "corpus/prototxt/KaimingHe__deep-residual-networks/prototxt/ResNet-50-deploy.prototxt"
    )
    assert blobs_and_weights(netdef.load(NETS / "resnet50.net")) == blobs_and_weights(published)


def test_alexnet_and_lenet_are_the_published_nets(shared: Path) -> None:
    caffe = shared / "corpus/prototxt/BVLC__caffe"
    for name, path in (("alexnet", "models/bvlc_alexnet/deploy"), ("lenet", "examples/mnist/lenet")):
        published = netdef.load(caffe / f"{path}.prototxt")
        batch = next(iter(published.inputs.values()))[0]
        assert isinstance(batch, int)
        ours = netdef.load(NETS / f"{name}.net", set={"N": batch})
        assert blobs_and_weights(ours) == blobs_and_weights(published)


def test_vgg_names_are_those_of_the_published_models(shared: Path) -> None:
    """The authors' own files are V1, whose names stand in the text."""
    text = (shared / "corpus/prototxt/mqingkui__vgg-prototxt/VGG_ILSVRC_16_layers_deploy.prototxt").read_text()
    net = netdef.load(NETS / "vgg16.net")
    for node in net.nodes:
        assert f'"{node.name}"' in text
    for blob in net.blobs:
        assert f'"{blob}"' in text
