"""HDF5 files' heads, of files that h5py wrote; damaged ones are in ``test_data_sizes``."""

from pathlib import Path

import numpy as np
import pytest

from netdef.compiler.data_files.hdf5 import open_hdf5, piece_of, read_piece
from netdef.compiler.net_error import NetError

h5py = pytest.importorskip("h5py")


def test_rows_of_any_shape(tmp_path: Path) -> None:
    path = tmp_path / "a.h5"
    with h5py.File(path, "w") as file:
        file["data"] = np.zeros((4, 3, 2, 2, 2), np.uint8)
        file["group/label"] = np.zeros((4,))
    found = read_piece(path, ["data", "group/label"])
    assert found == (4, ((3, 2, 2, 2), ()))
    with open_hdf5(path) as file:
        assert piece_of(path, file, ["data"]) == (4, ((3, 2, 2, 2),))


def test_what_a_file_lacks_is_named(tmp_path: Path) -> None:
    path = tmp_path / "a.h5"
    with h5py.File(path, "w") as file:
        file["data"] = np.zeros((4, 3))
        file["scalar"] = 1.0
        file["label"] = np.zeros(5)
    for names, said in (
        (["x"], "has no rows called x"),
        (["scalar"], "scalar"),
        (["data", "label"], "data 4, label 5"),
    ):
        with pytest.raises(NetError, match=said):
            read_piece(path, names)
