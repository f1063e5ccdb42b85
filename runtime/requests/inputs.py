"""Which data, and on what hardware: parts of other requests."""

from collections.abc import Mapping
from typing import Any

from netdef.compiler.bounds import MOST_PROCESSES
from netdef.compiler.request import EMPTY, Request, count, one_of
from netdef.runtime.hardware.execution_settings import Precision


class DataRequest(Request):
    """Which data, and how they meet a net.

    data        a data set's name or path; None is what the net's data layers name, else the digits
    test_data   other data for the test
    inputs      input blob -> field of the data, where the blob's name doesn't say it
    scores      the blob with the class scores, where the net doesn't tell
    objects     the classes whose boxes count; without any, all
    corrupt     what happens with an image that can't be read: ``error`` (the default) or ``skip``
    workers     processes that read images; None is as many as the data need
    """

    data: str | None = None
    test_data: str | None = None
    inputs: Mapping[str, str] = EMPTY
    scores: str | None = None
    objects: tuple[str, ...] = ()
    corrupt: str | None = one_of("error", "skip")
    workers: int | None = count(least=0, most=MOST_PROCESSES)

    @property
    def skips(self) -> bool:
        """Whether images that can't be read are left out."""
        return self.corrupt == "skip"


class HardwareRequest(Request):
    """On what, and how it is used; None is as suits the device (``execution_settings``).

    device          ``cpu``, ``cuda`` or ``cuda:1``
    devices         how many processes work together, each with its own GPU if there are any
    precision       what convolutions and products compute in
    compile         whether torch's compiler makes the program
    channels_last   whether the channels of a pixel lie together in memory
    cuda_graphs     whether a whole pass is launched at once
    """

    device: str | None = None
    devices: int | None = count(most=MOST_PROCESSES)
    precision: Precision | None = None
    compile: bool | None = None
    channels_last: bool | None = None
    cuda_graphs: bool | None = None

    @property
    def settings(self) -> dict[str, Any]:
        """How it is used, by name, as far as that was said (``settings_for``)."""
        return {name: value for name, value in self.as_data.items() if name not in ("device", "devices")}
