"""What images show, and where: ``netdef.predict``, and what the command of that name calls.

Law: torch is loaded by what is called, not by whoever imports this.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Unpack

from netdef.compiler.request import NetState, PathName, net_request, path_of, paths_of
from netdef.runtime.console import Console, open_console
from netdef.runtime.hardware.threads import share_processors
from netdef.runtime.requests import HardwareRequest, PredictRequest

if TYPE_CHECKING:
    from netdef.runtime.prediction import Predictions


def predict(
    net: PathName,
    images: PathName | Sequence[PathName],
    *,
    weights: PathName | None = None,
    classes: PathName | None = None,
    top: int = 5,
    boxes: bool = False,
    out: PathName | None = None,
    class_net: PathName | None = None,
    class_weights: PathName | None = None,
    scores: str | None = None,
    device: str | None = None,
    progress: bool = True,
    **state: Unpack[NetState],
) -> "Predictions":
    """Say what images show, as ``netdef predict`` does.

        netdef.predict("squeezenet.prototxt", "cat.jpg", weights="squeezenet.caffemodel").results[0].classes[0].name

    Args:
        net: a file, or a run's folder, which stands for its net and its best weights.
        images: a file, a folder of them, a pattern, or several.
        weights: a file, or a run's folder for its best ones.
        classes: a file with the classes' names, one a line; by default the run's, or those of the net's ``preprocess``.
        top: how many classes are named.
        boxes: whether the net gives boxes.
        out: a folder for copies of the images with their boxes, or, of a net that scores each pixel, for label maps;
            without it none are drawn.
        class_net: with ``boxes``, a net that scores classes, and chooses the box of a net with one for each class.
        class_weights: its weights.
        scores: the blob with the class scores, where the net doesn't tell.
        device: ``cpu``, ``cuda`` or ``cuda:1``; by default a GPU if there is one.
        progress: whether warnings are said on stderr.
        state: what chooses and sizes the net, as for ``netdef.load``: ``stages``, ``level``, ``set``, ``sizes``,
            ``data_size``, ``dense``, ``opaque``, ``layer_files``, ``origin``.

    Returns:
        What each image shows; ``mistakes`` says which could not be found or read.

    Raises:
        NetError: if the net or its weights are wrong, or a copy can't be written.
        UsageError: if what is asked for doesn't go together.
    """
    request = PredictRequest(
        net=net_request(net, **state),
        weights=path_of(weights),
        images=paths_of(images),
        classes=path_of(classes),
        top=top,
        boxes=boxes,
        out=path_of(out),
        class_net=path_of(class_net),
        class_weights=path_of(class_weights),
        scores=scores,
        hardware=HardwareRequest(device=device),
    )
    return predicted(request, open_console().without(progress=progress, results=False))


def predicted(request: PredictRequest, console: Console) -> "Predictions":
    """What is asked for; a result is printed as soon as it is there."""
    request.check()
    share_processors()
    from netdef.runtime.prediction import predict_images

    return predict_images(request, console)
