"""Read nets with OpenCV 4 and compare: ``python compare.py FOLDER`` in an environment with OpenCV alone."""

import sys
from pathlib import Path
from typing import Any

import cv2
import numpy as np

CLOSE = 1e-4
"""Of the greatest number. OpenCV's convolutions are Winograd's, whose sums differ more than an order of adding."""


def difference(folder: Path) -> float:
    """The greatest difference of any output, as a share of the greatest number in it."""
    reader: Any = cv2.dnn  # whose stubs may be OpenCV 5's
    net = reader.readNetFromCaffe(str(folder / "net.prototxt"), str(folder / "weights.caffemodel"))
    with np.load(folder / "arrays.npz") as arrays:
        given = {name.removeprefix("in/"): arrays[name] for name in arrays if name.startswith("in/")}
        wanted = {name.removeprefix("out/"): arrays[name] for name in arrays if name.startswith("out/")}
    for name, array in given.items():
        net.setInput(array, name)
    found = [0.0]
    for name, ours in wanted.items():
        theirs = without_padding(net.forward(name), ours.shape)
        assert theirs.size == ours.size, f"{folder.name}: {name} is {theirs.shape} to OpenCV, and {ours.shape} to us"
        found.append(float(np.abs(theirs.reshape(ours.shape) - ours).max() / np.abs(ours).max()))
    return max(found)


def without_padding(boxes: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Boxes (1, 1, K, 7) without the rows of zeros by which OpenCV makes them keep_top_k; any other array as it is."""
    is_padded = boxes.ndim == 4 and boxes.shape[-1] == 7 and not boxes[:, :, shape[-2] :].any()
    return boxes[:, :, : shape[-2]] if is_padded else boxes


if __name__ == "__main__":
    assert cv2.__version__.startswith("4."), f"OpenCV {cv2.__version__} doesn't read Caffe's files"
    differences = {path.parent: difference(path.parent) for path in sorted(Path(sys.argv[1]).glob("*/net.prototxt"))}
    for folder, found in differences.items():
        print(f"{folder.name:30} {found:.1e}  {'equal' if found <= CLOSE else 'DIFFERENT'}")
    print(f"{len(differences)} nets read by OpenCV {cv2.__version__}")
    sys.exit(any(found > CLOSE for found in differences.values()) or not differences)
