"""Text to a checked net, and from there to a table, a drawing or ONNX.

Law: nothing here imports torch, ``netdef.runtime`` or ``netdef.commands``, and only ``compiler.onnx``
imports onnx. ``tests/test_architecture.py`` holds it.
"""

if __name__ != "netdef.compiler":  # under a second name every registry would exist twice
    raise ImportError("import netdef.compiler, not compiler")
