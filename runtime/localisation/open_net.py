"""Nets that give boxes, and nets that score classes, opened as what they are used for."""

from netdef.compiler.diagnostics import Diagnostic
from netdef.compiler.load import load_net
from netdef.compiler.net.net import Net
from netdef.compiler.net_error import NetError
from netdef.compiler.request import NetRequest
from netdef.compiler.shape import show
from netdef.runtime.data.box_fields import BOX_FIELDS
from netdef.runtime.localisation.evaluation import box_blob
from netdef.runtime.trained import TrainedNet, open_trained


def learns_boxes(request: NetRequest) -> bool:
    """Whether a net learns from boxes; one that can't be trained doesn't."""
    try:
        return not set(BOX_FIELDS).isdisjoint(load_net(request.replace(phase="TRAIN", dense=False)).inputs)
    except NetError:
        return False


def open_either(
    request: NetRequest, weights: str, *, scores: str | None = None, device: str | None = None
) -> TrainedNet:
    """A net as what it can be: one that gives boxes, or one that scores classes."""
    net = load_net(request)
    boxes = box_blob(net)
    return open_trained(net, weights, boxes or net.chosen_scores(scores), gives_boxes=boxes is not None, device=device)


def open_localiser(request: NetRequest, weights: str, *, device: str | None = None) -> TrainedNet:
    """A net that gives boxes.

    Raises:
        NetError: if it doesn't.
    """
    net = load_net(request)
    boxes = box_blob(net)
    if boxes is None:
        message = f"{request.file} scores classes, and gives no boxes: its outputs are {' and '.join(net.outputs)}"
        raise NetError(Diagnostic("N1113", message, help="leave out --boxes, or take a net such as vgg16_scr.net"))
    return open_trained(net, weights, boxes, gives_boxes=True, device=device)


def open_classifier(
    request: NetRequest, weights: str, *, scores: str | None = None, device: str | None = None
) -> TrainedNet:
    """A net that scores classes; ``scores`` names the blob, where the net doesn't tell.

    Raises:
        NetError: if it gives boxes.
    """
    net = load_net(request)
    if box_blob(net) and not scores and learns_boxes(request):
        message = f"{request.file} gives boxes, and scores no classes: it learns from boxes"
        raise NetError(Diagnostic("N1113", message, help="add --boxes; --class-net takes a net that scores classes"))
    blob = net.chosen_scores(scores)
    if not scores:
        _refuse_detector(net, blob)
    return open_trained(net, weights, blob, device=device)


def _refuse_detector(net: Net, scores: str) -> None:
    """Refuse scores that no class of a whole image can be told by.

    Raises:
        NetError: if there is one number for an image, or boxes are given for each class beside the scores.
    """
    shapes = net.shapes
    num = shapes[scores][1]
    if num == 1:
        size = show(shapes[scores], batch=True)
        message = f"{scores} is {size}: one number for an image, which is always the likeliest"
        raise NetError(Diagnostic("N1113", message, help="choose the blob with the class scores: --scores BLOB"))
    for other in net.outputs:
        shape = shapes[other]
        if other != scores and isinstance(num, int) and len(shape) > 1 and shape[1] == 4 * num:
            path = net.definition.path
            message = f"{path} gives boxes ({other}) beside the scores of their classes ({scores}): it is a detector"
            help = f"predict tells the class of a whole image; --scores {scores} does so all the same"
            raise NetError(Diagnostic("N1113", message, help=help))
