"""What the data that are there say of the tops of the layers that name them.

Only heads are read: of a list its first lines, of an HDF5 file the shapes, of a database its first record. So a net is
checked with the sizes that it will have, however large its data are. Nothing here raises for what is wrong with data:
a size that they don't tell is guessed, and the reason stands beside the guess.
"""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from netdef.compiler.data_files.first_datum import first_image
from netdef.compiler.data_files.hdf5 import read_piece
from netdef.compiler.data_files.image_header import read_header
from netdef.compiler.data_files.look_up import first_line, first_lines, found_file, image_path
from netdef.compiler.diagnostics import Diagnostic, Report
from netdef.compiler.layers.base import Layer
from netdef.compiler.layers.data import Data, HDF5Data, ImageData, WindowData, transform_of
from netdef.compiler.net.definition import Definition, LayerDefinition
from netdef.compiler.net.filter import is_in, state_in
from netdef.compiler.net_error import NetError
from netdef.compiler.schema.caffe import State
from netdef.compiler.schema.message import Refusal
from netdef.compiler.shape import Shapes, show
from netdef.compiler.weights.formats.binaryproto import mean_shape

_Reading = Data | ImageData | HDF5Data | WindowData
"""Those that read what ``_READ`` looks at."""


_MOST_FILES = 100
"""Files of a list that are looked into, of those that follow each other at its head."""


class FoundSizes(NamedTuple):
    """What data tell, by layer.

    samples   the shape of one sample of each top, or of the first ones
    untold    of data that are there, why they tell no size
    misfits   what is there and can't be: a mean of other images, files of other rows
    """

    samples: Mapping[str, Shapes]
    untold: Mapping[str, str]
    misfits: Mapping[str, Refusal]


def find_sizes(definition: Definition, state: State) -> FoundSizes:
    """What the data tell of the layers of a net in some state, as far as they are there."""
    samples: dict[str, Shapes] = {}
    untold: dict[str, str] = {}
    home = Path(definition.path).parent
    state = state_in(definition, state)
    for each, layer in _asking(definition, state):
        name = each.frame.name
        try:
            found = _READ[type(layer)](each, layer, home)
        except NetError as error:
            untold[name] = _reason(error.report.errors[0])
        except (OSError, UnicodeDecodeError) as error:
            untold[name] = f"its data can't be read: {error}"
        else:
            if found is not None:
                samples[name] = found
    return FoundSizes(samples, untold, dict(_misfits(definition, state, samples, home)))


def _misfits(
    definition: Definition, state: State, samples: Mapping[str, Shapes], home: Path
) -> Iterator[tuple[str, Refusal]]:
    """By layer, what Caffe refuses of means, which have the size of images before any crop; and files that differ."""
    for each, layer in _data_layers(definition, state):
        if isinstance(layer, HDF5Data):
            if (misfit := _misfit_of_hdf5(each, layer, samples, home)) is not None:
                yield each.frame.name, misfit
            continue
        found = samples.get(each.frame.name)
        is_known = found is not None or (layer.resized and layer.forced_channels)
        path = found_file(transform_of(layer).mean_file, home) if isinstance(layer, Data | ImageData) else None
        if not is_known or path is None or not path.is_file():
            continue
        image = layer.seen(found[0] if found else (0, 0, 0))
        try:
            mean = mean_shape(path)
        except (NetError, OSError):
            continue  # damaged: said by whoever reads its numbers
        if mean != image:
            message = f"the mean in {path} is {show(mean)}, and images are {show(image)}"
            help = "make the mean of the same images: Caffe's compute_image_mean does"
            yield each.frame.name, Refusal("N775", message, at="transform", help=help)


def _misfit_of_hdf5(
    definition: LayerDefinition, layer: HDF5Data, samples: Mapping[str, Shapes], home: Path
) -> Refusal | None:
    """What is wrong with the files behind the first of a list: they lack a blob, or have it in another shape."""
    listing, first = found_file(layer.source, home), samples.get(definition.frame.name)
    if listing is None or first is None:
        return None
    names = definition.frame.top
    before, *others = first_lines(listing, _MOST_FILES)
    for path in filter(None, (found_file(other, home) for other in others)):
        try:
            shapes = read_piece(path, names).shapes
        except NetError as error:
            said = error.report.errors[0]
            return Refusal(said.code, said.message, at="source", help=said.help)
        for name, shape, known in zip(names, shapes, first, strict=True):
            if shape != known:
                message = f"rows of {name} are {show(shape)} in {path}, and {show(known)} in {before}"
                return Refusal("N773", message, at="source", help="rows of all files must have one shape")
    return None


def _asking(definition: Definition, state: State) -> Iterator[tuple[LayerDefinition, _Reading]]:
    """The layers in the net whose tops depend on the size of their data, or that cut something out of them."""
    return ((each, layer) for each, layer in _data_layers(definition, state) if not layer.resized)


def _data_layers(definition: Definition, state: State) -> Iterator[tuple[LayerDefinition, _Reading]]:
    for each in definition.layers:
        if isinstance(each.layer, _Reading) and is_in(each, state, Report()):
            yield each, each.layer


def _reason(said: Diagnostic) -> str:
    return f"{said.message} ({said.help})" if said.code == "N010" else said.message


# ---- each reads what its type names: None if that isn't there
def _of_database(definition: LayerDefinition, layer: Data, home: Path) -> Shapes | None:
    path = found_file(layer.source, home)
    return _of_mean(layer, home) if path is None else (first_image(path),)


def _of_listing(definition: LayerDefinition, layer: ImageData, home: Path) -> Shapes | None:
    path = found_file(layer.source, home)
    if path is None:
        return _of_mean(layer, home)
    name, _, _ = first_line(path).rpartition(" ")
    image = image_path(name, path, layer.root_folder or None)
    if not Path(image).is_file():
        return _of_mean(layer, home)
    header = read_header(image)
    if header is None:
        raise OSError(f"{image} is no image that can be read")
    return (tuple(header),)


def _of_hdf5(definition: LayerDefinition, layer: HDF5Data, home: Path) -> Shapes | None:
    listing = found_file(layer.source, home)
    if listing is None:
        return None
    path = found_file(first_line(listing), home)
    return None if path is None else read_piece(path, definition.frame.top).shapes


def _of_mean(layer: Data | ImageData, home: Path) -> Shapes | None:
    """Where images are absent, their mean may be there: it has their size, before any crop."""
    path = found_file(transform_of(layer).mean_file, home)
    return None if path is None or not path.is_file() else (mean_shape(path),)


def _of_windows(definition: LayerDefinition, layer: WindowData, home: Path) -> Shapes | None:
    """The size of the first image: of each the list says its number, its path, its channels, height and width."""
    path = found_file(layer.source, home)
    if path is None:
        return None
    numbers = first_lines(path, 5)[2:]
    if len(numbers) < 3 or not all(number.isdecimal() for number in numbers):
        raise OSError(f"{path} is no list of windows")
    return (tuple(map(int, numbers)),)


_READ: dict[type[Layer], Callable[[LayerDefinition, Any, Path], Shapes | None]] = {
    Data: _of_database,
    ImageData: _of_listing,
    HDF5Data: _of_hdf5,
    WindowData: _of_windows,
}
