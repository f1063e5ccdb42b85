"""A trained net, ready for images: what predict, evaluate, features and boxes share.

Whoever has one can ask for its blob for images; what the blob means is said by the rooms that ask.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Any, NamedTuple, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from netdef.compiler.analysis.judged import made_from
from netdef.compiler.diagnostics import Diagnostic, Severity
from netdef.compiler.net.net import Net
from netdef.compiler.net_error import NetError
from netdef.compiler.preprocess import Preprocessing
from netdef.compiler.shape import Pair, Shape, known
from netdef.compiler.weights.formats.binaryproto import read_mean
from netdef.compiler.weights.formats.files import NamedWeights, open_named
from netdef.runtime.data.crop import ImageCrop, with_channels
from netdef.runtime.data.datasets.dataset import ImageArray
from netdef.runtime.data.feed import Feed, bind, crop_of
from netdef.runtime.data.layer_crop import LayerCrop
from netdef.runtime.data.normalise import MeanImage, Normalise, Normaliser
from netdef.runtime.data.random_draws import NO_DRAWS
from netdef.runtime.hardware.devices import device_of
from netdef.runtime.lower_net import lower
from netdef.runtime.module import NetModule
from netdef.runtime.trained_run import TrainedRun, trained_run


class NumbersFrom(StrEnum):
    """Who says how the bytes of an image become the net's numbers."""

    PREPROCESS = "the net's preprocess"
    RUN = "the run's manifest"
    DATA_LAYERS = "the net's data layers"
    NOBODY = "nobody: bytes as they are"


class Origin(NamedTuple):
    """Where the parts of a trained net come from.

    weights   the file or the run's folder that was named, and ``file`` the one that has the weights
    run       the run that made the weights, if one did
    numbers   who says how bytes become numbers
    """

    weights: str = ""
    file: str = ""
    run: TrainedRun | None = None
    numbers: NumbersFrom = NumbersFrom.NOBODY


UNKNOWN = Origin()
"""Where nobody said anything."""


@dataclass(frozen=True, kw_only=True, eq=False)
class TrainedNet:
    """A net with weights for all of its layers, and how images reach it.

    module       the net in phase TEST, on its device
    blob         what is wanted of it: class scores, boxes, or any blob that describes an image
    feed         how images are cut and become its numbers
    gives_boxes  whether the blob holds boxes
    classes      their names in the order of the labels, where a run tells; else none
    precision    what convolutions and products compute in, where it isn't float32
    origin       where all this comes from
    found        what was found while it was opened, beside the net's own warnings
    """

    module: NetModule
    blob: str
    feed: Feed
    gives_boxes: bool = False
    classes: tuple[str, ...] = ()
    precision: torch.dtype | None = None
    origin: Origin = UNKNOWN
    found: tuple[Diagnostic, ...] = ()

    def replace(self, **changes: Any) -> Self:
        """The same with some fields changed."""
        return replace(self, **changes)

    @property
    def net(self) -> Net:
        """The net."""
        return self.module.net

    @property
    def warnings(self) -> tuple[Diagnostic, ...]:
        """The net's own, and those that were found while it was opened."""
        return (*self.net.report, *self.found)

    @property
    def path(self) -> str:
        """The net's file, for people."""
        return self.net.definition.path

    @property
    def device(self) -> torch.device:
        """Where it computes."""
        return next(iter(self.module.parameters())).device

    @property
    def input(self) -> str:
        """The blob that takes images."""
        return self.feed.blobs["data"]

    @property
    def window(self) -> ImageCrop:
        """How an image is cut to the net's window."""
        assert isinstance(self.feed.crop, ImageCrop)  # only data that their own layers read have another
        return self.feed.crop

    @property
    def resize(self) -> int | None:
        """The shorter side to which images are brought before they are cut, in pixels, if they are."""
        return self.feed.crop.resize if isinstance(self.feed.crop, ImageCrop) else None

    @property
    def shape(self) -> Shape:
        """The blob's, as the net was loaded."""
        return self.net.shapes[self.blob]

    @property
    def num_channels(self) -> int:
        """The blob's: the classes scored, or the numbers of all boxes."""
        return known(self.shape[1])

    @property
    def num_classes(self) -> int | None:
        """Those scored, or those with a box each; None if there is one box for all."""
        if not self.gives_boxes:
            return self.num_channels
        return None if self.num_channels == 4 else self.num_channels // 4

    @property
    def trained_scale(self) -> list[int]:
        """The shorter side of images in training, or the ends of its interval, where a run tells."""
        if self.origin.run is None:
            return []
        own = self.net.preprocess.resize if self.net.preprocess else None
        return self.origin.run.scale or ([own] if own else [])

    def compute(self, fed: Mapping[str, Tensor]) -> Tensor:
        """The blob for the net's inputs, in float32."""
        return self.blobs([self.blob], fed)[self.blob]

    def blobs(self, wanted: Sequence[str], fed: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Some blobs for the net's inputs, by name, in float32."""
        if self.device.type == "cuda":
            fed = {name: _channels_last(tensor) for name, tensor in fed.items()}
        with torch.autocast(self.device.type, self.precision, enabled=self.precision is not None):
            return {name: blob.float() for name, blob in self.module.blobs(wanted, **fed).items()}

    def values(self, images: Tensor) -> Tensor:
        """The blob for images (N, H, W, C) of bytes on the net's device."""
        return self.compute({self.input: self.feed.normalise(images)})

    @torch.inference_mode()
    def values_of(self, image: ImageArray) -> NDArray[np.float64]:
        """The blob for one image: of the net's window, or of any size if the net is dense; without the batch's axis."""
        found: NDArray[np.float64] = self.values(self._pixels(image))[0].double().cpu().numpy()
        return found

    def inputs_of(self, image: ImageArray) -> dict[str, NDArray[np.float32]]:
        """What the net is fed of one image: the window that is cut out of it, as numbers (1, C, H, W)."""
        window = self._pixels(self.window.of(image, NO_DRAWS))
        return {self.input: self.feed.normalise(window).cpu().numpy()}

    def _pixels(self, image: ImageArray) -> Tensor:
        """The bytes of an image (1, H, W, C) on the net's device."""
        return torch.from_numpy(with_channels(image, self.window.num_channels)[None].copy()).to(self.device)

    def check(self, size: Pair) -> None:
        """Raise ``NetError`` where the net can't take images of a size."""
        channels = known(self.net.inputs[self.input][1])
        self.module.check([self.blob], **{self.input: torch.empty(1, channels, *size, device="meta")})


def open_trained(
    net: Net,
    weights: str,
    blob: str,
    *,
    gives_boxes: bool = False,
    device: str | None = None,
    inputs: Mapping[str, str] | None = None,
    feed: Feed | None = None,
    images_alone: bool = True,
    bf16_on_gpu: bool = False,
    opened: NamedWeights | None = None,
) -> TrainedNet:
    """A net with its weights on a device, ready for images.

    Args:
        net: the net in phase TEST.
        weights: a file, or a run's folder for its best ones.
        blob: what is wanted of the net.
        gives_boxes: whether the blob holds boxes.
        device: ``cpu``, ``cuda`` or ``cuda:1``; by default a GPU if there is one.
        inputs: input blob -> field of the data, where the blob's name doesn't say it.
        feed: how the net's own data layers feed it, if they do. By default images come from outside, and become numbers
            as the net's ``preprocess`` says, else as they did in the run that made the weights, else as they are.
        images_alone: whether the blob is all that is asked of the net; then what else its inputs take isn't fed.
        bf16_on_gpu: whether convolutions and products are computed in bfloat16 where a GPU is.
        opened: the weights, where somebody has opened them already.

    Raises:
        NetError: if there are no weights for a layer, or the net doesn't take images.
    """
    given = opened or open_named(weights)
    module = lower(net, given.weights).to(device_of(device))
    if module.matched.missing:
        message = f"{weights} has no weights for {', '.join(module.matched.missing)}"
        raise NetError(Diagnostic("N907", message, help="weights go by the layer's name; netdef train makes them"))
    run = trained_run(weights)
    numbers = NumbersFrom.DATA_LAYERS
    if feed is None:
        needed = made_from(net, blob).fed if images_alone else None
        feed, numbers = _feed_from_outside(net, run, bind(net, inputs or {}, needed))
    on_gpu = next(iter(module.parameters())).device.type == "cuda"
    return TrainedNet(
        module=module,
        blob=blob,
        feed=feed,
        gives_boxes=gives_boxes,
        classes=run.classes if run else (),
        precision=torch.bfloat16 if bf16_on_gpu and on_gpu else None,
        origin=Origin(weights, given.origin, run, numbers),
        found=(_bytes_as_they_are(net, feed.blobs["data"]),) if numbers is NumbersFrom.NOBODY else (),
    )


def _feed_from_outside(net: Net, run: TrainedRun | None, blobs: dict[str, str]) -> tuple[Feed, NumbersFrom]:
    crop = crop_of(net, blobs["data"])
    if run is not None and (run.is_fed_images or net.preprocess is None):
        shown = run.preprocess
        crop = crop._replace(resize=shown.resize or crop.resize, resize_to=shown.resize_to)
    if net.preprocess is not None:
        return Feed(crop, blobs, Normalise(net.preprocess)), NumbersFrom.PREPROCESS
    if run is not None:
        return Feed(crop, blobs, _normaliser(run.preprocess, crop)), NumbersFrom.RUN
    return Feed(crop, blobs, Normalise(Preprocessing())), NumbersFrom.NOBODY


def _normaliser(preprocess: Preprocessing, crop: ImageCrop) -> Normaliser:
    """What makes numbers of windows out of the middle of images, as in the tests of a run."""
    if not preprocess.mean_file:
        return Normalise(preprocess)
    mean = read_mean(Path(preprocess.mean_file)).astype(np.float32, copy=False)
    return MeanImage(preprocess, mean, LayerCrop("", crop.num_channels, crop.size, crops=True))


def _bytes_as_they_are(net: Net, blob: str) -> Diagnostic:
    """What was done, and how a net says so or something else; nothing is made up that its channels can't have."""
    num_channels = net.inputs[blob][1]
    order = "blue, green, red" if num_channels == 3 else "grey"
    message = f"{net.definition.path} gets bytes as they are, 0 to 255, {order}: it has no preprocess {{ ... }}"
    usual = ", as Caffe's transform_param had it"
    if num_channels == 3:
        usual = ": preprocess { channels: BGR mean: [104, 117, 123] } is usual for Caffe's ImageNet nets"
    help = f"if it was trained so, add preprocess {{ mean: 0 }}; else say what was subtracted{usual}"
    return Diagnostic("N1106", message, help=help, severity=Severity.WARNING)


def _channels_last(tensor: Tensor) -> Tensor:
    return tensor.contiguous(memory_format=torch.channels_last) if tensor.dim() == 4 else tensor
