"""A run's metrics for TensorBoard: ``tensorboard --logdir RUN`` draws them while it goes on."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from netdef.compiler.diagnostics import Diagnostic, NetError

FOLDER = "tensorboard"
"""In the run's folder."""
TAGS = {
    "loss": "loss/train",
    "test_loss": "loss/test",
    "top1_error": "error/top-1",
    "top5_error": "error/top-5",
    "box_error": "error/boxes",
    "lr": "learning rate",
    "images_per_s": "speed/images per second",
    "data_wait": "speed/share of waiting for data",
}
"""A key of the metrics -> what TensorBoard calls it; what stands before a slash, charts stand under."""


class TensorBoard:
    """Writes lines of the metrics where TensorBoard reads them.

    What was written of the iteration ``first`` and of later ones is taken back: a resumed run notes them again.

    Raises:
        NetError: if the package tensorboard is absent.
    """

    def __init__(self, run: Path, first: int = 0) -> None:
        try:
            from torch.utils.tensorboard import SummaryWriter  # its package is an extra
        except ImportError:
            message = "--tensorboard needs the package tensorboard, which is not installed"
            raise NetError(Diagnostic("N717", message, help="pip install 'netdef-compiler[tensorboard]'")) from None
        self._writer = SummaryWriter(run / FOLDER, purge_step=first)

    def log(self, lines: Iterable[Mapping[str, float]]) -> None:
        """Write lines, each at its iteration."""
        for line in lines:
            for key, tag in TAGS.items():
                if key in line:
                    self._writer.add_scalar(tag, line[key], line["iteration"])
        self._writer.flush()

    def close(self) -> None:
        """Have everything written."""
        self._writer.close()
