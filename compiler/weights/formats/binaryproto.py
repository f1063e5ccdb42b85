"""Mean images, and other blobs by themselves: ``.binaryproto`` files, a BlobProto each."""

from pathlib import Path
from typing import TYPE_CHECKING

from netdef.compiler.diagnostics import Diagnostic
from netdef.compiler.net_error import NetError
from netdef.compiler.schema.caffe_binary import BlobProto
from netdef.compiler.schema.wire import Record
from netdef.compiler.shape import show
from netdef.compiler.weights.formats.blob_proto import shape_of, stored_blob
from netdef.compiler.weights.formats.mapped import mapped, reading

if TYPE_CHECKING:
    from numpy import generic
    from numpy.typing import NDArray


def mean_shape(path: Path) -> tuple[int, ...]:
    """The (C, H, W) that the head of a file tells; raises as ``read_mean`` does."""
    with reading(path, "a mean file"):
        return _of_image(path, shape_of(Record(mapped(path), BlobProto.fields)))


def read_mean(path: Path) -> "NDArray[generic]":
    """The mean image of a file, (C, H, W), channels in the file's order (blue first): a view of the file.

    Raises:
        NetError: if the file is damaged, or holds no image.
    """
    mean = read_blob(path, "a mean")
    return mean.reshape(_of_image(path, mean.shape))


def read_blob(path: Path, what: str) -> "NDArray[generic]":
    """The numbers of a file that holds ``what``: a view of it; raises ``NetError`` if it is damaged."""
    with reading(path, f"{what} file"):
        return stored_blob(Record(mapped(path), BlobProto.fields), f"{path}: {what}").read()


def _of_image(path: Path, shape: tuple[int, ...]) -> tuple[int, ...]:
    if len(shape) == 4 and shape[0] == 1:
        shape = shape[1:]
    if len(shape) != 3 or min(shape) < 1:
        message = f"{path}: a mean image has 3 axes (C, H, W), and this is {show(shape)}"
        raise NetError(Diagnostic("N914", message))
    return shape
