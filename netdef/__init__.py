"""netdef: a compiler for network definitions, Caffe's prototxt and .net files.

    load            a file to a checked net: its layers, shapes, weights and costs
    analyse         a text as far as it can be known: tree, net and what is wrong; it never raises
    load_layers     layer types of your own, from a Python file (see netdef.layer_types)
    diff            what differs between two nets, and which weights still load
    dense           the same net for images of any size, its InnerProducts as convolutions
    read_weights    weights by layer, from a .caffemodel and other formats
    write_weights   weights into a file, by its suffix
    module          a net as a torch.nn.Module
    solver          what trains a module, from a solver.prototxt or a recipe
    onnx_model      a net as an onnx.ModelProto

    train           a run: a net learns from data by a recipe
    evaluate        how often nets are wrong on labelled images
    predict         what images show, and where
    export          a net as an ONNX file
    verify          PyTorch against ONNX Runtime, blob by blob

    Analysis        what analyse knows
    Files           where texts come from: unsaved ones over the disk
    Net             a checked net: net.summary(), net.draw("x.svg"); a notebook shows it
    NetError        what is wrong with a file; its report has the diagnostics

``help(netdef.load)`` tells more, and ``netdef --help`` what the command line does.
"""

# Each name is loaded when it is first used: `import netdef` costs nothing, and a summary never loads torch.

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from netdef.compiler.files import Files as Files
    from netdef.compiler.load import Analysis as Analysis
    from netdef.compiler.load import analyse as analyse
    from netdef.compiler.load import load as load
    from netdef.compiler.net_error import NetError as NetError
    from netdef.compiler.onnx import onnx_model as onnx_model
    from netdef.compiler.own_types import load_layers as load_layers
    from netdef.compiler.passes.dense import dense as dense
    from netdef.compiler.views.diff import diff as diff
    from netdef.compiler.views.shown_net import ShownNet as Net
    from netdef.compiler.weights.formats.files import read_weights as read_weights
    from netdef.compiler.weights.formats.files import write_weights as write_weights
    from netdef.evaluation import evaluate as evaluate
    from netdef.exporting import export as export
    from netdef.prediction import predict as predict
    from netdef.runtime.lower_net import lower as module
    from netdef.runtime.training.solver import open_solver as solver
    from netdef.training import train as train
    from netdef.verification import verify as verify

_HOMES = {
    "Analysis": "netdef.compiler.load:Analysis",
    "Files": "netdef.compiler.files:Files",
    "Net": "netdef.compiler.views.shown_net:ShownNet",
    "NetError": "netdef.compiler.net_error:NetError",
    "analyse": "netdef.compiler.load:analyse",
    "dense": "netdef.compiler.passes.dense:dense",
    "diff": "netdef.compiler.views.diff:diff",
    "evaluate": "netdef.evaluation:evaluate",
    "export": "netdef.exporting:export",
    "load": "netdef.compiler.load:load",
    "load_layers": "netdef.compiler.own_types:load_layers",
    "module": "netdef.runtime.lower_net:lower",
    "onnx_model": "netdef.compiler.onnx:onnx_model",
    "predict": "netdef.prediction:predict",
    "read_weights": "netdef.compiler.weights.formats.files:read_weights",
    "solver": "netdef.runtime.training.solver:open_solver",
    "train": "netdef.training:train",
    "verify": "netdef.verification:verify",
    "write_weights": "netdef.compiler.weights.formats.files:write_weights",
}
"""Where each public name lives: module and name there."""

_NEEDS = {
    "evaluate": ("train",),
    "export": ("onnx",),
    "module": ("train",),
    "onnx_model": ("onnx",),
    "predict": ("train",),
    "solver": ("train",),
    "train": ("train",),
    "verify": ("onnx", "train"),
}
"""The extras without which a function can't begin; the others do without, or say what they miss."""

__all__ = [
    "Analysis",
    "Files",
    "Net",
    "NetError",
    "analyse",
    "dense",
    "diff",
    "evaluate",
    "export",
    "load",
    "load_layers",
    "module",
    "onnx_model",
    "predict",
    "read_weights",
    "solver",
    "train",
    "verify",
    "write_weights",
]


def __dir__() -> list[str]:
    return sorted(__all__)


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'netdef' has no attribute {name!r}")
    home, _, own = _HOMES[name].partition(":")
    stand_in = _without_its_extras(name) if name in _NEEDS else None
    return stand_in or getattr(import_module(home), own)


def _without_its_extras(name: str) -> Any:
    """What stands for a function whose packages aren't installed: a call names their extras, and so does help().

    None where all are there.
    """
    from netdef.compiler.extras import require
    from netdef.compiler.net_error import NetError

    try:
        require(f"netdef.{name}", *_NEEDS[name])
    except NetError as error:
        mistake = error
    else:
        return None

    def function(*_: Any, **__: Any) -> Any:
        raise mistake

    function.__name__ = function.__qualname__ = name
    function.__doc__ = str(mistake)
    return function
