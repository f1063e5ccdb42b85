"""What a net takes: numbers, multiply-adds and memory."""

from typing import NamedTuple

from netdef.compiler.net.net import BlobVersion, Net, Node
from netdef.compiler.shape import known, product
from netdef.compiler.size import Dim

BYTES = 4
"""Of a float32."""


class Costs(NamedTuple):
    """What is known before a run: numbers, multiply-adds, and bytes in float32."""

    num_params: int
    num_statistics: int
    """Those of ``num_params`` that no gradient changes."""
    macs: int
    weight_bytes: int
    activation_bytes: int
    """Of all blobs of a forward pass, in-place versions once."""


class CostsOfRun(NamedTuple):
    """What comes to that, as forms in sizes that only a run can tell; 0 where there are none."""

    macs: Dim
    activation_bytes: Dim


class Batch(NamedTuple):
    """How many images, or other samples, one forward pass takes, and what one of them is called."""

    size: int
    one: str

    @property
    def in_words(self) -> str:
        """``one image``, ``a batch of 8 images``."""
        return f"one {self.one}" if self.size == 1 else f"a batch of {self.size:,} {self.one}s"


def costs(net: Net) -> Costs:
    """The totals, as far as they are numbers."""
    held = sum(known(activation_bytes(node)) for node in net.nodes)
    return Costs(net.num_params, net.num_statistics, net.macs, net.num_params * BYTES, held)


def batch_of(net: Net) -> Batch | None:
    """What one forward pass takes; None where the inputs don't tell.

    Images are (N, C, H, W). Without any, N is the first size of inputs that have no more than two, as tables have.
    """
    shapes = [shape for shape in net.inputs.values() if shape]
    images = [shape for shape in shapes if len(shape) > 3]
    if not images and any(len(shape) > 2 for shape in shapes):
        return None  # sequences have their steps first
    found = {shape[0] for shape in images or shapes}
    size = found.pop() if len(found) == 1 else None
    return Batch(size, "image" if images else "sample") if isinstance(size, int) and size > 0 else None


def costs_of_run(net: Net) -> CostsOfRun:
    """The totals of what is no number yet."""
    macs = (node.macs for node in net.nodes)
    held = (activation_bytes(node) for node in net.nodes)
    return CostsOfRun(*(sum((size for size in sizes if not isinstance(size, int)), start=0) for sizes in (macs, held)))


def activation_bytes(node: Node) -> Dim:
    """The memory of a node's tops."""
    return sum((product(top.shape) * BYTES for top in _held_tops(node)), start=0)


def _held_tops(node: Node) -> list[BlobVersion]:
    """The tops that take memory of their own: all but those written in place."""
    names = {bottom.name for bottom in node.bottoms}
    return [top for top in node.tops if top.name not in names]
