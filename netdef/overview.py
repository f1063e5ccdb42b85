"""What ``netdef`` says of itself: its commands by what they are for, and where to begin."""

from collections.abc import Mapping

GROUPS = {
    "begin": ("new", "layers", "explain"),
    "look at a net": ("check", "summary", "draw", "diff"),
    "write it anew": ("fmt", "expand", "upgrade"),
    "train it, and see how good it is": ("train", "plot", "evaluate", "predict", "time", "pack"),
    "take it elsewhere": ("export", "verify", "features", "svm"),
}
"""Commands by what they are for; any other stands at the end."""
_HEAD = """\
usage: netdef COMMAND ...

A compiler for network definitions: Caffe's prototxt and .net files become a checked
summary, a drawing, a PyTorch module that trains, or a verified ONNX model."""
_TAIL = """\
start here:
  netdef new digits -o my          copies a small net and its recipe into my/
  netdef summary my/digits.net     shows it layer by layer
  netdef train my/digits.net       learns handwritten digits with it, in under a minute

options:
  -h, --help                       this overview; netdef COMMAND --help says all of a command
  --version                        netdef's version, and those of what it uses
  --print-completion SHELL         a script that completes commands and flags: bash, zsh or tcsh"""


def overview(commands: Mapping[str, str]) -> str:
    """A page for a terminal; ``commands`` has a line for each command."""
    grouped = {name for names in GROUPS.values() for name in names}
    groups = {**GROUPS, "and": tuple(name for name in commands if name not in grouped)}
    width = max(map(len, commands))
    parts = [
        "\n".join([f"{what}:", *(f"  {name:<{width}}  {commands[name]}" for name in names if name in commands)])
        for what, names in groups.items()
        if names
    ]
    return "\n\n".join([_HEAD, *parts, _TAIL]) + "\n"
