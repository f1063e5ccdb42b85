"""The probability of each class for each image, and what is made of those of several nets."""

from collections.abc import Iterable, Sequence
from itertools import chain
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from netdef.compiler.diagnostics import Diagnostic
from netdef.compiler.layers.roles import Makes
from netdef.compiler.net.net import Net
from netdef.compiler.net_error import NetError
from netdef.runtime.data.datasets.dataset import same_files
from netdef.runtime.evaluation.errors import Errors, count_errors
from netdef.runtime.evaluation.outputs import Loss
from netdef.runtime.evaluation.protocol import Pool
from netdef.runtime.evaluation.views import ViewValues
from netdef.runtime.hardware.process_group import SINGLE, ProcessGroup
from netdef.runtime.trained import TrainedNet


class Posteriors(NamedTuple):
    """Posteriors of some images of a data set.

    values    (N, scores), from 0 to 1; float64, so that small ones differ, and files give back what was computed
    labels    (N,)
    numbers   (N,): which samples of the data they are, ascending; one may stand several times
    classes   their names; there may be more scores than classes
    made      what made them, as plain values
    paths     the images' files; none where they aren't known
    loss      the net's own loss and scalar outputs over these images, where it was shown them as in training's tests
    """

    values: NDArray[np.float64]
    labels: NDArray[np.int64]
    numbers: NDArray[np.int64]
    classes: tuple[str, ...]
    made: dict[str, Any]
    paths: tuple[str, ...] = ()
    loss: Loss = Loss()

    def errors(self, group: ProcessGroup = SINGLE) -> Errors:
        """How often the label isn't among the likeliest classes, over all processes of a group."""
        own = count_errors(torch.from_numpy(self.values), torch.from_numpy(self.labels))
        total = own._replace(loss=self.loss).over(group)
        if not total.num:
            raise NetError(Diagnostic("N1105", "there is no image whose errors could be counted"))
        return total

    def all_gather(self, group: ProcessGroup) -> "Posteriors":
        """Those of all processes together."""
        parts = group.all_gather((self.values, self.labels, self.numbers, self.paths))
        *arrays, paths = zip(*parts, strict=True)
        values, labels, numbers = map(np.concatenate, arrays)
        order = np.argsort(numbers)
        joined = tuple(chain(*paths))
        return self._replace(
            values=values[order],
            labels=labels[order],
            numbers=numbers[order],
            paths=tuple(joined[place] for place in order) if joined else (),
            loss=self.loss.over(group),
        )


def are_posteriors(net: Net, blob: str) -> bool:
    """Whether a blob comes from a soft-max; other scores are given one."""
    return any(node.layer.makes is Makes.PROBABILITIES and node.tops[0].id == blob for node in net.nodes)


def posterior(values: Tensor, pool: Pool, *, softmaxed: bool) -> Tensor:
    """What (N, K, classes) scores of K windows, or (N, K, classes, h, w) maps, say together: (N, classes), float64.

    The mean over a map's positions, by default before the soft-max, and after it the mean over windows.
    """
    maps = values.double().flatten(3) if values.dim() > 3 else values.double()[..., None]
    if softmaxed or pool is Pool.LOGITS:
        means = maps.mean(3)
        return (means if softmaxed else means.softmax(2)).mean(1)
    return maps.softmax(2).mean((1, 3))


def posteriors_of(trained: TrainedNet, scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """A net's scores (N, classes), or maps of them (N, classes, h, w), as posteriors (N, classes)."""
    softmaxed = are_posteriors(trained.net, trained.blob)
    return posterior(torch.from_numpy(scores)[:, None], Pool.LOGITS, softmaxed=softmaxed).numpy()


def averaged(
    pieces: Iterable[ViewValues], num_pieces: int, shape: tuple[int, int], pool: Pool, *, softmaxed: bool
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """The mean posterior of each sample over ``num_pieces`` pieces, and which samples there are.

    A sample that was shown again has a row for each time, as it counts in the tests of training.

    ``shape`` is the number of samples in the data, and of scores.
    """
    sums = np.zeros(shape)
    counts = np.zeros(shape[0], np.int64)
    for piece in pieces:
        np.add.at(sums, piece.numbers, posterior(piece.values, pool, softmaxed=softmaxed).cpu().numpy())
        np.add.at(counts, piece.numbers, 1)
    times = np.where(counts % num_pieces, 0, counts // num_pieces)
    numbers = np.repeat(np.arange(len(counts)), times)
    return sums[numbers] / counts[numbers, None], numbers


def fused(parts: Sequence[Posteriors]) -> Posteriors:
    """The mean of several nets' posteriors, in the first one's order of the classes.

    Raises:
        NetError: if they are of other images or other classes.
    """
    first, *others = parts
    values = first.values.copy()
    for other in others:
        values += _like(first, other).values
    return first._replace(values=values / len(parts), made={"fused": [part.made for part in parts]}, loss=Loss())


def _like(first: Posteriors, other: Posteriors) -> Posteriors:
    """Posteriors with the classes in the order of others."""
    names = " and ".join(title(part.made) for part in (first, other))
    if strange := sorted(set(first.classes) ^ set(other.classes)):
        raise NetError(Diagnostic("N1103", f"{names} don't go together: only one of them has the class {strange[0]}"))
    if (found := other.values.shape[1]) != first.values.shape[1]:
        raise NetError(Diagnostic("N1103", f"{names} don't go together: {first.values.shape[1]} and {found} scores"))
    new = np.array([first.classes.index(name) for name in other.classes], np.int64)
    place = np.arange(other.values.shape[1])
    place[new] = np.arange(len(new))
    labels = new[other.labels]
    alike = np.array_equal(first.numbers, other.numbers) and np.array_equal(first.labels, labels)
    if not (alike and same_files(first.paths, other.paths)):
        help = "evaluate all nets on the same --data, and leave none of its images out"
        raise NetError(Diagnostic("N1103", f"{names} don't go together: they are of different images", help=help))
    return other._replace(values=other.values[:, place], labels=labels, classes=first.classes)


def title(made: dict[str, Any]) -> str:
    """What to call posteriors: their net's file, or those of a fusion, with the weights where one net took several."""
    if "fused" not in made:
        return str(made["net"])
    names = [title(part) for part in made["fused"]]
    weights = [part.get("weights") for part in made["fused"]]
    pairs = zip(names, weights, strict=True)
    return " + ".join(f"{name} ({file})" if file and names.count(name) > 1 else name for name, file in pairs)
