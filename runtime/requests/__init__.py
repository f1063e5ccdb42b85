"""What is asked of the runtime, as values: see ``compiler/request.py``, whose laws hold here.

Law: torch is not imported, so that a command's arguments are wrong before seconds are spent on it.
"""

from netdef.runtime.requests.inference import CROPS as CROPS
from netdef.runtime.requests.inference import POOLS as POOLS
from netdef.runtime.requests.inference import EvaluateRequest as EvaluateRequest
from netdef.runtime.requests.inference import EvaluationTask as EvaluationTask
from netdef.runtime.requests.inference import FeaturesRequest as FeaturesRequest
from netdef.runtime.requests.inference import Form as Form
from netdef.runtime.requests.inference import PredictRequest as PredictRequest
from netdef.runtime.requests.inference import SvmRequest as SvmRequest
from netdef.runtime.requests.inputs import DataRequest as DataRequest
from netdef.runtime.requests.inputs import HardwareRequest as HardwareRequest
from netdef.runtime.requests.models import ExportRequest as ExportRequest
from netdef.runtime.requests.models import TimeRequest as TimeRequest
from netdef.runtime.requests.models import VerifyRequest as VerifyRequest
from netdef.runtime.requests.training import DivisionRequest as DivisionRequest
from netdef.runtime.requests.training import RecipeRequest as RecipeRequest
from netdef.runtime.requests.training import TrainRequest as TrainRequest
from netdef.runtime.requests.training import Trial as Trial
