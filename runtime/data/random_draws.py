"""The random numbers of a sample: one for each thing that may happen to it, drawn whether or not it is wanted."""

from enum import IntEnum

import numpy as np


class RandomDraw(IntEnum):
    """What each of a sample's numbers, from 0 up to but not including 1, decides.

    DOWN, RIGHT           the window's corner
    MIRROR                whether the window is mirrored
    SCALE                 the image's size
    FIRST, SECOND, THIRD  the shift along each principal colour
    """

    DOWN = 0
    RIGHT = 1
    MIRROR = 2
    SCALE = 3
    FIRST = 4
    SECOND = 5
    THIRD = 6


NO_DRAWS = np.zeros(len(RandomDraw))
"""For crops that nothing random decides."""
