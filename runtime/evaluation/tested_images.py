"""Which images a net is tested on: those that are named, else what the run that made its weights was tested on."""

from netdef.runtime.data.datasets.dataset import Dataset
from netdef.runtime.data.datasets.source import ANY, InputSpec, open_data, open_test
from netdef.runtime.requests import DataRequest
from netdef.runtime.trained_run import TrainedRun


def data_named(request: DataRequest, run: TrainedRun | None) -> str | None:
    """The data that are asked for, else those that the run was trained on; None where neither names any."""
    return request.data or (run.data.data if run else None)


def open_test_data(request: DataRequest, run: TrainedRun | None, spec: InputSpec = ANY) -> Dataset:
    """The images that a net is tested on: of a run's own data its test part, under the run's classes.

    ``spec`` is what made-up data must be like.

    Raises:
        NetError: if there are no such data, or the run knows other classes.
    """
    asked = run.data if run and request.data is None else DataRequest()
    if asked.data is not None or asked.test_data is not None:
        objects = request.objects or asked.objects or None
        return open_data(asked.data or "digits", asked.test_data, spec, objects).test
    classes = run.classes if run else request.objects or None
    return open_test(request.data or "digits", classes, spec, request.objects or None)
