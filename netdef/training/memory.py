"""What a run's manifest remembers of the command, and how a later command takes it up."""

import argparse
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

from netdef.training.job import name_of

if TYPE_CHECKING:
    from netdef.runtime.hardware.process_group import ProcessGroup
    from netdef.runtime.training.run import Run
    from netdef.runtime.training.train import Job

REMEMBERED = (
    *("file", "recipe", "only", "data", "test_data", "weights", "epochs", "batch", "lr", "seed", "input", "scores"),
    *("corrupt", "object", "set", "size", "data_size", "stage", "level", "dense", "precision", "keep", "tensorboard"),
    *("device", "devices", "restarts", "workers", "sync_batchnorm", "shard"),
)
"""Arguments that a resumed run takes from its manifest where they aren't given again."""
SWITCHES = ("compile", "channels_last", "cuda_graphs")
"""As these, which can be switched off as well as on."""
WITH_FALSE = (*SWITCHES, "seed", "workers", "restarts")
"""Of all these, those whose 0 or false says something."""


def recalled(args: argparse.Namespace, group: "ProcessGroup") -> "Run | None":
    """The run to go on with, if any; arguments that aren't given again are as they were."""
    from netdef.runtime.hardware.process_group import attempt, launch_number
    from netdef.runtime.training.run import launched_run

    if args.resume:
        run: Run | None = run_to_resume(args)
    else:
        path = Path(args.run_folder) if args.run_folder else None
        run = launched_run(path, launch_number()) if attempt() else None
    if run is not None:
        take_up(args, run)
        parts = run.manifest.get("parts", 1)
        num_devices = run.manifest.get("devices", 1) if args.sync_batchnorm else group.size
        if args.passes is None and parts % num_devices == 0:
            args.passes = parts // num_devices  # so that sums have the same order on another number of devices
        args.shard = args.shard and group.size > 1
    return run


def run_to_resume(args: argparse.Namespace) -> "Run":
    """The run that --resume means; raises ``NetError`` if there is none."""
    from netdef.runtime.training.run import newest_run, run_in
    from netdef.runtime.training.stages import own_run

    found = run_in(Path(args.run_folder)) if args.run_folder else newest_run(name_of(args))
    return own_run(found, args.only) if args.only is not None and found.stages else found


def take_up(args: argparse.Namespace, run: "Run") -> None:
    """Set what isn't given to what a run began with."""
    known = given(args)
    for name, value in run.manifest["arguments"].items():
        if name not in known:
            setattr(args, name, _frozen(value))


def given(args: argparse.Namespace) -> dict[str, Any]:
    """The arguments to be remembered that aren't at their defaults."""
    known = {name: getattr(args, name) for name in (*REMEMBERED, *SWITCHES)}
    unsaid: tuple[object, ...] = (None, [], ())
    return {name: value for name, value in known.items() if value not in unsaid and (value or name in WITH_FALSE)}


def begun(args: argparse.Namespace, job: "Job", run: "Run") -> "Run":
    """A new run, with its manifest."""
    from netdef.runtime.data.crop import RESCALING
    from netdef.runtime.training.run import digest_of

    run.manifest = manifest_of(args) | {
        "net": job.module.net.name,
        "data": {"source": job.data.source, "split": job.data.split},
        "classes": list(job.data.train.classes),
        "preprocess": job.feeding.normalise.as_data,
        "rescaling": RESCALING,
        "device": str(job.device),
        "devices": job.division.group.size,
        "parts": job.division.num_parts,
        "hardware": job.settings._asdict(),
        "hashes": {part: digest_of({part: job.identity[part]}) for part in ("net", "data", "recipe")},
        "identity": job.identity,
    }
    return run


def planned(args: argparse.Namespace, plan: "Run", group: "ProcessGroup", identity: dict[str, Any]) -> "Run":
    """A new folder for the runs of a plan, with its manifest."""
    num_parts = group.size * (args.passes or 1)
    own = {"devices": group.size, "parts": num_parts, "stages": [*identity["stages"]], "identity": identity}
    plan.manifest = manifest_of(args) | own
    return plan


def manifest_of(args: argparse.Namespace) -> dict[str, Any]:
    """What every manifest begins with: what was asked for, and of which versions."""
    import platform
    from importlib.metadata import version

    from netdef.runtime.hardware.process_group import launch_number

    packages = ("netdef-compiler", "torch", "numpy", "pillow")
    return {
        "command": shlex.join(["netdef", *args.words]),
        "arguments": given(args),
        "launch": launch_number(),
        "versions": {"python": platform.python_version()} | {name: version(name) for name in packages},
    }


def _frozen(value: Any) -> Any:
    """A value from JSON as the command line gives it."""
    return tuple(map(_frozen, value)) if isinstance(value, list) else value
