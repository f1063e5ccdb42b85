"""Many boxes of one object become few (Sermanet et al. 2013, section 4.3, as Simonyan and Zisserman 2014 use it)."""

import numpy as np

from netdef.runtime.data.box_geometry import Boxes, overlap

CLOSE = 0.5
"""Overlap from which two boxes are of one object. The papers don't tell; OverFeat's own measure adds a distance to an
area, and depends on the images' size."""


def merged(edges: Boxes) -> tuple[Boxes, list[list[int]]]:
    """Boxes (K, 4) brought together: what is left, and for each of them the boxes that it is the mean of.

    1. The two boxes that overlap most become one, the mean of all that both stand for.
    2. That goes on until no two overlap by more than ``CLOSE``.
    """
    means, groups = edges.copy(), [[index] for index in range(len(edges))]
    overlaps = np.triu(overlap(means[:, None], means[None]), 1)
    while overlaps.size and overlaps.max() > CLOSE:
        kept, gone = np.unravel_index(overlaps.argmax(), overlaps.shape)
        groups[kept] += groups[gone]
        groups[gone] = []
        means[kept] = edges[groups[kept]].mean(0)
        overlaps[gone], overlaps[:, gone] = 0, 0
        again = overlap(means[kept], means) * [bool(group) for group in groups]
        overlaps[kept, kept + 1 :], overlaps[:kept, kept] = again[kept + 1 :], again[:kept]
    left = [index for index, group in enumerate(groups) if group]
    return means[left], [groups[index] for index in left]
