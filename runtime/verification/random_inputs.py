"""Inputs for trying a net out: random numbers that look like images, and give soft-maxes scores that tell something.

Law: neither onnx nor ONNX Runtime is imported.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from netdef.compiler.analysis.free_axes import shapes_of_values
from netdef.compiler.analysis.judged import whole_numbers_fed
from netdef.compiler.layers.roles import Makes
from netdef.compiler.memory import refuse_too_large
from netdef.compiler.net.net import BlobVersion, Net
from netdef.compiler.shape import Shape, known
from netdef.runtime.module import NetModule

GREATEST_SCORE = 10.0
"""What a soft-max reads at most; trained nets give such scores."""

Arrays = Mapping[str, NDArray[np.float32]]
"""Blobs by name."""


def random_inputs(
    net: Net, shapes: Mapping[str, Shape], seed: int, contrast: float = 1.0
) -> dict[str, NDArray[np.float32]]:
    """Numbers for a net's inputs: images about 0 at the net's scale, whole numbers where such are read, and else noise.

    Raises:
        NetError: where one doesn't fit this machine, or a layer can't have such a size.
    """
    for name, shape in shapes.items():
        refuse_too_large(name, shape)
    random = np.random.default_rng(seed)
    scale = contrast * (1.0 if net.preprocess is None else net.preprocess.scale)
    inferred = shapes_of_values(net, shapes, {"N": next((shape[0] for shape in shapes.values() if shape), 1)})
    numbers = whole_numbers_fed(net, inferred)
    made: dict[str, NDArray[np.float32]] = {}
    for name, shape in shapes.items():
        size = [known(dim) for dim in shape]
        if name in numbers:
            made[name] = numbers[name].fed(random.integers(0, numbers[name].num, size)).astype(np.float32)
        elif len(shape) == 4:
            made[name] = ((random.integers(0, 256, size) - 127.5) * scale).astype(np.float32)
        else:
            made[name] = random.standard_normal(size, np.float32)
    return made


def contrast_of(module: NetModule, inputs: Arrays) -> float:
    """How much of an image's contrast leaves every soft-max scores that tell something.

    A soft-max turns the last bits of scores of some hundred into probabilities of 0 or 1, and no two ways to add the
    same numbers agree on them.
    """
    scores = [blob.id for blob in read_by_softmax(module.net)]
    greatest = max((float(np.abs(s).max()) for s in by_pytorch(module, scores, inputs).values()), default=0.0)
    return min(1.0, GREATEST_SCORE / greatest) if np.isfinite(greatest) and greatest else 1.0


def read_by_softmax(net: Net) -> list[BlobVersion]:
    """The blobs that soft-maxes read, but for inputs."""
    fed = {top.id for node in net.nodes if node.layer.fed for top in node.tops}
    read = [node.scores for node in net.nodes if node.layer.makes is not Makes.MEASURE]
    return [scores for scores in read if scores is not None and scores.id not in fed]


def by_pytorch(module: NetModule, wanted: Sequence[str], inputs: Arrays) -> Arrays:
    """Some blobs of the module's, by name, at its first pass."""
    module.forget()
    with torch.inference_mode():
        blobs = module.blobs(wanted, **{name: torch.from_numpy(array) for name, array in inputs.items()})
    return {name: blob.numpy() for name, blob in blobs.items()}
