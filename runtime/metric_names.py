"""What the numbers of a run's metrics are called: those of every iteration, and those of tests.

A line of a test also has every scalar output of the net in phase TEST, under its blob's name; where a line has that
name already, as ``loss`` is the iteration's own, ``@test`` is added.
"""

from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple

OF_AN_ITERATION = frozenset({"iteration", "epoch", "loss", "lr", "images_per_s", "data_wait", "seconds"})
"""What is noted of each, a number wherever it stands."""


class MetricOfTests(NamedTuple):
    """What tests tell: how it is said, and whether it is a share, 0 to 1, which people read in per cent."""

    words: str
    is_share: bool = True

    def said(self, value: float) -> str:
        """A value with its name: ``top-1 error 12.00 %``, ``test loss 0.1234``."""
        return f"{self.words} {100 * value:.2f} %" if self.is_share else f"{self.words} {value:.4f}"


TEST_METRICS = {
    "top1_error": MetricOfTests("top-1 error"),
    "top5_error": MetricOfTests("top-5 error"),
    "pixel_error": MetricOfTests("pixel error"),
    "mean_class_accuracy": MetricOfTests("mean class accuracy"),
    "mean_iou": MetricOfTests("mean IoU"),
    "box_error": MetricOfTests("box error"),
    "test_loss": MetricOfTests("test loss", is_share=False),
}
"""By name; where several are told, a net is judged by the first, and the least is the best."""
AT_TEST = "@test"


def output_key(blob: str) -> str:
    """Under which name a scalar output stands in a line of a test."""
    return f"{blob}{AT_TEST}" if blob in OF_AN_ITERATION or blob in TEST_METRICS else blob


def blob_of(key: str) -> str:
    """The blob whose number stands under a name."""
    return key.removesuffix(AT_TEST)


def output_keys(lines: Iterable[Collection[str]]) -> list[str]:
    """The names of scalar outputs in lines of the metrics, as they come."""
    names = (key for line in lines for key in line if key not in OF_AN_ITERATION and key not in TEST_METRICS)
    return list(dict.fromkeys(names))


def told_by(line: Mapping[str, float]) -> list[str]:
    """What a test's line tells of how good the net is, without its loss where there is more: the judge comes first."""
    told = [name for name in TEST_METRICS if name in line]
    return [name for name in told if name != "test_loss"] or told
