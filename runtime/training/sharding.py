"""Weights that are divided over the devices, for nets that don't fit on one: torch's FSDP2.

Each device keeps a share of every weight, of its gradient and of what the solver remembers; a layer's weights are
gathered for as long as it computes. For an evaluation every device gathers them all, without the rest.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from torch import nn

from netdef.compiler.diagnostics import Diagnostic
from netdef.compiler.net.net import Net
from netdef.compiler.net_error import NetError
from netdef.runtime.hardware.process_group import ProcessGroup
from netdef.runtime.module import NetModule
from netdef.runtime.tensors import is_sharded, whole

if TYPE_CHECKING:
    from torch.distributed.fsdp import FSDPModule


def check_shardable(net: Net, group: ProcessGroup) -> None:
    """Refuse what can't be divided.

    Raises:
        NetError: on one device, or where layers share weights.
    """
    if group.size == 1:
        help = "add --devices N, or leave out --shard"
        raise NetError(Diagnostic("N893", "the weights can be divided over several devices only", help=help))
    for node in net.nodes:
        for own in node.weights:
            if own.owner[0] != node.name:
                message = (
                    f"{node.name} shares its {own.weight.name} with {own.owner[0]}, and shared weights can't be divided"
                )
                raise NetError(Diagnostic("N893", message, help="leave out --shard"))


def shard(root: nn.Module, module: NetModule, group: ProcessGroup) -> "FSDPModule":
    """Divide a net's weights; ``root`` is the module that computes its loss."""
    from torch.distributed.device_mesh import init_device_mesh  # a second, which only this needs
    from torch.distributed.fsdp import FSDPModule, fully_shard

    mesh = init_device_mesh(next(module.parameters()).device.type, (group.size,))
    for op in module.layers.values():
        if any(True for _ in op.parameters(recurse=False)):
            fully_shard(op, mesh=mesh)
    sharded = fully_shard(root, mesh=mesh)
    module.own_again()
    assert isinstance(sharded, FSDPModule)
    return sharded


@contextmanager
def whole_weights(module: NetModule, tester: NetModule) -> Iterator[None]:
    """Let the tester have all weights of a sharded module for a while; of one that isn't sharded it has them anyway."""
    sharded = any(is_sharded(tensor) for tensor in module.tensors.values())
    if sharded:
        tester.adopt(
            {
                key: nn.Parameter(whole(tensor), requires_grad=False) if is_sharded(tensor) else tensor
                for key, tensor in module.tensors.items()
            }
        )
    yield
    if sharded:
        tester.adopt(module.tensors)
