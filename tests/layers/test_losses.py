"""Losses that compare blobs."""

from netdef.compiler.layers.losses import ContrastiveLoss, EuclideanLoss
from tests.layers.cases import Case, Family, Refused, caffe

PAIRS = """
    input "a" [4, 2]
    input "b" [4, 2]
    input "t" [4]
    layer "y" ContrastiveLoss {{ bottom: ["a", "b", "t"] {} }}
"""
A, B = [[3, 4], [0, 0.5], [3, 4], [0, 0]], [[0, 0], [0, 0], [0, 0], [0, 0.5]]
"""Pairs at distances 5, 1/2, 5 and 1/2."""
ALIKE = [1, 0, 0, 0.9]
"""The fraction is cut off: the last pair isn't alike."""


class TestLosses(Family):
    cases = (
        *caffe("euclidean", "loss_weight_mid", "contrastive"),
        Case(
            "half the squared distance, averaged over the batch",
            'input "a" [4, 2, 3] input "b" [4, 6] layer "y" EuclideanLoss { bottom: ["a", "b"] }',
            layer=EuclideanLoss(),
            shapes={"y": ()},
            formula=lambda a, b: ((a.reshape(4, 6) - b) ** 2).sum() / 8,
        ),
        Case(
            "ContrastiveLoss",
            PAIRS.format(""),
            layer=ContrastiveLoss(),
            shapes={"y": ()},
            fed={"a": A, "b": B, "t": ALIKE},
            formula=lambda a, b, t: (25 + 0.25 + 0 + 0.25) / 8,
        ),
        Case(
            "ContrastiveLoss as it was, its margin one of squares",
            PAIRS.format("legacy_version: true margin: 2"),
            layer=ContrastiveLoss(legacy_version=True, margin=2.0),
            shapes={"y": ()},
            fed={"a": A, "b": B, "t": ALIKE},
            formula=lambda a, b, t: (25 + 1.75 + 0 + 1.75) / 8,
        ),
    )
    refused = (
        Refused(
            "other numbers of values",
            'input "a" [4, 5] input "b" [4, 6] layer "y" EuclideanLoss { bottom: ["a", "b"] }',
            "N206",
        ),
        Refused(
            "images, which are no rows of features",
            'input "a" [4, 5, 2, 2] layer "y" ContrastiveLoss { bottom: ["a", "a", "a"] }',
            "N203",
        ),
        Refused(
            "other features",
            'input "a" [4, 5] input "b" [4, 6] input "t" [4] layer "y" ContrastiveLoss { bottom: ["a", "b", "t"] }',
            "N206",
        ),
        Refused(
            "other pairs",
            'input "a" [4, 5] input "t" [5] layer "y" ContrastiveLoss { bottom: ["a", "a", "t"] }',
            "N206",
        ),
        Refused("one bottom", 'input "a" [4, 5] layer "y" EuclideanLoss { bottom: "a" }', "N503"),
    )
