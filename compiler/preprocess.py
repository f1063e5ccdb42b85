"""How an image becomes a net's input, whoever says it: ``preprocess { }``, a data layer's ``transform_param``, a run.

1. The image is decoded to bytes, red before blue, and gets as many channels as the input has.
2. It is resized: by its shorter side, or to a height and width whatever its shape.
3. A window is cut out of it and perhaps mirrored; where, is the business of who feeds the net.
4. The channels get their order, and the values 0 to 255 become (x - mean) * scale.

What feeds a net, what a run remembers, an exported model's metadata and generated code all read the one value made
here. Numbers that are fed as they are stored have none.
"""

from collections.abc import Callable, Container, Mapping
from math import inf
from typing import Any, NamedTuple

from netdef.compiler.schema.caffe import Channels, Preprocess, Transform
from netdef.compiler.shape import Pair

OF_A_LAYER = ("mean_file", "resize_to", "mirror")
"""What only data layers say; data for JSON have it only where one does."""

OF_NUMBERS = ("channels", "mean", "scale", "mean_file")
"""What is said of values, whatever the window."""


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and -inf < value < inf


def _is_side(value: object) -> bool:
    return value is None or (type(value) is int and 0 < value < 2**31)


def _is_list(value: object, of: Callable[[object], bool], lengths: Container[int]) -> bool:
    return isinstance(value, list | tuple) and len(value) in lengths and all(map(of, value))


_IS_SOUND: dict[str, Callable[[object], bool]] = {
    "channels": lambda value: isinstance(value, str),
    "mean": lambda value: _is_list(value, _is_number, range(2**10)),
    "scale": _is_number,
    "resize": _is_side,
    "crop": _is_side,
    "labels": lambda value: value is None or isinstance(value, str),
    "mean_file": lambda value: isinstance(value, str),
    "resize_to": lambda value: value is None or _is_list(value, _is_side, (2,)),
    "mirror": lambda value: isinstance(value, bool),
}
"""What a field's value is in JSON."""


class Preprocessing(NamedTuple):
    """What is done to an image.

    channels    the order of the channels
    mean        subtracted, in the channels' order: none, one value for all, or one for each
    scale       times the values, after the mean
    resize      the shorter side before the window is cut, in pixels
    crop        the window's side where the net says it, in pixels; else the input's own size is the window
    labels      a text file with the class names
    mean_file   a ``.binaryproto`` with a mean for each pixel, in the place of ``mean``
    resize_to   the size to which images are brought first whatever their shape, (H, W) in pixels
    mirror      whether every second window is mirrored, in tests too, as Caffe's data layers do
    """

    channels: Channels = Channels.BGR
    mean: tuple[float, ...] = ()
    scale: float = 1.0
    resize: int | None = None
    crop: int | None = None
    labels: str | None = None
    mean_file: str = ""
    resize_to: Pair | None = None
    mirror: bool = False

    @property
    def as_data(self) -> dict[str, Any]:
        """Plain values for JSON."""
        told = {name: value for name, value in self._asdict().items() if value or name not in OF_A_LAYER}
        return told | {"channels": self.channels.name, "mean": list(self.mean)}

    @property
    def of_numbers(self) -> dict[str, Any]:
        """The same of the numbers alone: what step 4 does."""
        return {name: value for name, value in self.as_data.items() if name in OF_NUMBERS}

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> "Preprocessing":
        """The same back; what the data don't say is as by default.

        Raises:
            KeyError, TypeError, ValueError: if they are none of ours.
        """
        if not all(_IS_SOUND[name](data[name]) for name in cls._fields if name in data):
            raise ValueError("a value is of another kind")
        told = {name: data[name] for name in cls._fields if name in data}
        if told.get("resize_to") is not None:
            told["resize_to"] = Pair(*told["resize_to"])
        return cls(**told | {"channels": Channels[data["channels"]], "mean": tuple(data.get("mean", ()))})

    @property
    def text(self) -> str:
        """What says the same of the numbers in a net."""
        if self.mean_file:
            return f'transform_param {{ mean_file: "{self.mean_file}" scale: {self.scale:g} }}'
        mean = ", ".join(f"{value:g}" for value in self.mean)
        return f"preprocess {{ channels: {self.channels.name} mean: [{mean}] scale: {self.scale:g} }}"


def of_net(said: Preprocess) -> Preprocessing:
    """What a net's ``preprocess { }`` says."""
    return Preprocessing(said.channels, said.mean, said.scale, said.resize, said.crop, said.labels)


def of_transform(said: Transform, num_channels: int, resize_to: Pair | None = None) -> Preprocessing:
    """What a data layer's ``transform_param`` says of images with 1 or 3 channels; Caffe's own order is blue first."""
    return Preprocessing(
        channels=Channels.BGR if num_channels == 3 else Channels.GREY,
        mean=said.mean_value,
        scale=said.scale,
        crop=said.crop_size or None,
        mean_file=said.mean_file,
        resize_to=resize_to,
        mirror=said.mirror,
    )
