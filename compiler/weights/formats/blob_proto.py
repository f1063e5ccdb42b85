"""An array in Caffe's binary format (a BlobProto), as files of weights and of means hold it."""

from netdef.compiler.diagnostics import Diagnostic
from netdef.compiler.net_error import NetError
from netdef.compiler.schema.wire import FIXED, Record
from netdef.compiler.shape import product, show
from netdef.compiler.weights.stored import MOST_AXES, StoredArray

LEGACY_SHAPE = ("num", "channels", "height", "width")


def stored_blob(blob: Record, name: str) -> StoredArray:
    """A blob's array: never zeros for numbers that nobody can read. ``name`` is what messages call it.

    Raises:
        NetError: if it has no numbers, or has not as many as its shape says.
    """
    import numpy as np

    field = "double_data" if blob.has("double_data") else "data"
    count = blob.count(field)
    if not count and (blob.has("raw_data") or blob.has("raw_data_type")):
        message = f"{name} is stored as raw_data, in the half precision of NVIDIA's fork"
        help = "save it with data in 32 bits: load it in that fork, and snapshot it with float weights"
        raise NetError(Diagnostic("N913", message, help=help))
    shape = shape_of(blob)
    if len(shape) > MOST_AXES or min(shape, default=0) < 0 or product(shape) != count:
        said = show(shape) if len(shape) <= MOST_AXES else f"of more than {MOST_AXES} axes"
        message = f"{name} is said to be {said}, and has {count:,} numbers"
        empty = "this may be a net that was saved without its weights"
        raise NetError(Diagnostic("N914", message, help=None if count else empty))
    dtype = np.dtype(FIXED[blob.fields[field].kind].code)
    return StoredArray(dtype, shape, lambda: blob.array(field).reshape(shape))


def shape_of(blob: Record) -> tuple[int, ...]:
    """A blob's shape; the old form, which has four axes, comes before the new, as in Caffe."""
    if any(blob.has(size) for size in LEGACY_SHAPE):
        return tuple(blob.get(size) for size in LEGACY_SHAPE)
    shape = blob.get("shape")
    if shape is None:
        return ()
    sizes = []
    for size in shape.each("dim"):
        sizes.append(size)
        if len(sizes) > MOST_AXES:  # said by whoever knows the blob's name
            break
    return tuple(sizes)
