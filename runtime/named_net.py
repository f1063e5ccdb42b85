"""A net as people name it with its weights: by a file, or by the folder of a run, which stands for both.

What a run's tests were like is known from its manifest: the net and its state (``--set``, ``--stage``), how data met it
(``--input``, ``--scores``), how large images were made, and which data they were. What is said beside a net's file
holds; what isn't said is as in the run, where the file is the run's. Files with code (``--load``) are never taken from
a manifest.

Law: torch is not imported.
"""

import shlex
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from netdef.compiler.diagnostics import Diagnostic
from netdef.compiler.net_error import NetError
from netdef.compiler.request import NetRequest, Request
from netdef.compiler.shape import show
from netdef.compiler.weights.formats.manifest import read_manifest
from netdef.runtime.requests import DataRequest
from netdef.runtime.trained_run import TrainedRun, trained_run

FLAGS = {
    "stages": "--stage",
    "level": "--level",
    "set": "--set",
    "sizes": "--size",
    "data_size": "--data-size",
    "opaque": "--opaque",
    "origin": "--origin",
    "scores": "--scores",
    "inputs": "--input",
}
"""What of a net's state, and of how data meet it, may be a run's, as people say it."""


class NamedNet(NamedTuple):
    """A net, its weights, and what a run says of both.

    request   the net
    weights   a file, or a run's folder for its best ones
    run       the run that made the weights, if one did
    data      how data meet the net; a run's own data are not in it (``test_data``)
    taken     what is the run's and wasn't said, in words
    """

    request: NetRequest
    weights: str
    run: TrainedRun | None = None
    data: DataRequest = DataRequest()
    taken: tuple[str, ...] = ()

    def as_in_tests(self, *, resized: bool, data: bool) -> str | None:
        """A line about what is taken from the run's manifest; None if nothing is.

        ``resized`` says that images are made as large as in the run, and ``data`` that they are the run's.
        """
        if self.run is None:
            return None
        parts = [*self.taken]
        if resized and self.run.is_fed_images:
            shown = self.run.preprocess
            if shown.resize_to is not None:
                parts.append(f"images brought to {show(shown.resize_to)}")
            elif shown.resize is not None:
                parts.append(f"images with a shorter side of {shown.resize}")
        if data and (named := self.run.data.test_data or self.run.data.data):
            parts.append(f"the images of {named}")
        return f"{self.run.folder}: as in its tests: {', '.join(parts)}" if parts else None


def named_net(request: NetRequest, weights: str, data: DataRequest | None = None) -> NamedNet:
    """A net with its weights, where its file is named, or the folder of a run in the file's place.

    Args:
        request: the net.
        weights: a file, or a run's folder.
        data: how data meet the net, as far as that is said.

    Raises:
        NetError: if the folder is no run's, or doesn't say what net it is of.
    """
    data = DataRequest() if data is None else data
    run = trained_run(weights)
    is_folder = Path(request.file).is_dir()
    own = run if not is_folder or request.file == weights else trained_run(request.file)
    told = None if own is None else own.net
    if told is None:
        if is_folder:
            read_manifest(Path(request.file))  # refuses what is no run
            help = "name the net's file, and the folder with --weights"
            raise NetError(Diagnostic("N882", f"{request.file} doesn't say what net it is of", help=help))
        return NamedNet(request, weights, run, data)
    if not is_folder and not _is_same_file(request.file, told.file):
        return NamedNet(request, weights, run, data)
    assert own is not None
    net = request.replace(file="" if is_folder else request.file).over(told)
    met = _met_as(data, own)
    taken = ([net.file] if is_folder else []) + [*_changed(request, net), *_changed(data, met)]
    return NamedNet(net, weights, run, met, tuple(taken))


def _met_as(data: DataRequest, run: TrainedRun) -> DataRequest:
    """How data meet the net: what isn't said is as in the run, if that tells what it was asked for."""
    with suppress(NetError):  # whoever needs the run's data is told
        return data.replace(inputs=data.inputs or run.data.inputs, scores=data.scores or run.data.scores)
    return data


def _is_same_file(one: str, other: str) -> bool:
    return Path(one).resolve() == Path(other).resolve()


def _changed(said: Request, laid: Request) -> Iterator[str]:
    """What is not as it was said, in words: ``--set N=2``."""
    for name, flag in FLAGS.items():
        value = getattr(laid, name, None)
        if value == getattr(said, name, None):
            continue
        if isinstance(value, Mapping):
            yield from (f"{flag} {shlex.quote(f'{key}={_word(inner)}')}" for key, inner in value.items())
        else:
            values = value if isinstance(value, tuple) else (value,)
            yield from (f"{flag} {shlex.quote(str(each))}" for each in values)


def _word(value: object) -> str:
    return "x".join(map(str, value)) if isinstance(value, tuple) else str(value)
