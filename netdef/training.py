"""Training, as Python asks for it; ``netdef train`` asks the same, and gets the same bits."""

import os
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from inspect import signature
from os import fspath
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, Unpack

from netdef.compiler.override import override
from netdef.compiler.request import NetState, PathName, UsageError, net_request, path_of
from netdef.launch import Task, ended, needs_launch, run_launched
from netdef.runtime.console import Console, open_console
from netdef.runtime.hardware.execution_settings import precision_named
from netdef.runtime.hardware.threads import share_processors
from netdef.runtime.requests import DataRequest, DivisionRequest, HardwareRequest, RecipeRequest, TrainRequest

if TYPE_CHECKING:
    from netdef.compiler.weights.stored import Weights
    from netdef.runtime.hardware.process_group import ProcessGroup
    from netdef.runtime.run import Run
    from netdef.runtime.training.signals import SignalHandler

T = TypeVar("T")


class TrainingResult:
    """What came of a training: a run's folder; where it has stages, the last speaks for all."""

    def __init__(self, run: "Run") -> None:
        self._run = run
        self._last = (run.stages or [run])[-1]

    @property
    def path(self) -> Path:
        """The run's folder, which is taken wherever weights are."""
        return self._run.path

    def __fspath__(self) -> str:
        """The same, for whoever takes a path."""
        return str(self.path)

    @property
    def request(self) -> TrainRequest:
        """What was asked for when it began."""
        return self._run.request

    @property
    def result(self) -> dict[str, Any]:
        """What the last test found, by name."""
        found: dict[str, Any] = self._last.manifest["result"]
        return found

    @property
    def metrics(self) -> list[dict[str, Any]]:
        """A line for each iteration, with what a test found where there was one."""
        return list(self._last.lines)

    @cached_property
    def weights(self) -> "Weights":
        """The best ones: layer -> arrays, in caffemodel order."""
        from netdef.compiler.weights.formats.files import read_weights

        return read_weights(self._last.best)

    @override
    def __repr__(self) -> str:
        return f"TrainingResult({str(self.path)!r})"


def train(
    net: PathName | None = None,
    *,
    recipe: PathName | None = None,
    only: str | None = None,
    epochs: float | None = None,
    max_iter: int | None = None,
    batch: int | None = None,
    lr: float | None = None,
    seed: int | None = None,
    data: PathName | None = None,
    test_data: PathName | None = None,
    inputs: Mapping[str, str] | None = None,
    scores: str | None = None,
    objects: Sequence[str] = (),
    corrupt: str | None = None,
    workers: int | None = None,
    weights: PathName | None = None,
    out: PathName | None = None,
    resume: bool = False,
    keep: int | None = None,
    tensorboard: bool | None = None,
    device: str | None = None,
    devices: int | None = None,
    restarts: int | None = None,
    passes: int | None = None,
    sync_batchnorm: bool | None = None,
    shard: bool | None = None,
    precision: str | None = None,
    compile: bool | None = None,
    channels_last: bool | None = None,
    cuda_graphs: bool | None = None,
    progress: bool = True,
    **state: Unpack[NetState],
) -> TrainingResult:
    """Train a net, as ``netdef train`` does: the same weights, bit for bit.

        run = netdef.train("nets/digits.net", data="digits", epochs=3)
        run.result["top1_error"], run.weights["conv1"]

    Args:
        net: the net's file; may be left out where the recipe names it, or with ``resume`` and ``out``.
        recipe: netdef's .yaml or Caffe's solver.prototxt; else the .yaml beside the net, else built-in settings.
        only: the one stage of the recipe that is trained.
        epochs: passes over the training data.
        max_iter: iterations instead; 0 only tests the first weights.
        batch: images in an iteration, over all devices.
        lr: the first learning rate.
        seed: of weights, order, augmentation and dropout.
        data: a data set's name or path; else what the net's data layers name, else the digits.
        test_data: other data for the test.
        inputs: input blob -> field of the data, where the blob's name doesn't say it.
        scores: the blob with the class scores, where the net doesn't tell.
        objects: the classes whose boxes count.
        corrupt: ``"skip"`` leaves out images that can't be read; else they are a mistake.
        workers: processes that read images.
        weights: what it begins with: a file, or a run's folder for its best ones.
        out: the run's folder; ``runs/NAME`` if not given.
        resume: go on with the run in ``out``, or the net's newest; what isn't said again is as it was, and another
            ``lr``, ``epochs`` or ``max_iter`` holds from here on.
        keep: checkpoints to keep.
        tensorboard: give TensorBoard the metrics, too.
        device: ``"cpu"``, ``"cuda"`` or ``"cuda:1"``; a GPU if there is one.
        devices: train in so many processes, which are started; each has its own GPU, if there are any.
        restarts: how often all processes start again if one breaks down.
        passes: in how many passes a device computes its part of a batch.
        sync_batchnorm: take BatchNorm's mean and variance over all devices.
        shard: divide the weights over the devices, too.
        precision: ``"bf16"``, ``"tf32"``, ``"float32"`` or ``"float64"``; this and the next as suits the device.
        compile: make the program with torch's compiler.
        channels_last: keep the channels of a pixel together in memory.
        cuda_graphs: launch a whole pass at once.
        progress: say on stderr how things go, and warn.
        state: what chooses and sizes the net, as for ``netdef.load``: ``stages``, ``level``, ``set``, ``sizes``,
            ``data_size``, ``dense``, ``opaque``, ``layer_files``, ``origin``.

    Raises:
        NetError: if the net, the recipe, the data or the weights are wrong, or don't go together.
        UsageError: if nothing says which net.
        KeyboardInterrupt: if SIGINT stopped it; everything is saved, and ``resume=True`` goes on.
    """
    asked = {name: value for name, value in locals().items() if name not in ("state", "progress")}
    share_processors()
    request = TrainRequest(
        net=net_request(path_of(net) or "", **state),
        recipe=RecipeRequest(
            file=path_of(recipe), only=only, epochs=epochs, max_iter=max_iter, batch=batch, lr=lr, seed=seed
        ),
        data=DataRequest(
            data=path_of(data),
            test_data=path_of(test_data),
            inputs=dict(inputs or {}),
            scores=scores,
            objects=tuple(objects),
            corrupt=corrupt,
            workers=workers,
        ),
        hardware=HardwareRequest(
            device=device,
            devices=devices,
            precision=None if precision is None else precision_named(precision),
            compile=compile,
            channels_last=channels_last,
            cuda_graphs=cuda_graphs,
        ),
        division=DivisionRequest(restarts=restarts, passes=passes, sync_batchnorm=sync_batchnorm, shard=shard),
        weights=path_of(weights),
        out=path_of(out),
        resume=resume,
        keep=keep,
        tensorboard=tensorboard,
    )
    console = open_console().without(progress=progress, results=False)
    return TrainingResult(_trained(completed(request, console), console, _call({**asked, **state})))


def completed(request: TrainRequest, console: Console) -> TrainRequest:
    """What is asked for, with what the recipe's file and a run that goes on say of it: which net, how many devices.

    It is looked at before torch is loaded, so that mistakes show at once; warnings of a recipe show here where there
    is no net to go on with, else when training begins.

    Raises:
        NetError: if the recipe is wrong, or there is no run to go on with.
        UsageError: if nothing says which net.
    """
    from netdef.runtime.training.recipe.file import read_recipe_file, recipe_path
    from netdef.runtime.training.resume import resumed, run_to_resume

    path = recipe_path(request.recipe.file, request.net.file)
    recipe_file = None if path is None else read_recipe_file(path)
    if not request.net.file and recipe_file is not None and recipe_file.train_net is not None:
        request = request.replace(net=request.net.replace(file=recipe_file.found(recipe_file.train_net)))
    if not (request.net.file or (request.resume and request.out)):
        console.show(recipe_file.report if recipe_file is not None else ())
        raise UsageError("which net? Name it, or a recipe that names it, or with --resume the run's folder")
    return resumed(request, run_to_resume(request)) if request.resume else request


def train_here(request: TrainRequest, console: Console, command: str) -> "Run":
    """Train in this process, or among those that were launched with it; the run's folder.

    Raises:
        NetError: for mistakes of the user's.
        Stopped: if a signal asked for it; everything is saved.
    """
    from netdef.runtime.training.train_session import train_session

    return _in_group(request, lambda group, signals: train_session(request, command, group, console, signals))


def try_here(request: TrainRequest, console: Console) -> None:
    """Print what a trial finds: likewise, and nothing is written."""
    from netdef.runtime.training.trial import try_out

    _in_group(request, lambda group, signals: try_out(request, group, console, signals))


def _in_group(request: TrainRequest, work: "Callable[[ProcessGroup, SignalHandler], T]") -> T:
    """Do some work in this process's group, which is left in order when a signal stops it: its others still talk."""
    from netdef.runtime.hardware.process_group import process_group
    from netdef.runtime.training.signals import SignalHandler, Stopped

    with SignalHandler() as signals, process_group(request.hardware.device) as group:
        try:
            return work(group, signals)
        except Stopped as error:
            stopped = error
    raise stopped


def _trained(request: TrainRequest, console: Console, command: str) -> "Run":
    """The run of a training, in as many processes as are asked for."""
    from netdef.runtime.run import launched_run
    from netdef.runtime.training.resume import run_to_resume
    from netdef.runtime.training.signals import Stopped

    restarts = request.division.restarts or 0
    if not needs_launch(request.hardware, restarts):
        try:
            return train_here(request, console, command)
        except Stopped as stopped:
            raise ended(stopped.status) from None
    launched = run_launched(Task.of("train", request, command, console), request.hardware, restarts)
    if launched.status:
        raise ended(launched.status)
    if request.resume:
        return run_to_resume(request)
    run = launched_run(Path(request.out) if request.out else None, launched.number)
    assert run is not None, "processes that ended well have made it"
    return run


def _call(asked: Mapping[str, Any]) -> str:
    """What was called, for people: whatever was said, as Python writes it."""
    usual = {name: each.default for name, each in signature(train).parameters.items()}
    said = {name: value for name, value in asked.items() if name not in usual or value != usual[name]}
    plain = {name: fspath(value) if isinstance(value, os.PathLike) else value for name, value in said.items()}
    return f"netdef.train({', '.join(f'{name}={value!r}' for name, value in plain.items())})"
