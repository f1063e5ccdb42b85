"""How often nets are wrong, by the simple protocol of training and by the paper's."""

from netdef.runtime.evaluation.errors import TEST_BATCH, Errors, Loss, Measured, count_errors, evaluate, evaluate_loss

__all__ = ["TEST_BATCH", "Errors", "Loss", "Measured", "count_errors", "evaluate", "evaluate_loss"]
