"""PyTorch against ONNX Runtime: ``netdef.verify``, and what the command of that name calls."""

from collections.abc import Sequence
from typing import Unpack

from netdef.compiler.load import load_net
from netdef.compiler.model_options import OPSET, axes_of
from netdef.compiler.net_error import stop_on_errors
from netdef.compiler.request import NetStateInPhase, PathName, UsageError, net_request, numbers_of, path_of, paths_of
from netdef.compiler.weights.complete import complete
from netdef.compiler.weights.formats.files import NamedWeights, open_named
from netdef.runtime.console import Console, open_console
from netdef.runtime.data.datasets.decoding import decode
from netdef.runtime.data.datasets.image_paths import images_named
from netdef.runtime.requests import VerifyRequest
from netdef.runtime.trained import open_trained
from netdef.runtime.verification.certificate import Certificate
from netdef.runtime.verification.random_weights import random_weights
from netdef.runtime.verification.verify import verify as verify_blobs


def verify(
    net: PathName,
    *,
    weights: PathName | None = None,
    images: PathName | Sequence[PathName] = (),
    dynamic: str | Sequence[str] | None = None,
    batches: int | Sequence[int] = (1, 3),
    opset: int = OPSET,
    seed: int = 0,
    tolerance: float = 1e-4,
    progress: bool = True,
    **state: Unpack[NetStateInPhase],
) -> Certificate:
    """Run a net in PyTorch and in ONNX Runtime and compare every blob, as ``netdef verify`` does.

        netdef.verify("nets/lenet.net").agrees

    Args:
        net: a file.
        weights: a file, or a run's folder for its best ones; by default random numbers that let every layer show.
        images: real ones on which the two are compared, beside random numbers: files, folders or patterns. They become
            the net's input as for ``netdef.predict``.
        dynamic: which axes of the inputs are free in the model; by default all that the net allows.
        batches: the sizes of batches that are tried.
        opset: the version of ONNX's operators.
        seed: of the random numbers.
        tolerance: the greatest relative error that passes.
        progress: whether warnings are said on stderr.
        state: what chooses and sizes the net, as for ``netdef.load``: ``phase``, ``stages``, ``level``, ``set``,
            ``sizes``, ``data_size``, ``dense``, ``opaque``, ``layer_files``, ``origin``.

    Raises:
        NetError: if the net or its weights are wrong, an image can't be read, or one of the two can't do a layer.
        UsageError: if there are images, and no weights; or a number or an axis is out of range.
    """
    request = VerifyRequest(
        net=net_request(net, **state),
        weights=path_of(weights),
        images=paths_of(images),
        dynamic=None if dynamic is None else axes_of(dynamic),
        batches=numbers_of(batches),
        opset=opset,
        seed=seed,
        tolerance=tolerance,
    )
    return verified(request, open_console().without(progress=progress, results=False))


def verified(request: VerifyRequest, console: Console) -> Certificate:
    """What is asked for."""
    if request.images and request.weights is None:
        raise UsageError("real images (--images) tell something of a trained net: give --weights, too")
    net = load_net(request.net)
    console.show(net.report)
    if request.weights is None:
        given = NamedWeights(random_weights(net, request.seed), f"random weights, seed {request.seed}")
    else:
        given = open_named(request.weights)
    console.show(complete(net, given.weights, request.seed).report)
    paths, mistakes = images_named(request.images)
    stop_on_errors(mistakes)
    trained = None
    if request.weights is not None and paths:
        trained = open_trained(net, request.weights, net.outputs[0], device="cpu", opened=given)
        console.show(trained.found)
    return verify_blobs(
        net,
        given.weights,
        trained=trained,
        images={path: decode(path) for path in paths},
        dynamic=request.dynamic,
        batches=request.batches,
        opset=request.opset,
        seed=request.seed,
        tolerance=request.tolerance,
        origin=given.origin,
        console=console,
    )
