"""What a run's manifest says: what was asked for, how, and what it became; ``resume.py`` reads the request again."""

import platform
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from typing import Any

from netdef.compiler.analysis.judged import kinds_of_outputs
from netdef.compiler.shape import Pair
from netdef.runtime.data.crop import RESCALING, ImageCrop
from netdef.runtime.data.datasets.dataset import evenly_spread
from netdef.runtime.data.zipped import Zipped
from netdef.runtime.hardware.launch_environment import launch_number
from netdef.runtime.requests import TrainRequest
from netdef.runtime.run import digest_of
from netdef.runtime.training.job import Job
from netdef.runtime.training.recipe.file import RecipeFile
from netdef.runtime.training.recipe.recipe import Stage
from netdef.runtime.training.setup import NUM_LOOKED_AT, TrainingSetup
from netdef.runtime.training.stage_run import net_in_tests
from netdef.runtime.training.stages import stages_identity

PACKAGES = ("netdef-compiler", "torch", "numpy", "pillow")
"""Those whose versions a run remembers."""


def manifest_of_run(request: TrainRequest, job: Job, command: str, recipe_file: RecipeFile | None) -> dict[str, Any]:
    """The manifest of a training: what was asked for, and what it became."""
    setup = job.setup
    return _beginning(request, command) | {
        "net": setup.train_net.name,
        "data": {"source": setup.data.source, "split": setup.data.split},
        "classes": list(setup.data.train.classes),
        "preprocess": setup.feeding.normalise.as_data,
        "rescaling": RESCALING,
        "test": {
            "net": net_in_tests(request.net, recipe_file).replace(layer_files=()).as_data,
            "preprocess": preprocess_in_tests(setup),
            "outputs": kinds_of_outputs(setup.test_net),
        },
        "device": str(setup.device),
        "devices": setup.group.size,
        "parts": setup.division.num_parts,
        "hardware": job.settings._asdict(),
        "hashes": hashes_of(setup.identity),
        "identity": setup.identity,
    }


def preprocess_in_tests(setup: TrainingSetup) -> dict[str, Any]:
    """How an image became the net's input in tests, with its size before it was cut; empty for numbers as stored."""
    told, crop = setup.testing.normalise.preprocess, setup.testing.crop
    if told is None:
        return {}
    if isinstance(crop, ImageCrop):
        return told._replace(resize=crop.resize).as_data
    data = setup.data.test.first if isinstance(setup.data.test, Zipped) else setup.data.test
    sizes = {Pair(*image.shape[:2]) for image in evenly_spread(data, NUM_LOOKED_AT)}
    common = sizes.pop() if len(sizes) == 1 else None  # images of several sizes are cut as they are
    return told._replace(resize_to=told.resize_to or common).as_data


def hashes_of(identity: Mapping[str, Any]) -> dict[str, str]:
    """Short forms of the parts of what a run is."""
    return {part: digest_of({part: identity[part]}) for part in ("net", "data", "recipe")}


def manifest_of_stages(
    request: TrainRequest, stages: Sequence[Stage], num_devices: int, command: str
) -> dict[str, Any]:
    """The manifest of the folder that holds the runs of several stages."""
    identity = stages_identity(stages)
    return _beginning(request, command) | {
        "devices": num_devices,
        "parts": num_devices * (request.division.passes or 1),
        "stages": [*identity["stages"]],
        "identity": identity,
    }


def _beginning(request: TrainRequest, command: str) -> dict[str, Any]:
    """What every manifest begins with: what was asked for, in which launch if it was one, and of which versions."""
    return {
        "command": command,
        "request": remembered(request),
        "launch": launch_number(),
        "versions": {"python": platform.python_version()} | {name: version(name) for name in PACKAGES},
    }


def remembered(request: TrainRequest) -> dict[str, Any]:
    """Of a request what a later command takes up; where the run is, and in how many passes, it finds out itself."""
    division = request.division.replace(passes=None)
    return request.replace(out=None, resume=False, trial=None, division=division).as_data
