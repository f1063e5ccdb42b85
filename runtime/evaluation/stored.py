"""Posteriors in files, to be fused without running the nets again."""

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from netdef.compiler.atomic import write_whole
from netdef.compiler.diagnostics import Diagnostic, NetError
from netdef.runtime.evaluation.posteriors import Posteriors

SUFFIXES = (".npz", ".safetensors")
ARRAYS = ("values", "labels", "numbers")
"""What a file holds, beside ``about``: the classes and what made it, as JSON."""


def write_posteriors(path: Path, posteriors: Posteriors) -> None:
    """Write a file by its suffix."""
    check_suffix(path)
    arrays: dict[str, NDArray[Any]] = {name: getattr(posteriors, name) for name in ARRAYS}
    about = json.dumps({"classes": posteriors.classes, "made": posteriors.made})
    try:
        if path.suffix == ".npz":
            write_whole(
                path, lambda unfinished: np.savez(unfinished, allow_pickle=False, about=np.array(about), **arrays)
            )
        else:
            from safetensors.numpy import save_file

            write_whole(path, lambda unfinished: save_file(arrays, unfinished, {"about": about}))
    except OSError as error:
        raise NetError(Diagnostic("N006", f"{path} can't be written: {error.strerror}")) from None


def read_posteriors(path: Path) -> Posteriors:
    """Read a file.

    Raises:
        NetError: if it can't be read, or its arrays don't fit each other.
    """
    check_suffix(path)
    try:
        arrays, about = (_npz if path.suffix == ".npz" else _safetensors)(path)
        facts = json.loads(about)
        posteriors = Posteriors(
            values=arrays["values"].astype(np.float64, casting="safe"),
            labels=arrays["labels"].astype(np.int64, casting="safe"),
            numbers=arrays["numbers"].astype(np.int64, casting="safe"),
            classes=tuple(facts["classes"]),
            made=facts["made"],
        )
    except Exception as error:  # whatever zip, NumPy, safetensors and JSON find wrong
        raise _unsound(path, str(error)) from None
    values, labels, numbers, classes, _ = posteriors
    if values.ndim != 2 or labels.shape != numbers.shape or labels.shape != values.shape[:1]:
        raise _unsound(path, "its arrays don't fit each other")
    if len(classes) > values.shape[1] or (labels.size and not 0 <= labels.min() <= labels.max() < len(classes)):
        raise _unsound(
            path, f"its labels go from {labels.min()} to {labels.max()}, and there are {len(classes)} classes"
        )
    return posteriors


def check_suffix(path: Path) -> None:
    """Refuse a name that tells no format."""
    if path.suffix not in SUFFIXES:
        raise NetError(
            Diagnostic("N813", f"{path} is no name for posteriors", help=f"end it in {' or '.join(SUFFIXES)}")
        )


def _unsound(path: Path, why: str) -> NetError:
    cure = "netdef evaluate --save-posteriors makes such a file"
    return NetError(Diagnostic("N813", f"{path} can't be read as posteriors: {why}", help=cure))


def _npz(path: Path) -> tuple[dict[str, NDArray[Any]], str]:
    with path.open("rb") as stream, np.load(stream, allow_pickle=False) as file:
        return {name: file[name] for name in ARRAYS}, str(file["about"])


def _safetensors(path: Path) -> tuple[dict[str, NDArray[Any]], str]:
    from safetensors import safe_open

    with safe_open(path, "np") as file:
        return {name: file.get_tensor(name) for name in ARRAYS}, file.metadata()["about"]
