"""The forks of Caffe that layer types are of, by the word that ``origin: "segnet"`` and ``--origin`` take.

One name may mean several things in them (BN, Upsample, Normalize). Where neither the layer nor its net tells which,
the fork that stands first here is taken.
"""

from typing import NamedTuple


class Fork(NamedTuple):
    """A copy of Caffe with layer types of its own.

    repository  where it is, as people know it
    of          the forks that it was made from, whose types it has too
    """

    repository: str
    of: tuple[str, ...] = ()


BVLC = "bvlc"
OWN = "own"
"""What the types of a user's own files are of, unless they say more."""

ORIGINS = {
    BVLC: Fork("BVLC/caffe"),
    "ssd": Fork("weiliu89/caffe, branch ssd"),
    "rcnn": Fork("rbgirshick/caffe-fast-rcnn"),
    "rfcn": Fork("daijifeng001/caffe-rfcn", of=("rcnn",)),
    "mnc": Fork("daijifeng001/caffe-mnc", of=("rcnn",)),
    "mini-caffe": Fork("luoyetx/mini-caffe", of=("rfcn", "rcnn", "ssd")),
    "frcnn": Fork("makefile/frcnn", of=("rfcn", "rcnn")),
    "mscnn": Fork("zhaoweicai/mscnn", of=("rcnn",)),
    "cascade-rcnn": Fork("zhaoweicai/cascade-rcnn", of=("mscnn", "rcnn")),
    "ctpn": Fork("tianzhi0549/CTPN", of=("rcnn",)),
    "intel": Fork("intel/caffe", of=("ssd", "rfcn", "rcnn")),
    "tsn": Fork("yjxiong/caffe"),
    "pspnet": Fork("hszhao/PSPNet", of=("deeplab",)),
    "deeplab": Fork("cdmh/deeplab-public-ver2"),
    "segnet": Fork("alexgkendall/caffe-segnet"),
    "crf-rnn": Fork("torrvision/crfasrnn"),
    "yolo": Fork("eric612/MobileNet-YOLO", of=("ssd",)),
    "mobilenet-ssd": Fork("chuanqi305/ssd", of=("ssd",)),
    "senet": Fork("hujie-frank/SENet"),
    "shufflenet": Fork("farmingyard/ShuffleNet"),
    "depthwise": Fork("yonghenglh6/DepthwiseConvolution"),
    "happynear": Fork("happynear/caffe-windows"),
    "caffe-zf": Fork("zhanglaplace/Caffe-ZF", of=("rcnn",)),
    "caffe-face": Fork("ydwen/caffe-face"),
    "sphereface": Fork("wy1iu/sphereface"),
    "chenglongchen": Fork("ChenglongChen/caffe-windows"),
    "caffe-lstm": Fork("junhyukoh/caffe-lstm"),
    "c3d": Fork("facebook/C3D"),
    "conv-lstm": Fork("agethen/ConvLSTM-for-Caffe"),
    "flownet": Fork("lmb-freiburg/flownet2"),
    "fcn": Fork("shelhamer/fcn.berkeleyvision.org"),
    "hed": Fork("s9xie/hed"),
    "cpm": Fork("CMU-Perceptual-Computing-Lab/caffe_train"),
    "caffeonspark": Fork("yahoo/CaffeOnSpark"),
    "nvidia": Fork("NVIDIA/caffe"),
    "synopsys": Fork("foss-for-synopsys-dwc-arc-processors/synopsys-caffe", of=("ssd",)),
    "public copies": Fork("copies that many repositories have"),
    "other copies": Fork("copies that fewer have, of the same names"),
}


def is_of(fork: str, origin: str) -> bool:
    """Whether a fork has the types of an origin: it is that, or was made from it."""
    return fork == origin or (fork in ORIGINS and origin in ORIGINS[fork].of)


def said(origin: str) -> str:
    """An origin for people: the word, and where its fork is."""
    return f"{origin} ({ORIGINS[origin].repository})" if origin in ORIGINS else origin


def rank(origin: str) -> int:
    """What is taken first where nothing tells: a user's own type, then by this table."""
    return [*ORIGINS].index(origin) if origin in ORIGINS else -1
