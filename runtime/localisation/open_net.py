"""Nets that give boxes, and nets that score classes, opened as what they are used for."""

from netdef.compiler.diagnostics import Diagnostic
from netdef.compiler.load import load_net
from netdef.compiler.net_error import NetError
from netdef.compiler.request import NetRequest
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
    return open_trained(net, weights, net.chosen_scores(scores), device=device)
