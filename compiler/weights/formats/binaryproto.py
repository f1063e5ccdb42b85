"""Mean images: ``.binaryproto`` files, a BlobProto each."""

from pathlib import Path
from typing import TYPE_CHECKING

from netdef.compiler.diagnostics import Diagnostic
from netdef.compiler.net_error import NetError
from netdef.compiler.schema.caffe_binary import BlobProto
from netdef.compiler.schema.wire import Record
from netdef.compiler.shape import show
from netdef.compiler.weights.formats.blob_proto import stored_blob
from netdef.compiler.weights.formats.mapped import mapped, reading

if TYPE_CHECKING:
    from numpy import generic
    from numpy.typing import NDArray


def read_mean(path: Path) -> "NDArray[generic]":
    """The mean image of a file, (C, H, W), channels in the file's order (blue first): a view of the file.

    Raises:
        NetError: if the file is damaged, or holds no image.
    """
    with reading(path, "a mean file"):
        mean = stored_blob(Record(mapped(path), BlobProto.fields), f"{path}: the mean").read()
    if mean.ndim == 4 and mean.shape[0] == 1:
        mean = mean[0]
    if mean.ndim != 3:
        message = f"{path}: a mean image has 3 axes (C, H, W), and this is {show(mean.shape)}"
        raise NetError(Diagnostic("N914", message))
    return mean
