"""Weights of Caffe's: ``.caffemodel`` files, a whole net in binary each, mapped and not copied."""

from collections.abc import Iterator
from pathlib import Path

from netdef.compiler.diagnostics import Diagnostic
from netdef.compiler.net_error import NetError
from netdef.compiler.schema.caffe_binary import StoredNet
from netdef.compiler.schema.wire import Record
from netdef.compiler.weights.formats.blob_proto import stored_blob
from netdef.compiler.weights.formats.mapped import mapped, reading
from netdef.compiler.weights.stored import LayerArrays


def read_caffemodel(path: Path) -> dict[str, LayerArrays]:
    """The weights of a file of any of Caffe's three formats, by layer.

    The arrays are read-only views of the file; those of old files have four axes always. Of layers with one name the
    last counts, as in Caffe.

    Raises:
        NetError: if the file is damaged, or has weights in a form that Caffe doesn't read.
    """
    with reading(path, "a .caffemodel"):
        net = Record(mapped(path), StoredNet.fields)
        layers = [*_v1(net), *net.each("layer")]
        blobs = {str(layer.get("name")): list(layer.each("blobs")) for layer in layers if layer.has("blobs")}
        if not layers:
            message = f"{path} has no layers, so it is no .caffemodel"
            raise NetError(Diagnostic("N912", message, help="is it a mean file (.binaryproto), or a solver's state?"))
        return {
            name: LayerArrays(stored_blob(blob, f"{path}: weight {index} of {name}") for index, blob in enumerate(own))
            for name, own in blobs.items()
        }


def _v1(net: Record) -> Iterator[Record]:
    """The layers of the old formats; what was V0 is taken out of its V1 shell."""
    for layer in net.each("layers"):
        inner = layer.get("layer")
        yield inner if inner is not None else layer
