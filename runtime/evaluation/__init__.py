"""How often nets are wrong, by the simple protocol of training and by the paper's."""

from netdef.runtime.evaluation.errors import PAGE, Errors, Measured, count_errors, evaluate

__all__ = ["PAGE", "Errors", "Measured", "count_errors", "evaluate"]
