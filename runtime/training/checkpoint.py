"""Checkpoints: all that the rest of a run depends on, in one file that is whole or not there.

A file is safetensors with ``weights/conv1/0``, ``history/conv1/0`` and, as metadata, the iteration, the scores, and
two digests: of the run's identity (its recipe, net and data) and of everything in the file. There is no state of a
generator or a loader in it: order, augmentation and dropout follow from the seed and the iteration.
"""

import hashlib
import json
from collections.abc import Container, Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from netdef.compiler.atomic import UNFINISHED, write_whole
from netdef.compiler.diagnostics import Diagnostic, Severity
from netdef.compiler.net_error import NetError
from netdef.compiler.weights.by_layer import by_key, by_layer
from netdef.compiler.weights.formats.archive import Archive
from netdef.compiler.weights.formats.safetensors import read_safetensors, write_safetensors
from netdef.compiler.weights.stored import StoredArray, Weights, pieces
from netdef.runtime.run import stored_checkpoints

NUM_KEPT = 2
"""Checkpoints that a run keeps if nothing is said: the newest, and the one before it should that be damaged."""


class Checkpoint(NamedTuple):
    """A run after some iterations.

    scores    of the evaluations so far; learning rates follow from them
    history   what the solver remembers of each weight, by ``layer/index``
    identity  the digest of the run's identity
    test_due  whether the test after the last iteration is still to come: it was broken off
    """

    iteration: int
    scores: tuple[float, ...]
    weights: Weights
    history: Mapping[str, NDArray[np.generic]]
    identity: str
    test_due: bool = False


def save(folder: Path, checkpoint: Checkpoint, num_kept: int = NUM_KEPT) -> None:
    """Write a checkpoint, and remove all but the newest, and what an earlier process left unfinished."""
    arrays = {f"weights/{name}": array for name, array in by_key(checkpoint.weights).items()}
    arrays |= {f"history/{name}": StoredArray.of(array) for name, array in checkpoint.history.items()}
    facts = {
        "iteration": str(checkpoint.iteration),
        "scores": json.dumps(checkpoint.scores),
        "identity": checkpoint.identity,
        "test_due": json.dumps(checkpoint.test_due),
    }
    facts["digest"] = _digest(arrays, facts)
    archive = Archive(arrays, facts)
    write_whole(folder / f"{checkpoint.iteration:08}.safetensors", lambda path: write_safetensors(path, archive))
    for old in (*stored_checkpoints(folder)[num_kept:], *folder.glob(UNFINISHED + "*")):
        old.unlink()


def newest(folder: Path, identities: Container[str]) -> tuple[Checkpoint | None, list[Diagnostic]]:
    """The newest checkpoint that is sound and of the run, and a warning for each that had to be passed over."""
    warnings: list[Diagnostic] = []
    for path in stored_checkpoints(folder):
        checkpoint = read(path)
        if checkpoint is not None and checkpoint.identity in identities:
            return checkpoint, warnings
        what = "is damaged" if checkpoint is None else "belongs to another run"
        warnings.append(
            Diagnostic("N884", f"the checkpoint {path} {what}; going on from one before", severity=Severity.WARNING)
        )
    return None, warnings


def read(path: Path) -> Checkpoint | None:
    """A checkpoint, or None if the file is damaged."""
    try:
        arrays, metadata = read_safetensors(path)
    except NetError:
        return None
    facts = {name: text for name, text in metadata.items() if name != "digest"}
    if metadata.get("digest") != _digest(arrays, facts):
        return None
    try:
        return Checkpoint(
            int(facts["iteration"]),
            tuple(map(float, json.loads(facts["scores"]))),
            by_layer(_under("weights/", arrays), path),
            {name: array.read() for name, array in _under("history/", arrays).items()},
            facts["identity"],
            bool(json.loads(facts.get("test_due", "false"))),
        )
    except (KeyError, TypeError, ValueError, RecursionError, NetError):
        return None


def _under(head: str, arrays: Mapping[str, StoredArray]) -> dict[str, StoredArray]:
    return {name.removeprefix(head): array for name, array in arrays.items() if name.startswith(head)}


def _digest(arrays: Mapping[str, StoredArray], facts: Mapping[str, str]) -> str:
    digest = hashlib.sha256(json.dumps(facts, sort_keys=True).encode())
    for name in sorted(arrays):
        array = arrays[name]
        digest.update(f"{name} {array.dtype} {array.shape}".encode())
        for piece in pieces(array.read(), array.dtype):
            digest.update(piece)
    return digest.hexdigest()
