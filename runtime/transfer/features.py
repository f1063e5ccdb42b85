"""Descriptors of images from a request: the net is opened, shown all of the data, and what it holds is written."""

from pathlib import Path

from netdef.compiler.diagnostics import Diagnostic
from netdef.compiler.load import load_net
from netdef.compiler.net_error import NetError
from netdef.runtime.console import Console
from netdef.runtime.data.datasets.dataset import Dataset, warnings_of
from netdef.runtime.data.datasets.source import check_named, open_whole, parts_of
from netdef.runtime.data.loading import workers_for
from netdef.runtime.evaluation.left_out import LeftOut
from netdef.runtime.evaluation.protocol import Protocol
from netdef.runtime.evaluation.scoring import ScoringTask
from netdef.runtime.named_net import named_net
from netdef.runtime.progress import counting
from netdef.runtime.requests import DataRequest, FeaturesRequest
from netdef.runtime.trained import open_trained
from netdef.runtime.transfer.describing import RowSettings, blob_of, describe
from netdef.runtime.transfer.descriptors import DESCRIPTORS, Descriptors
from netdef.runtime.transfer.several import Several


def describe_images(request: FeaturesRequest, console: Console) -> Descriptors:
    """The descriptors of all images of the data; they are written where that is asked for.

    Raises:
        NetError: if the net, its weights or the data are wrong, or the file can't be written.
    """
    if request.out is not None:
        DESCRIPTORS.check_place(Path(request.out))
    left_out = LeftOut(console)
    task = open_task(request)
    console.show([*task.trained.warnings, *warnings_of(task.data)])
    how = RowSettings(request.stack, request.normalise, request.box)
    with counting(console, request.net.file, len(task.data) * (1 + request.box), "images") as counter:
        found = describe(task, how, left_out.tell, counter.add)
    named = {"net": request.net.file, "weights": request.weights, "data": request.data.data}
    found = found._replace(made={**named, **found.made})
    if request.out is not None:
        DESCRIPTORS.write(Path(request.out), found)
    if num_left_out := left_out.close():
        console.say(f"netdef features: images left out: {num_left_out:,}")
    return found


def open_task(request: FeaturesRequest) -> ScoringTask:
    """The net with its weights, the images, and how they are shown."""
    net = load_net(named_net(request.net, request.weights).request)
    blob = blob_of(net, request.blob)
    check_named(request.data.data, net)
    data = _whole(request.data, several=request.several)
    trained = open_trained(
        net,
        request.weights,
        blob,
        device=request.hardware.device,
        inputs=request.data.inputs,
        bf16_on_gpu=True,
    )
    own = () if trained.resize is None else (trained.resize,)
    return ScoringTask(
        trained,
        data,
        Protocol(request.net.dense, scales=request.scales or own, flip=request.flip),
        skip=request.data.skips,
        num_workers=workers_for(data) if request.data.workers is None else request.data.workers,
    )


def _whole(request: DataRequest, *, several: bool) -> Dataset:
    """All of the data; raises where they have parts, of which nobody has chosen one."""
    source, objects = request.data or "digits", request.objects or None
    if len(parts := list(parts_of(source).values())) > 1:
        message = f"{source} has several parts, and descriptors are made of one at a time"
        raise NetError(Diagnostic("N1122", message, help=f"say {' or '.join(f'--data {part}' for part in parts)}"))
    return Several(Path(source), objects) if several else open_whole(source, objects)
