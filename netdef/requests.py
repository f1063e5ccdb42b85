"""What can be asked for, as frozen values: of a net, of data, of the hardware, and of what is done with them."""

from netdef.compiler.request import NetRequest, Request, UsageError
from netdef.runtime.requests import (
    DataRequest,
    DivisionRequest,
    EvaluateRequest,
    ExportRequest,
    FeaturesRequest,
    HardwareRequest,
    PredictRequest,
    RecipeRequest,
    TimeRequest,
    TrainRequest,
    Trial,
    VerifyRequest,
)

__all__ = [
    "DataRequest",
    "DivisionRequest",
    "EvaluateRequest",
    "ExportRequest",
    "FeaturesRequest",
    "HardwareRequest",
    "NetRequest",
    "PredictRequest",
    "RecipeRequest",
    "Request",
    "TimeRequest",
    "TrainRequest",
    "Trial",
    "UsageError",
    "VerifyRequest",
]
