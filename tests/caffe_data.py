"""Data as Caffe's tools write them: databases of Datums, and HDF5 files in a list."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.compiler.caffe_proto import PROTO


def write_database(path: Path, images: list[NDArray[np.uint8]], labels: list[int] | None = None) -> Path:
    """An LMDB of images (C, H, W), written by another's library; Datums without labels have Caffe's 0."""
    lmdb = pytest.importorskip("lmdb")
    with lmdb.open(str(path), map_size=2**24) as environment, environment.begin(write=True) as transaction:
        for number, image in enumerate(images):
            sizes = dict(zip(("channels", "height", "width"), image.shape, strict=True))
            label = labels[number] if labels else 0
            datum = PROTO["Datum"](**sizes, data=image.astype(np.uint8).tobytes(), label=label)
            transaction.put(f"{number:08}".encode(), datum.SerializeToString())
    return path


def write_table(path: Path, **blobs: NDArray[Any]) -> Path:
    """An HDF5 file, and the list beside it that names it: what is returned."""
    h5py = pytest.importorskip("h5py")
    with h5py.File(path.with_suffix(".h5"), "w") as file:
        for name, values in blobs.items():
            file[name] = np.asarray(values, np.float32)
    listing = path.with_suffix(".txt")
    listing.write_text(f"{path.with_suffix('.h5').name}\n")
    return listing
