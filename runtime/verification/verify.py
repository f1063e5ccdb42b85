"""PyTorch against ONNX Runtime, blob by blob: how closely a net's two back ends agree.

The model is written twice: as it is exported, and with every version of every blob as an output, so that the first
layer that differs can be named. Inputs are random numbers that look like images, and real images where a trained net is
given. An error is relative to the greatest
number of PyTorch's blob: max|a - b| / max(1e-3, max|b|).
"""

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import onnx
import onnxruntime
import torch
from numpy.typing import NDArray

from netdef.compiler.analysis.free_axes import allowed, inputs_at, shapes_at, size_of
from netdef.compiler.model_options import OPSET
from netdef.compiler.net.net import Net
from netdef.compiler.net_error import NetError
from netdef.compiler.onnx import save_model
from netdef.compiler.onnx.model import version
from netdef.compiler.shape import Shape, known
from netdef.compiler.temporary import temporary_folder
from netdef.compiler.weights.complete import complete
from netdef.compiler.weights.stored import Weights
from netdef.runtime.console import SILENT, Console
from netdef.runtime.data.datasets.dataset import ImageArray
from netdef.runtime.data.labels import check_fed
from netdef.runtime.lower_net import lower
from netdef.runtime.progress import counting
from netdef.runtime.trained import TrainedNet
from netdef.runtime.verification.certificate import Case, Certificate, Difference
from netdef.runtime.verification.onnx_session import open_session
from netdef.runtime.verification.random_inputs import Arrays, by_pytorch, contrast_of, random_inputs

TOLERANCE = 1e-4
"""The greatest relative error that passes: float32 sums added in another order stay well below."""

FLOOR = 1e-3
"""The least size that an error is compared with, so that blobs of zeros have one."""

BATCHES = (1, 3)


def verify(
    net: Net,
    weights: Weights | None = None,
    *,
    trained: TrainedNet | None = None,
    images: Mapping[str, ImageArray] = MappingProxyType({}),
    dynamic: Sequence[str] | None = None,
    batches: Sequence[int] = BATCHES,
    opset: int = OPSET,
    seed: int = 0,
    tolerance: float = TOLERANCE,
    origin: str = "",
    exported: Sequence[Path] = (),
    console: Console = SILENT,
) -> Certificate:
    """Run a net in PyTorch and in ONNX Runtime, at several sizes, and compare every blob.

    Args:
        net: the net.
        weights: its weights; the fillers' where there are none.
        trained: the same net with these weights, ready for images.
        images: real ones by path, which it is shown, beside the random numbers.
        dynamic: which axes of the inputs are free in the model; all that the net allows if None.
        batches: batch sizes, where the batch is free.
        opset: the version of ONNX's operators.
        seed: of the fillers and of the inputs.
        tolerance: the greatest relative error that passes.
        origin: where the weights came from.
        exported: the files of a model that was written with these settings; one is written if there are none.
        console: who says how far it is.

    Raises:
        NetError: with every layer that one of the two can't do.
    """
    if dynamic is None:
        dynamic = allowed(net)
    module = (lower(net, weights, seed=seed) if trained is None else trained.module).eval()
    values = [top.id for node in net.nodes for top in node.tops if not node.layer.fed]
    sizes = _sizes(net, dynamic, batches)
    contrast = contrast_of(module, random_inputs(net, sizes[0], seed))
    fed: list[Arrays] = [random_inputs(net, shapes, seed, contrast) for shapes in sizes]
    if trained is not None:
        fed += [_batch_of(trained.inputs_of(image), net, dynamic) for image in images.values()]
    for inputs in fed:  # sizes that a layer refuses or no memory holds, in the layers' words, not ONNX Runtime's
        tensors = {name: torch.from_numpy(array) for name, array in inputs.items()}
        module.check(values, **tensors)
        check_fed(module, tensors)
    steps = 2 + 3 * len(fed)  # two models, and each case as exported, in PyTorch, and with every blob
    with temporary_folder() as folder, counting(console, "verifying", steps, "steps") as counter:
        whole, inside = folder / "model.onnx", folder / "every_blob.onnx"
        settings: dict[str, Any] = {"dynamic": dynamic, "opset": opset, "seed": seed, "origin": origin}
        files = exported or save_model(net, whole, weights, **settings).files
        counter.add()
        save_model(net, inside, weights, **settings, every_blob=True)
        counter.add()
        about = _about(net, complete(net, weights, seed).origin(origin), files, settings)
        if images:
            about["images"] = {path: _sha256(Path(path)) for path in images}
        as_exported = open_session(net, files[0])
        outputs = []
        for inputs in fed:
            outputs.append(as_exported(inputs))
            counter.add()
        del as_exported  # one session at a time: each holds the weights
        every_blob = open_session(net, inside)
        cases = []
        for inputs, own in zip(fed, outputs, strict=True):
            wanted = by_pytorch(module, values, inputs)
            counter.add(2)
            cases.append(_compared(net, inputs, wanted, every_blob(inputs), own))
    return Certificate(about, tolerance, tuple(cases))


def difference(layer: str, blob: str, found: NDArray[np.float32], wanted: NDArray[np.float32]) -> Difference:
    """How far ``found`` is from ``wanted``; numbers that are no numbers in both agree."""
    ends = _ends(wanted)
    if found.shape != wanted.shape:
        return Difference(layer, blob, found.shape, np.inf, np.inf, *ends)
    same = (found == wanted) | (np.isnan(found) & np.isnan(wanted))
    with np.errstate(invalid="ignore"):
        distance = np.where(same, 0, np.abs(found - wanted))
    greatest = float(np.nan_to_num(distance, nan=np.inf, posinf=np.inf).max(initial=0))
    size = float(np.abs(wanted[np.isfinite(wanted)]).max(initial=FLOOR))
    return Difference(layer, blob, found.shape, greatest, greatest / size, *ends)


def _ends(blob: NDArray[np.float32]) -> tuple[float, float]:
    """The least and the greatest number; nan for the least where one is none, and for both where all are."""
    numbers = blob[~np.isnan(blob)]
    if not numbers.size:
        return np.nan, np.nan
    return float(numbers.min()) if numbers.size == blob.size else np.nan, float(numbers.max())


def _compared(net: Net, inputs: Arrays, wanted: Arrays, found: Arrays, outputs: Arrays) -> Case:
    """Every blob of the one against the other, in the order of the layers."""
    makers = {top.id: node.name for node in net.nodes for top in node.tops}
    return Case(
        inputs={name: array.shape for name, array in inputs.items()},
        blobs=tuple(difference(makers[name], name, found[name], blob) for name, blob in wanted.items()),
        outputs=tuple(difference(makers[name], name, blob, wanted[name]) for name, blob in outputs.items()),
    )


def _sizes(net: Net, dynamic: Sequence[str], batches: Sequence[int]) -> list[dict[str, Shape]]:
    """The shapes to feed: each batch where it is free, and two larger images where height or width are."""
    cases = [{"N": batch} for batch in batches] if "N" in dynamic else []
    own = {letter: known(size_of(net, letter) or 0) for letter in dynamic if letter != "N"}
    fewest = {"N": min(batches)} if cases else {}
    larger = (
        fewest | {letter: factor * size + more[letter] for letter, size in own.items()} for factor, more in _LARGER
    )
    cases += [sizes for sizes in larger if own and _fit(net, sizes)][:2]
    return [inputs_at(net, sizes) for sizes in cases] or [dict(net.inputs)]


_LARGER = ((1, {"H": 5, "W": 3}), (1, {"H": 32, "W": 64}), (2, {"H": 0, "W": 0}))
"""Larger images: a factor, and pixels more. The odd ones come first; those that a net can't have are passed over."""


def _batch_of(inputs: Arrays, net: Net, dynamic: Sequence[str]) -> Arrays:
    """One sample as the model takes it: again and again where the batch is not free."""
    if "N" in dynamic:
        return inputs
    return {name: np.repeat(array, known(net.inputs[name][0]), axis=0) for name, array in inputs.items()}


def _fit(net: Net, sizes: Mapping[str, int]) -> bool:
    try:
        shapes_at(net, sizes)
    except NetError:
        return False
    return True


def _about(net: Net, origin: str, files: Sequence[Path], settings: Mapping[str, Any]) -> dict[str, Any]:
    """What is compared, with hashes of what can change."""
    text = Path(net.definition.path)
    weights = Path(settings["origin"])
    return {
        "versions": {
            "netdef": version(),
            "torch": torch.__version__,
            "onnx": onnx.__version__,
            "onnxruntime": onnxruntime.__version__,
        },
        "net": {"name": net.name, "phase": net.phase, "file": str(text), "sha256": _sha256(text)},
        "weights": {"from": origin, "sha256": _sha256(weights)},
        "model": {
            "files": {path.name: _sha256(path) for path in files},
            "opset": settings["opset"],
            "dynamic": list(settings["dynamic"]),
        },
        "seed": settings["seed"],
    }


def _sha256(path: Path) -> str | None:
    """A file's hash; None for what is no file."""
    if not path.is_file():
        return None
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
