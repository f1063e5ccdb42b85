"""scikit-learn's handwritten digits: 1,797 grey images of 8x8, in its wheel, without a download.

From the optical recognition data set of E. Alpaydin and C. Kaynak (UCI, CC BY 4.0).
"""

import numpy as np

from netdef.compiler.extras import require
from netdef.runtime.data.datasets.dataset import Data, ImageArray, Part, every_nth

TEST_SHARE = 5


class Digits:
    """The digits, with ink from 0 to 255 as in other images; scikit-learn has 0 to 16."""

    classes = tuple("0123456789")

    def __init__(self) -> None:
        require("the data set digits", "digits")
        from sklearn.datasets import load_digits  # 1 s to import

        bunch = load_digits()
        self._images = np.round(bunch.images[:, :, :, np.newaxis] * (255 / 16)).astype(np.uint8)
        self.labels = bunch.target.tolist()
        self.num_bytes = self._images.nbytes

    def image(self, index: int) -> ImageArray:
        """One digit, (8, 8, 1)."""
        image: ImageArray = self._images[index]
        return image

    def __len__(self) -> int:
        return len(self._images)


def digits() -> Data:
    """The digits in two: every fifth of each class is for the test."""
    whole = Digits()
    train, test = every_nth(whole.labels, TEST_SHARE)
    return Data(Part(whole, train), Part(whole, test), "digits", "every fifth digit of each class is for the test")
