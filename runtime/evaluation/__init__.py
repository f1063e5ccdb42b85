"""How often nets are wrong, by the simple protocol of training and by the paper's."""

from netdef.runtime.evaluation.errors import Errors, count_errors
from netdef.runtime.evaluation.measure import TEST_BATCH, Measured, measure
from netdef.runtime.evaluation.outputs import Loss, Outputs
from netdef.runtime.evaluation.pixel_errors import PixelErrors, count_pixels

__all__ = [
    "TEST_BATCH",
    "Errors",
    "Loss",
    "Measured",
    "Outputs",
    "PixelErrors",
    "count_errors",
    "count_pixels",
    "measure",
]
