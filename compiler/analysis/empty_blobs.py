"""Blobs without a value: a size is 0.

Such a net has shapes, and can be drawn and counted. It can't be run: Caffe breaks off at the first layer that reads or
makes such a blob ("Check failed: data_", syncedmem.cpp), and no two back ends agree on the greatest of nothing.
"""

from netdef.compiler.diagnostics import Diagnostic, Label, Report
from netdef.compiler.net.net import BlobVersion, Net
from netdef.compiler.net_error import stop_on_errors
from netdef.compiler.shape import show


def refuse_empty_blobs(net: Net) -> None:
    """Refuse to run a net in which a layer makes something without a value of what has some.

    Raises:
        NetError: with each such layer; those that read what it makes stay quiet.
    """
    report = Report()
    for node in net.nodes:
        empty = next((top for top in node.tops if _is_empty(top)), None)
        if empty is not None and not any(_is_empty(bottom) for bottom in node.bottoms):
            message = f"{empty.name} is {show(empty.shape)}: it holds no value, and nothing can be computed from it"
            help = "give every axis a size of 1 or more"
            report.add(Diagnostic("N1014", message, Label(node.at), help=help, subject=empty.name))
    stop_on_errors(report)


def _is_empty(blob: BlobVersion) -> bool:
    return 0 in blob.shape
