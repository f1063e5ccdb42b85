"""Where images come from: the embedded digits, and folders."""

import sys
from collections import Counter
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from netdef.compiler.net_error import NetError
from netdef.runtime.data.datasets.dataset import Dataset, ImageArray, every_nth, random_nth
from netdef.runtime.data.datasets.decoding import decode
from netdef.runtime.data.datasets.folder import Folder
from netdef.runtime.data.datasets.source import open_data, open_test


def image(value: int, size: tuple[int, int] = (5, 4)) -> ImageArray:
    return np.full((*size, 3), value, np.uint8)


def save(path: Path, pixels: ImageArray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path)


@pytest.fixture
def pets(tmp_path: Path) -> Path:
    """Two classes, 20 cats and 10 dogs."""
    for name, num in (("cat", 20), ("dog", 10)):
        for number in range(num):
            save(tmp_path / "pets" / name / f"{number:02}.png", image(number))
    return tmp_path / "pets"


def test_the_digits_are_scikit_learns() -> None:
    load_digits = pytest.importorskip("sklearn.datasets").load_digits
    data = open_data("digits")
    bunch = load_digits()
    assert len(data.train) + len(data.test) == len(bunch.images) == 1797
    digits = [(part.labels[i], part.image(i)) for part in (data.train, data.test) for i in range(len(part))]
    assert Counter(label for label, _ in digits) == Counter(bunch.target.tolist())
    ours = sorted(pixels.tobytes() for _, pixels in digits)
    theirs = sorted(np.rint(image * 255 / 16).astype(np.uint8).tobytes() for image in bunch.images)
    assert ours == theirs


def test_the_digits_are_split_class_by_class() -> None:
    pytest.importorskip("sklearn")
    data = open_data("digits")
    whole = Counter(data.train.labels) + Counter(data.test.labels)
    assert Counter(data.test.labels) == {label: num // 5 for label, num in whole.items()}
    train = {data.train.image(i).tobytes() for i in range(len(data.train))}
    assert not train & {data.test.image(i).tobytes() for i in range(len(data.test))}


def test_without_scikit_learn_the_message_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sklearn", None)
    with pytest.raises(NetError) as error:
        open_data("digits")
    (mistake,) = error.value.report
    assert (mistake.code, mistake.help) == ("N010", "pip install 'netdef-compiler[digits]'")


def test_a_folder_is_read_by_class_and_by_name(pets: Path) -> None:
    (pets / ".hidden").mkdir()
    (pets / "cat" / "notes.txt").write_text("no image")
    data = Folder(pets)
    assert data.classes == ("cat", "dog")
    assert data.labels == [0] * 20 + [1] * 10
    assert [data.image(i)[0, 0, 0] for i in (0, 19, 20, 29)] == [0, 19, 0, 9]


def test_images_are_kept_and_so_is_their_count(pets: Path) -> None:
    data = Folder(pets)
    assert data.num_bytes == 30 * 5 * 4 * 3
    first = data.image(3)
    (pets / "cat" / "03.png").unlink()
    assert data.image(3) is first


def test_without_a_test_folder_a_tenth_is_held_out(pets: Path) -> None:
    data = open_data(str(pets))
    assert (Counter(data.train.labels), Counter(data.test.labels)) == ({0: 18, 1: 9}, {0: 2, 1: 1})
    again = open_data(str(pets))
    assert [p.tobytes() for p in images(data.test)] == [p.tobytes() for p in images(again.test)]
    assert "a tenth of each class" in data.split


@pytest.mark.parametrize("name", ["test", "val"])
def test_folders_of_a_data_set_are_found(pets: Path, name: str) -> None:
    root = pets.parent / "set"
    root.mkdir()
    pets.rename(root / "train")
    save(root / name / "dog" / "x.png", image(99))
    data = open_data(str(root))
    assert len(data.train) == 30
    assert (len(data.test), data.test.labels, data.test.classes) == (1, [1], ("cat", "dog"))
    assert open_test(str(root), None).classes == ("dog",)
    assert open_test(str(root), ("cat", "dog")).labels == [1]


def test_another_folder_for_the_test(pets: Path, tmp_path: Path) -> None:
    save(tmp_path / "other" / "dog" / "x.png", image(99))
    data = open_data(str(pets), str(tmp_path / "other"))
    assert (len(data.train), list(data.test.labels)) == (30, [1])


def test_a_class_called_train_is_a_class(tmp_path: Path) -> None:
    for name in ("train", "tram"):
        save(tmp_path / name / "1.png", image(1))
        save(tmp_path / name / "2.png", image(2))
    assert Folder(tmp_path).classes == ("train", "tram")
    assert open_test(str(tmp_path), None).classes == ("train", "tram")


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".bmp", ".PNG"])
def test_images_are_decoded_as_opencv_decodes_them(tmp_path: Path, suffix: str) -> None:
    rows, columns = np.mgrid[0:21, 0:17]
    pixels = np.stack([rows * 9, columns * 11, (rows + columns) * 6], axis=2).astype(np.uint8)
    path = tmp_path / f"x{suffix}"
    Image.fromarray(pixels).save(path)
    opencvs = cv2.imread(str(path), cv2.IMREAD_COLOR_RGB)
    assert opencvs is not None
    difference = np.abs(decode(str(path)).astype(int) - opencvs.astype(int))
    assert difference.max() <= (2 if suffix == ".jpg" else 0)


def test_grey_images_have_one_channel(tmp_path: Path) -> None:
    pixels = np.arange(12, dtype=np.uint8).reshape(3, 4)
    Image.fromarray(pixels).save(tmp_path / "grey.png")
    Image.fromarray(pixels).convert("P").save(tmp_path / "palette.png")
    assert np.array_equal(decode(str(tmp_path / "grey.png"))[:, :, 0], pixels)
    assert decode(str(tmp_path / "palette.png")).shape == (3, 4, 3)


def test_mistakes_in_folders(pets: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty" / "cat").mkdir(parents=True)
    (tmp_path / "broken" / "cat").mkdir(parents=True)
    (tmp_path / "broken" / "cat" / "1.jpg").write_bytes(b"\xff\xd8\xff\xe0 no image")
    save(tmp_path / "few" / "cat" / "1.png", image(1))
    save(tmp_path / "other" / "dgo" / "1.png", image(1))
    cases: list[tuple[tuple[str, str | None], str, str]] = [
        (("pest", None), "N710", 'did you mean "pets"?'),
        (("digist", None), "N710", 'did you mean "digits"?'),
        (("empty", None), "N711", "empty/cat/1.jpg"),
        (("few", None), "N711", "--test-data"),
        (("broken", None), "N712", "save it anew"),
        (("pets", "other"), "N713", 'did you mean "dog"?'),
    ]
    for arguments, code, help in cases:
        with pytest.raises(NetError) as error:
            open_data(*arguments)
        (mistake,) = error.value.report
        assert mistake.code == code
        assert mistake.help is not None
        assert help in mistake.help


def test_the_cure_for_a_list_that_is_too_short_is_no_folder(tmp_path: Path) -> None:
    save(tmp_path / "1.png", image(1))
    (tmp_path / "list.txt").write_text("1.png 0\n")
    with pytest.raises(NetError, match="N711") as error:
        open_data(str(tmp_path / "list.txt"))
    assert [mistake.help for mistake in error.value.report] == ["name others for the test with --test-data"]


def test_splits_take_from_every_class() -> None:
    labels = [0, 1, 0, 1, 0, 2, 0, 1, 0, 0]
    assert every_nth(labels, 3) == ([0, 1, 2, 3, 5, 6, 8], [4, 7, 9])
    most, few = random_nth(labels, 3)
    assert sorted(most + few) == list(range(10))
    assert Counter(labels[i] for i in few) == {0: 2, 1: 1}


def images(data: Dataset) -> list[ImageArray]:
    return [data.image(i) for i in range(len(data))]
