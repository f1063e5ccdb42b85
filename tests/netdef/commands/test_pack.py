"""netdef pack: any images, smaller if asked, and broken ones named."""

from pathlib import Path

import numpy as np
import pytest

from netdef.cli import main
from netdef.runtime.data.datasets.dataset import ImageArray, Part
from netdef.runtime.data.datasets.folder import Folder
from netdef.runtime.data.datasets.shards import open_shards
from netdef.runtime.data.datasets.source import open_data
from tests.runtime.data.datasets.test_shards import write_pets


@pytest.fixture
def pets(tmp_path: Path) -> Path:
    return write_pets(tmp_path / "pets")


def test_smaller_images(pets: Path, tmp_path: Path) -> None:
    main(["pack", str(pets / "train"), str(tmp_path / "out"), "--resize", "6"])
    data, folder = open_shards(tmp_path / "out"), Folder(pets / "train")
    for index in range(len(folder)):
        old, new = folder.image(index), data.image(index)
        scale = min(1.0, 6 / min(old.shape[:2]))
        assert new.shape == (round(old.shape[0] * scale), round(old.shape[1] * scale), 3)


def test_what_is_packed_can_be_anything(tmp_path: Path) -> None:
    pytest.importorskip("sklearn")
    assert main(["pack", "digits", str(tmp_path / "out")]) == 0
    data = open_shards(tmp_path / "out")
    digits = open_data("digits").train
    assert isinstance(digits, Part)
    assert [data.labels[i] for i in range(9)] == [digits.labels[i] for i in range(9)]
    image: ImageArray = data.image(5)
    assert np.array_equal(image, digits.image(5))


def test_a_broken_image_is_named_or_left_out(pets: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (pets / "train/cat/2.v1.png").write_bytes(b"\x89PNG no image")
    assert main(["pack", str(pets), str(tmp_path / "out")]) == 1
    assert "cat/2.v1.png cannot be read as an image" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["pets"], "nothing half-written stays"
    assert main(["pack", str(pets), str(tmp_path / "out"), "--corrupt", "skip"]) == 0
    said = capsys.readouterr()
    assert "cat/2.v1.png cannot be read" in said.err
    assert "13 images" in said.out
    assert main(["pack", str(pets), str(tmp_path / "out")]) == 1
    assert "N777" in capsys.readouterr().err
