"""What a later command takes up of a run: its request is laid over the one that the run began with, field by field.

Whatever isn't said again is as it was, and a switch can be switched either way. Law: torch is not imported.
"""

from pathlib import Path

from netdef.compiler.diagnostics import Report
from netdef.compiler.files import stem_of
from netdef.compiler.load import load_expanded
from netdef.compiler.net.definition import define
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
    """A request laid over what a run began with."""
    return request.over(run.request)


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
