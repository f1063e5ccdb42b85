"""Errors by class and the confusion matrix, against scikit-learn's."""

import csv
import io
import json
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from sklearn.metrics import confusion_matrix, top_k_accuracy_score

from netdef.compiler.net_error import NetError
from netdef.runtime.evaluation.confusion import names_in
from netdef.runtime.evaluation.draw_confusion import count_in_cell
from netdef.runtime.evaluation.per_class import PerClass, per_class
from netdef.runtime.evaluation.per_class_files import write_per_class
from netdef.runtime.evaluation.posteriors import Posteriors


def some(num_classes: int, num: int, seed: int = 0) -> Posteriors:
    """Posteriors of which most are right; the classes are named but for the last."""
    random = np.random.default_rng(seed)
    labels = random.integers(0, num_classes, num)
    values = random.random((num, num_classes))
    values[np.arange(num), labels] += 0.6
    names = tuple(f"class {label}" for label in range(num_classes - 1))
    return Posteriors(values / values.sum(1, keepdims=True), labels, np.arange(num), names, {})


def test_the_matrix_is_scikit_learns() -> None:
    posteriors = some(7, 500)
    found = per_class(posteriors)
    wanted = confusion_matrix(posteriors.labels, posteriors.values.argmax(1), labels=range(7))
    np.testing.assert_array_equal(found.matrix, wanted)
    assert found.names[0] == "class 0"
    assert found.names[-1] == "6", "what has no name has its number"
    for each in found.classes:
        own = posteriors.labels == each.label
        right = top_k_accuracy_score(posteriors.labels[own], posteriors.values[own], k=5, labels=range(7))
        assert each.top5_error == pytest.approx(1 - right)


def test_the_whole_is_the_sum_of_its_classes() -> None:
    """Ties, and scores that are no numbers, count against the image's own class, as in the errors of all."""
    posteriors = some(7, 200)
    values = posteriors.values.round(1)
    values[:5, 2] = np.nan
    posteriors = posteriors._replace(values=values)
    found, whole = per_class(posteriors), posteriors.errors()
    assert found.matrix.sum() - found.matrix.trace() == whole.top1
    assert sum(each.top1 for each in found.classes) == whole.top1
    assert sum(each.top5 for each in found.classes) == whole.top5


def test_a_table_and_json_hold_the_same() -> None:
    posteriors = some(3, 40)._replace(classes=("a, b", 'the "c"', "a, b"))
    found = per_class(posteriors)
    head, *rows = csv.reader(io.StringIO(found.csv))
    assert head == ["label", "class", "images", "top1_error", "top5_error", *(f"taken for {n}" for n in found.names)]
    data = json.loads(json.dumps(found.as_data))
    matrix = np.zeros((3, 3), int)
    for label, predicted, images in data["confusion"]:
        matrix[label, predicted] = images
    np.testing.assert_array_equal(matrix, [[int(cell) for cell in row[5:]] for row in rows])
    assert [row[1] for row in rows] == [each["class"] for each in data["classes"]] == [*posteriors.classes]
    assert [float(row[3]) for row in rows] == pytest.approx([each["top1_error"] for each in data["classes"]], abs=1e-6)


def test_a_class_without_images_has_no_error() -> None:
    posteriors = some(4, 30)
    posteriors = posteriors._replace(labels=np.minimum(posteriors.labels, 1))
    *_, last = per_class(posteriors).classes
    assert (last.num, last.top1_error) == (0, None)
    assert per_class(posteriors).csv.splitlines()[-1].startswith("3,3,0,,,")


def test_what_is_confused_most_often_is_said() -> None:
    matrix = np.array([[5, 2, 0], [0, 9, 0], [4, 1, 0]])
    found = PerClass(("cat", "dog", "owl"), matrix, np.zeros(3, int))
    assert found.text == "most often taken: owl for cat (4 of 5), cat for dog (2 of 7), owl for dog (1 of 5)"
    assert PerClass(("cat",), np.array([[3]]), np.zeros(1, int)).text == "no image was taken for another class"


@pytest.mark.parametrize("num_classes", [2, 10, 1000])
def test_a_drawing_shows_every_class(tmp_path: Path, num_classes: int) -> None:
    """The right are dark along the diagonal, and each row has room: at least a pixel for each of a thousand classes."""
    num = 4 * num_classes
    labels = np.repeat(np.arange(num_classes), 4)
    values = np.eye(num_classes)[labels]
    names = tuple(f"${label} \x07_^" for label in range(num_classes))
    found = per_class(Posteriors(values, labels, np.arange(num), names, {}))
    write_per_class(found, tmp_path / "matrix.png")
    with Image.open(tmp_path / "matrix.png") as image:
        pixels: NDArray[np.uint8] = np.asarray(image.convert("RGB"))
    dark = (pixels[..., 2].astype(int) - pixels[..., 0] > 90) & (pixels[..., 2] < 200)  # the end of the blue scale
    rows, columns = np.nonzero(dark)
    side = rows.max() - rows.min()
    assert side >= max(500, num_classes)
    assert np.abs((rows - rows.min()) - (columns - columns.min())).max() <= side / min(num_classes, 200) + 2
    assert len(np.unique(rows)) >= 0.99 * side


def test_millions_of_pixels_fit_their_cells() -> None:
    assert list(map(count_in_cell, (999_999, 2_000_000, 12_345_678_901))) == ["999999", "2.0M", "12.3G"]


def test_names_of_classes_are_a_text_files(tmp_path: Path) -> None:
    path = tmp_path / "names.txt"
    path.write_text("cat\ndog\n")
    assert names_in(str(path), 2) == ("cat", "dog")
    with pytest.raises(NetError, match="names 2 classes, and the net scores 3"):
        names_in(str(path), 3)
    with pytest.raises(NetError, match="can't be read"):
        names_in(str(tmp_path), 2)
