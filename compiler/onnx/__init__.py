"""A checked net as an ONNX model, made from the net itself.

``model.py`` is the road; each family of layers has its rules in the file of its name. The law: this is the one room
of the compiler that imports onnx.
"""

from netdef.compiler.onnx.file import save_model as save_model
from netdef.compiler.onnx.model import onnx_model as onnx_model
