"""Losses that compare blobs."""

from netdef.compiler.layers.losses import EuclideanLoss
from tests.layers.cases import Case, Family, Refused, caffe


class TestLosses(Family):
    cases = (
        *caffe("euclidean", "loss_weight_mid"),
        Case(
            "half the squared distance, averaged over the batch",
            'input "a" [4, 2, 3] input "b" [4, 6] layer "y" EuclideanLoss { bottom: ["a", "b"] }',
            layer=EuclideanLoss(),
            shapes={"y": ()},
            formula=lambda a, b: ((a.reshape(4, 6) - b) ** 2).sum() / 8,
        ),
    )
    refused = (
        Refused(
            "other numbers of values",
            'input "a" [4, 5] input "b" [4, 6] layer "y" EuclideanLoss { bottom: ["a", "b"] }',
            "N206",
        ),
        Refused("one bottom", 'input "a" [4, 5] layer "y" EuclideanLoss { bottom: "a" }', "N503"),
    )
