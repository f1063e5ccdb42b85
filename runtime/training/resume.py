"""What a later command takes up of a run: its request is laid over the one that the run began with, field by field.

Whatever isn't said again is as it was, but for files with layer types; a switch can be switched either way. Law: torch
is not imported.
"""

import shlex
from collections.abc import Sequence
from pathlib import Path

from netdef.compiler.diagnostics import Diagnostic, Report
from netdef.compiler.files import stem_of
from netdef.compiler.load import load_expanded
from netdef.compiler.net.definition import define
from netdef.compiler.net_error import NetError
from netdef.compiler.request import NetRequest
from netdef.runtime.requests import TrainRequest
from netdef.runtime.run import Run, newest_run, run_in
from netdef.runtime.training.stages import own_run


def run_to_resume(request: TrainRequest) -> Run:
    """The run that is to go on; raises ``NetError`` if there is none."""
    found = run_in(Path(request.out)) if request.out else newest_run(name_of(request.net))
    only = request.recipe.only
    return own_run(found, only) if only is not None and found.stages else found


def resumed(request: TrainRequest, run: Run) -> TrainRequest:
    """A request laid over what a run was asked for last; of two ways to say how long, what is said now holds.

    Files with layer types are programs, and a run's folder may be a stranger's: what its manifest names is never run.

    Raises:
        NetError: if the run began with such files, and this request names none.
    """
    begun = run.request
    if begun.net.layer_files and not request.net.layer_files:
        raise NetError(_programs_named(run, begun.net.layer_files))
    if request.recipe.says_length:
        begun = begun.replace(recipe=begun.recipe.replace(epochs=None, max_iter=None))
    return request.over(begun)


def _programs_named(run: Run, layer_files: Sequence[str]) -> Diagnostic:
    path, files = shlex.quote(str(run.path)), ", ".join(layer_files)
    loads = " ".join(f"--load {shlex.quote(file)}" for file in layer_files)
    return Diagnostic(
        "N890",
        f"the run in {run.path} has layer types from {files}: a program, which isn't run because a folder says so",
        notes=("a folder that somebody gave you could name any program",),
        help=f"read it; if you want it run: netdef train --resume -o {path} {loads}",
    )


def on_devices(request: TrainRequest, run: Run, num_devices: int) -> TrainRequest:
    """A resumed request for another number of devices: in as many parts as before, so that sums keep their order."""
    division, parts = request.division, run.manifest.get("parts", 1)
    spread = run.manifest.get("devices", 1) if division.sync_batchnorm else num_devices
    if division.passes is None and parts % spread == 0:
        division = division.replace(passes=parts // spread)
    return request.replace(division=division.replace(shard=division.shard and num_devices > 1))


def name_of(net: NetRequest) -> str:
    """What runs of the net are called; its shapes may depend on data, and are not looked at."""
    return define(load_expanded(net.file, net.set), Report()).frame.name or stem_of(net.file)
