"""Which data a run is judged by, as the command line and the run say."""

import argparse
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from netdef.runtime.data.datasets.dataset import Dataset
    from netdef.runtime.data.datasets.source import InputSpec
    from netdef.runtime.trained_run import TrainedRun


def source_of(args: argparse.Namespace, run: "TrainedRun | None") -> str | None:
    """The data that the user names, else those that the run was trained on, if they were named."""
    source: str | None = args.data or (run.manifest["arguments"].get("data") if run else None)
    return source


def judged_on(args: argparse.Namespace, run: "TrainedRun | None", wanted: "InputSpec | None" = None) -> "Dataset":
    """The images that a net is judged by: of a run's own data its test part."""
    from netdef.runtime.data.datasets.source import ANY, open_data, open_test

    objects = tuple(args.object) or None
    classes = tuple(run.manifest["classes"]) if run else objects
    asked = run.manifest["arguments"] if run and args.data is None else {}
    if "data" in asked or "test_data" in asked:
        counted = objects or tuple(asked.get("object", ())) or None
        return open_data(asked.get("data", "digits"), asked.get("test_data"), wanted or ANY, counted).test
    return open_test(args.data or "digits", classes, wanted or ANY, objects)
