"""What images show, and where: ``netdef.predict``, and what the command of that name calls."""

from collections.abc import Sequence
from pathlib import Path
from typing import Unpack

from netdef.compiler.request import NetState, net_request
from netdef.runtime.console import Console, open_console
from netdef.runtime.prediction import Predictions, predict_images
from netdef.runtime.requests import HardwareRequest, PredictRequest


def predict(
    net: str | Path,
    images: str | Path | Sequence[str | Path],
    *,
    weights: str | Path,
    classes: str | Path | None = None,
    top: int = 5,
    boxes: bool = False,
    out: str | Path | None = None,
    class_net: str | Path | None = None,
    class_weights: str | Path | None = None,
    scores: str | None = None,
    device: str | None = None,
    progress: bool = True,
    **state: Unpack[NetState],
) -> Predictions:
    """Say what images show, as ``netdef predict`` does.

        netdef.predict("squeezenet.prototxt", "cat.jpg", weights="squeezenet.caffemodel").results[0].classes[0].name

    Args:
        net: a file.
        images: a file, a folder of them, a pattern, or several.
        weights: a file, or a run's folder for its best ones.
        classes: a file with the classes' names, one a line; by default the run's, or those of the net's ``preprocess``.
        top: how many classes are named.
        boxes: whether the net gives boxes.
        out: with ``boxes``, a folder for copies of the images with their boxes; without it none are drawn.
        class_net: with ``boxes``, a net that scores classes, and chooses the box of a net with one for each class.
        class_weights: its weights.
        scores: the blob with the class scores, where the net doesn't tell.
        device: ``cpu``, ``cuda`` or ``cuda:1``; by default a GPU if there is one.
        progress: whether warnings are said on stderr.
        state: what chooses and sizes the net, as for ``netdef.load``: ``stages``, ``level``, ``set``, ``sizes``,
            ``data_size``, ``dense``.

    Returns:
        What each image shows; ``mistakes`` says which could not be found or read.

    Raises:
        NetError: if the net or its weights are wrong, or a copy can't be written.
        UsageError: if what is asked for doesn't go together.
    """
    request = PredictRequest(
        net=net_request(net, **state),
        weights=str(weights),
        images=(str(images),) if isinstance(images, str | Path) else tuple(map(str, images)),
        classes=None if classes is None else str(classes),
        top=top,
        boxes=boxes,
        out=None if out is None else str(out),
        class_net=None if class_net is None else str(class_net),
        class_weights=None if class_weights is None else str(class_weights),
        scores=scores,
        hardware=HardwareRequest(device=device),
    )
    return predicted(request, open_console().without(progress=progress, results=False))


def predicted(request: PredictRequest, console: Console) -> Predictions:
    """What is asked for; a result is printed as soon as it is there."""
    request.check()
    return predict_images(request, console)
