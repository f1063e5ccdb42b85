"""What is asked of a net whose weights needn't be trained: a model, how closely it agrees, and how long layers take."""

from netdef.compiler.bounds import MOST_SEED
from netdef.compiler.model_options import AXES, OPSET, OPSETS
from netdef.compiler.request import NetRequest, Request, count, file_with, positive, some_of, within
from netdef.runtime.requests.inputs import HardwareRequest


class ExportRequest(Request):
    """A net as a model.

    weights   a file, or a run's folder for its best ones; None is the fillers under ``seed``
    out       the model; None is the net's name with .onnx
    dynamic   the inputs' axes that stay free, of N, H and W; None is all that the net allows
    opset     the version of ONNX's operators
    verify    whether the model is run against PyTorch, and certified beside it
    """

    net: NetRequest
    weights: str | None = None
    out: str | None = file_with(".onnx")
    dynamic: tuple[str, ...] | None = some_of(*AXES, default=("N",))
    opset: int = within(OPSETS, OPSET)
    seed: int = count(0, least=0, most=MOST_SEED)
    verify: bool = False


class VerifyRequest(Request):
    """PyTorch against ONNX Runtime, blob by blob; the fields of ``ExportRequest``, and three more.

    images      real ones on which they are compared, beside random numbers: files, folders and patterns
    batches     the sizes of batches that are tried
    tolerance   the greatest relative error that passes
    """

    net: NetRequest
    weights: str | None = None
    dynamic: tuple[str, ...] | None = some_of(*AXES, default=None)
    opset: int = within(OPSETS, OPSET)
    seed: int = count(0, least=0, most=MOST_SEED)
    images: tuple[str, ...] = ()
    batches: tuple[int, ...] = count((1, 3))
    tolerance: float = positive(1e-4)


class TimeRequest(Request):
    """How long each layer takes.

    batch    samples in a pass; None is as the net says
    repeat   passes, of whose times the median is taken
    """

    net: NetRequest
    hardware: HardwareRequest = HardwareRequest()
    batch: int | None = count()
    repeat: int = count(10)
