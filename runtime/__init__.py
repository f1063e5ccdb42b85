"""A checked net as a PyTorch module: lowering, training, evaluation and data.

Law: imports ``netdef.compiler``; never ``netdef.commands``, and never torchvision.
"""

if __name__ != "netdef.runtime":  # under a second name every registry would exist twice
    raise ImportError("import netdef.runtime, not runtime")
