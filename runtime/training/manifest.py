"""What a run's manifest says: what was asked for, and what came of it.

The request stands in it as data. A later command lays what it asks for over that, field by field: whatever isn't said
again is as it was, and a switch can be switched either way.
"""

import platform
from importlib.metadata import version
from pathlib import Path
from typing import Any

from netdef.compiler.diagnostics import Report
from netdef.compiler.load import load_expanded
from netdef.compiler.net.definition import define
from netdef.compiler.request import NetRequest
from netdef.runtime.requests import TrainRequest
from netdef.runtime.run import Run, newest_run, run_in
from netdef.runtime.training.stages import own_run

PACKAGES = ("netdef-compiler", "torch", "numpy", "pillow")
"""Those whose versions a run remembers."""


def remembered(request: TrainRequest) -> dict[str, Any]:
    """Of a request what a later command takes up; where the run is, and in how many passes, it finds out itself."""
    division = request.division.replace(passes=None)
    return request.replace(out=None, resume=False, trial=None, division=division).as_data


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
    return define(load_expanded(net.file, net.set), Report()).frame.name or Path(net.file).stem


def manifest_of(request: TrainRequest, command: str, launch: str | None) -> dict[str, Any]:
    """What every manifest begins with: what was asked for, in which launch if it was one, and of which versions."""
    return {
        "command": command,
        "request": remembered(request),
        "launch": launch,
        "versions": {"python": platform.python_version()} | {name: version(name) for name in PACKAGES},
    }
