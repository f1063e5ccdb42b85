"""What is cut out of a map at regions of interest."""

import math

import numpy as np
from numpy.typing import NDArray

from netdef.compiler.layers.rois import (
    MaskPooling,
    MaskResize,
    ROIAlign,
    ROIPooling,
    ROIWarping,
)
from tests.layers.cases import SHAPES_ALONE, Case, Family, Refused, fork

Doubles = NDArray[np.float64]


def regions(num: int) -> NDArray[np.float32]:
    """Regions of two images of 68x52 pixels, some of them outside, some turned about."""
    random = np.random.default_rng(3)
    corners = random.uniform(-20, 80, (num, 4)).round(1)
    corners[: num // 2, 2:] = corners[: num // 2, :2] + random.uniform(0, 40, (num // 2, 2))
    return np.concatenate([random.integers(0, 2, (num, 1)), corners], 1).astype(np.float32)


def pooled(x: Doubles, r: Doubles, bins: tuple[int, int], pad: float) -> Doubles:
    """Bin by bin, as roi_pooling_layer.cpp goes."""
    top = np.zeros((len(r), x.shape[1], *bins))
    for k, (image, x1, y1, x2, y2) in enumerate(r.astype(np.float32)):
        sides = []
        for first, last, num, size in ((y1, y2, bins[0], x.shape[2]), (x1, x2, bins[1], x.shape[3])):
            more = (last - first + 1) * np.float32(pad)
            start, end = (math.floor(abs(v) + 0.5) * np.sign(v) for v in ((first - more) / 4, (last + more) / 4))
            each = np.float32(max(end - start + 1, 1)) / np.float32(num)
            edges = [(math.floor(i * each) + start, math.ceil((i + 1) * each) + start) for i in range(num)]
            sides.append([(int(min(max(a, 0), size)), int(min(max(b, 0), size))) for a, b in edges])
        for i, (top_, bottom) in enumerate(sides[0]):
            for j, (left, right) in enumerate(sides[1]):
                if bottom > top_ and right > left:
                    top[k, :, i, j] = x[int(image), :, top_:bottom, left:right].max((1, 2))
    return top


def resized(m: Doubles, height: int, width: int) -> Doubles:
    """Bilinear samples at even steps from the top left corner; the border goes on."""
    rows, columns = np.arange(height) * m.shape[2] / height, np.arange(width) * m.shape[3] / width
    grown = np.pad(m, ((0, 0), (0, 0), (0, 1), (0, 1)), mode="edge")
    low, left = rows.astype(int), columns.astype(int)
    down, right = (rows - low)[:, None], columns - left
    corners = [grown[:, :, low + i][..., left + j] for i in (0, 1) for j in (0, 1)]
    found: Doubles = (corners[0] * (1 - right) + corners[1] * right) * (1 - down) + (
        corners[2] * (1 - right) + corners[3] * right
    ) * down
    return found


MAP = 'input "x" [2, 12, 9, 11] input "rois" [5, 5] '


class TestRois(Family):
    cases = (
        *fork("roi_pool", "roi_pool_outside", "roi_pool_scale_one", "roi_pool_rois_4d", "roi_pool_pad_ratio"),
        *fork("psroi_pool", "roi_align"),
        *(
            Case(
                f"ROIPooling, {rows}x{columns} bins, {fields}",
                'input "x" [2, 3, 13, 17] input "r" [12, 5] layer "y" ROIPooling { bottom: ["x", "r"] '
                f"pooled_h: {rows} pooled_w: {columns} spatial_scale: 0.25 {fields} }}",
                layer=ROIPooling(pooled_h=rows, pooled_w=columns, spatial_scale=0.25, pad_ratio=pad),
                shapes={"y": (12, 3, rows, columns)},
                fed={"r": regions(12)},
                formula=lambda x, r, rows=rows, columns=columns, pad=pad: pooled(x, r, (rows, columns), pad),
            )
            for rows, columns, pad, fields in ((7, 7, 0.0, ""), (1, 4, 0.0, ""), (3, 2, 0.25, "pad_ratio: 0.25"))
        ),
        Case(
            "ROIAlign of Mask R-CNN",
            MAP + 'layer "y" ROIAlign { bottom: ["x", "rois"] roi_align_param { pooled_h: 3 pooled_w: 4 } }',
            layer=ROIAlign(pooled_h=3, pooled_w=4),
            shapes={"y": (5, 12, 3, 4)},
            refused=SHAPES_ALONE,
        ),
        Case(
            "ROIWarping",
            MAP + 'layer "y" ROIWarping { bottom: ["x", "rois"] pooled_h: 3 pooled_w: 4 spatial_scale: 0.5 }',
            layer=ROIWarping(pooled_h=3, pooled_w=4, spatial_scale=0.5),
            shapes={"y": (5, 12, 3, 4)},
            refused=SHAPES_ALONE,
        ),
        Case(
            "MaskPooling",
            'input "x" [3, 4, 5, 6] input "m" [3, 1, 5, 6] layer "y" MaskPooling { bottom: ["x", "m"] }',
            layer=MaskPooling(),
            shapes={"y": (3, 4, 5, 6)},
            formula=lambda x, m: x * m,
        ),
        Case(
            "MaskResize",
            'input "m" [3, 1, 5, 6] layer "y" MaskResize { output_height: 7 output_width: 4 }',
            layer=MaskResize(output_height=7, output_width=4),
            shapes={"y": (3, 1, 7, 4)},
            formula=lambda m: resized(m, 7, 4),
        ),
    )
    refused = (
        Refused(
            "roi_pool_no_size: ROIPooling without pooled_h",
            MAP + 'layer "y" ROIPooling { bottom: ["x", "rois"] pooled_w: 3 }',
            "N408",
        ),
        Refused(
            "a map of no size",
            MAP + 'layer "y" ROIPooling { bottom: ["x", "rois"] pooled_h: 2 pooled_w: 3 spatial_scale: -0.5 }',
            "N202",
        ),
        Refused("a size of 0", MAP + 'layer "y" ROIPooling { bottom: ["x", "rois"] pooled_h: 0 pooled_w: 3 }', "N405"),
        Refused(
            "rows that are too short",
            'input "x" [2, 3, 9, 11] input "r" [5, 4] '
            'layer "y" ROIPooling { bottom: ["x", "r"] pooled_h: 2 pooled_w: 3 }',
            "N206",
        ),
        Refused(
            "psroi_pool_channels: too few channels for the bins",
            MAP + 'layer "y" PSROIPooling { bottom: ["x", "rois"] spatial_scale: 0.25 output_dim: 3 group_size: 3 }',
            "N202",
        ),
        Refused(
            "a mask of another size",
            'input "x" [3, 4, 5, 6] input "m" [3, 1, 5, 5] layer "y" MaskPooling { bottom: ["x", "m"] }',
            "N206",
        ),
    )
