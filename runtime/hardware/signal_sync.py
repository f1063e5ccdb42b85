"""A request to stop or save that reaches any process of a group, met by all at the same iteration."""

from typing import Any, Self

import torch
import torch.distributed as dist
from torch import Tensor

from netdef.runtime.hardware.process_group import ProcessGroup


class SignalSync:
    """A request that reaches any process, and that all act upon at the same iteration, one later than it came.

    The question travels while the next iteration is computed, so that it costs no waiting.
    """

    def __init__(self, group: ProcessGroup) -> None:
        self._group = group
        self._channel = dist.new_group(backend="gloo") if group.size > 1 else None
        self._asked: tuple[Any, Tensor] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if self._asked is not None and kind is None:  # of a broken group no answer comes
            self._asked[0].wait()

    def strongest(self, request: int) -> int:
        """The strongest request of all processes at the iteration before; alone, one's own at once."""
        if self._channel is None:
            return request
        before = self._asked
        flag = torch.tensor(request)
        self._asked = dist.all_reduce(flag, dist.ReduceOp.MAX, group=self._channel, async_op=True), flag
        if before is None:
            return 0
        before[0].wait()
        return int(before[1])
