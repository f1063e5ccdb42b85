"""Nets of forks, and faulty ones: what BVLC Caffe refuses compiles here, or is refused for the reason given.

``oracle/shapes.jsonl`` has pairs of net and phase, with BVLC Caffe's reason where it refuses one. It stops at the first
fault; a net with a fork's field may have others behind it.
"""

import json
from pathlib import Path
from typing import NamedTuple

import pytest

import netdef


class Why(NamedTuple):
    """Nets that are refused for one reason.

    code   of a message that says so
    nets   files, each with its phases; ``*`` for both
    """

    code: str
    nets: dict[str, str]


FAULTS = {
    "a blob that only the other phase has, or a stage that must be named": Why(
        "N501",
        {
            "BVLC__caffe/examples/mnist/mnist_autoencoder.prototxt": "TEST",
            "LisaAnne__lisa-caffe-public/examples/LRCN_activity_recognition/deploy_lstm.prototxt": "TRAIN",
            "LisaAnne__lisa-caffe-public/examples/LRCN_activity_recognition/train_test_lstm_RGB.prototxt": "TEST",
            "LisaAnne__lisa-caffe-public/examples/LRCN_activity_recognition/train_test_singleFrame_flow.prototxt": (
                "TEST"
            ),
            "Nortinwell__VGG-depthwise-SSD/test.prototxt": "TRAIN",
            "chuanqi305__MobileNet-SSD/train.prototxt": "TEST",
            "chuanqi305__MobileNet-SSD/voc/MobileNetSSD_test.prototxt": "TRAIN",
            "eric612__MobileNet-YOLO/models/darknet/darknet19_test.prototxt": "TRAIN",
            "eric612__MobileNet-YOLO/models/mobilenetv2_voc/ssd_lite/train.prototxt": "TEST",
            "eric612__MobileNet-YOLO/models/mobilenetv3_voc/train_AE.prototxt": "TEST",
            "eric612__MobileNet-YOLO/models/tusimple/mobilenet_yolov3_lite_train.prototxt": "TEST",
            "gustavla__caffe-weighted-samples/examples/mnist/mnist_autoencoder.prototxt": "TEST",
            "jay-mahadeokar__pynetbuilder/models/voc2007_ssd/resnet_50/test.prototxt": "TRAIN",
            "yahoo__CaffeOnSpark/data/lrcn_cos.prototxt": "*",
        },
    ),
    "sizes that don't fit, with the images that were assumed for absent data": Why(
        "N206",
        {
            "BVLC__caffe/examples/mnist/mnist_autoencoder.prototxt": "TRAIN",
            "ChenglongChen__caffe-windows/examples/kaggle-bowl/caffe_windows/model/"
            "vgg_googlenet_maxout_48x48_test.prototxt": "*",
            "MasazI__crfasrnn-training/TVG_CRFRNN_COCO_VOC_TRAIN_3_CLASSES.prototxt": "*",
            "gustavla__caffe-weighted-samples/examples/mnist/mnist_autoencoder.prototxt": "TRAIN",
        },
    ),
    "a shared weight of two shapes, or of two rates": Why(
        "N507",
        {
            "BVLC__caffe/examples/siamese/mnist_siamese_train_test.prototxt": "*",
            "JasonTam__ndsb2015/config/train_val_pl.prototxt": "TRAIN",
            "gustavla__caffe-weighted-samples/examples/siamese/mnist_siamese_train_test.prototxt": "*",
        },
    ),
    "a placeholder that nobody filled": Why(
        "N410",
        {
            "chuanqi305__MobileNet-SSD/template/MobileNetSSD_deploy_template.prototxt": "*",
            "feiranwang__survival/train_val.prototxt": "*",
        },
    ),
    "V1 and V2 in one net": Why(
        "N411",
        {
            "dgschwend__netscope/presets/fcn-16s.prototxt": "*",
            "dgschwend__netscope/presets/vgg-16.prototxt": "*",
        },
    ),
    "V2's types in V1's layers": Why(
        "N416",
        {
            "lim0606__caffe-googlenet-bn/deploy.prototxt": "*",
            "zhanglaplace__Caffe-ZF/face_example/facial-expression/mutlipatch/multi_path_deploy.prototxt": "*",
        },
    ),
    "one field twice": Why("N404", {"eric612__MobileNet-YOLO/models/mobilenetv3_voc/train_AE.prototxt": "TRAIN"}),
    "a Python layer that only its author has": Why(
        "N209",
        {
            "BVLC__caffe/examples/pycaffe/linreg.prototxt": "*",
            "LisaAnne__lisa-caffe-public/examples/LRCN_activity_recognition/train_test_lstm_RGB.prototxt": "TRAIN",
            "SURFZJY__EAST-caffe/models/mbv3/train.prototxt": "*",
            "chenzhenhua986__siamese/train_val.prototxt": "*",
        },
    ),
}
"""The nets' own faults: a person who reads the message mends the net, or says what is missing."""

UNKNOWN = {
    "a type whose meaning no source tells": Why(
        "N209",
        {
            "ALISCIFP__bvlc_alexnet_VReLU/train_val.prototxt": "*",
            "bpinaya__DetectNetCars/original.prototxt": "TRAIN",
            "dgschwend__netscope/presets/fasterRCNN_ResNet.prototxt": "*",
            "eric612__MobileNet-YOLO/models/tusimple/mobilenet_yolov3_lite_train.prototxt": "TRAIN",
        },
    ),
    "a fork's further bottoms of a type, or fewer": Why(
        "N503",
        {
            "daijifeng001__MNC/models/VGG16/mnc_5stage/train.prototxt": "*",
            "yihui-he__channel-pruning/temp/resnet-50-cp.prototxt": "*",
        },
    ),
    "a fork's InnerProduct whose weight is a bottom": Why(
        "N408", {"happynear__NormFace/draw/figure2/lenet_NCA_nonorm.prototxt": "*"}
    ),
}
"""Types and fields of forks that netdef doesn't read."""


def pairs(table: dict[str, Why]) -> dict[tuple[str, str], str]:
    """The code that a table gives each net and phase."""
    rows = ((net, phases, why.code) for why in table.values() for net, phases in why.nets.items())
    return {
        (net, phase): code
        for net, phases, code in rows
        for phase in (("TRAIN", "TEST") if phases == "*" else (phases,))
    }


def codes(file: Path, phase: str) -> set[str]:
    """The codes of what is wrong with a net."""
    try:
        netdef.load(file, phase=phase)
    except netdef.NetError as error:
        return {diagnostic.code for diagnostic in error.report.errors}
    return set()


@pytest.fixture(scope="module")
def outcomes(shared: Path) -> dict[tuple[str, str], set[str]]:
    """What is wrong with each net that BVLC Caffe refuses, by net and phase."""
    lines = map(json.loads, (shared / "oracle/shapes.jsonl").read_text("utf-8").splitlines())
    refused = [(line["file"], line["phase"]) for line in lines if "refused" in line]
    return {(net, phase): codes(shared / "corpus/prototxt" / net, phase) for net, phase in refused}


def test_each_is_refused_for_its_reason(outcomes: dict[tuple[str, str], set[str]]) -> None:
    known = pairs(FAULTS) | pairs(UNKNOWN)
    assert {pair for pair, found in outcomes.items() if found} == known.keys()
    assert {pair for pair, code in known.items() if code not in outcomes[pair]} == set()


def test_most_nets_of_forks_compile(outcomes: dict[tuple[str, str], set[str]]) -> None:
    """Of those without a fault of their own."""
    compiled = sum(not found for found in outcomes.values())
    assert compiled / (compiled + len(pairs(UNKNOWN))) >= 0.85
