"""The matrix of an InfogainLoss that a file holds."""

from pathlib import Path
from typing import TYPE_CHECKING

from netdef.compiler.data_files.look_up import found_file
from netdef.compiler.net.net import Node
from netdef.compiler.schema.message import Refusal
from netdef.compiler.shape import show
from netdef.compiler.weights.formats.binaryproto import read_blob

if TYPE_CHECKING:
    from numpy import generic
    from numpy.typing import NDArray


def infogain_matrix(node: Node, source: str, classes: int) -> "NDArray[generic]":
    """The matrix (classes, classes) of a layer that names its file, for no bottom gives one.

    Raises:
        Refusal: if the file is not there, or holds another number of values.
        NetError: if it is damaged.
    """
    path = found_file(source, Path(node.at.source.path).parent)
    if path is None:
        message, help = f"there is no file {source}", "give the matrix as a third bottom, or its file's place"
        raise Refusal("N010", message, at="source", help=help)
    matrix = read_blob(path, "a matrix")
    if matrix.size != classes * classes:
        message = f"the matrix in {path} is {show(matrix.shape)}, and there are {classes} classes"
        raise Refusal("N206", message, at="source", help="it has a row and a column for each class")
    return matrix.reshape(classes, classes)
