"""A run's metrics for TensorBoard: ``tensorboard --logdir RUN`` draws them while it goes on."""

import threading
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from pathlib import Path

from netdef.compiler.extras import require
from netdef.runtime.metric_names import blob_of, output_keys

FOLDER = "tensorboard"
"""In the run's folder."""
TAGS = {
    "loss": "loss/train",
    "test_loss": "loss/test",
    "top1_error": "error/top-1",
    "top5_error": "error/top-5",
    "pixel_error": "error/pixels",
    "box_error": "error/boxes",
    "mean_class_accuracy": "accuracy/mean over classes",
    "mean_iou": "accuracy/mean IoU",
    "lr": "learning rate",
    "images_per_s": "speed/images per second",
    "data_wait": "speed/share of waiting for data",
}
"""A key of the metrics -> what TensorBoard calls it; what stands before a slash, charts stand under."""
OUTPUTS = "test net's outputs"
"""Under what the scalar outputs of the test net stand, by their blobs' names."""


def check_tensorboard() -> None:
    """Raise ``NetError`` if the package tensorboard, an extra, is absent."""
    require("--tensorboard", "tensorboard")


class TensorBoard:
    """Writes lines of the metrics where TensorBoard reads them, for as long as there is room.

    What was written of the iteration ``first`` and of later ones is taken back: a resumed run notes them again. ``say``
    is told if nothing more can be written; the run's own metrics go on.
    """

    def __init__(self, run: Path, first: int, say: Callable[[str], None]) -> None:
        from torch.utils.tensorboard import SummaryWriter

        self._say = say
        self._can_write = True
        self._hook = threading.excepthook
        threading.excepthook = _without(self._hook)
        self._writer = SummaryWriter(run / FOLDER, purge_step=first)

    def log(self, lines: Iterable[Mapping[str, float]]) -> None:
        """Write lines, each at its iteration."""
        if not self._can_write:
            return
        try:
            for line in lines:
                outputs = {key: f"{OUTPUTS}/{blob_of(key)}" for key in output_keys([line])}
                for key, tag in (TAGS | outputs).items():
                    if key in line:
                        self._writer.add_scalar(tag, line[key], line["iteration"])
            self._writer.flush()
        except OSError as error:
            self._can_write = False
            self._say(f"nothing more is written for TensorBoard: {error.strerror or error}")

    def close(self) -> None:
        """Have everything written."""
        with suppress(OSError):  # which was told
            self._writer.close()
        threading.excepthook = self._hook


def _without(hook: Callable[[threading.ExceptHookArgs], object]) -> Callable[[threading.ExceptHookArgs], object]:
    """The same hook, but for TensorBoard's thread: what stops it is raised where lines are logged, too."""

    def filtered(failed: threading.ExceptHookArgs) -> None:
        if not type(failed.thread).__module__.startswith("tensorboard."):
            hook(failed)

    return filtered
