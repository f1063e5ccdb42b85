"""Random bits for Dropout: they depend on where they are used and on nothing else.

A bit belongs to (seed, step, pass, node, sample, unit), so that a batch may be split over passes or devices, or a
run be resumed, and every sample still meets the same mask. The bits are integer arithmetic on tensors: the same on
a CPU and a GPU, eager and compiled.
"""

import torch
from torch import Tensor, nn

MASK = (1 << 64) - 1
PASS = 0xD1342543DE82EF95
SAMPLE = 0xAF251AF3B0F025B5
"""Odd constants that keep the counters apart."""
MIX = ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB))
"""The shifts and factors of SplitMix64's finaliser (Steele, Lea and Flood 2014), which ends in a shift by 31."""


class DropoutGenerator(nn.Module):
    """Where the random bits of a module's Dropouts stand; one generator serves all its nodes.

    Its tensors are buffers so that a new step changes numbers and not the program, which would be compiled anew.
    """

    stream: Tensor
    turn: Tensor
    first: Tensor

    def __init__(self) -> None:
        super().__init__()
        for name in ("stream", "turn", "first"):
            self.register_buffer(name, torch.zeros((), dtype=torch.int64), persistent=False)
        self.set_step(0, 0, 0)

    def set_step(self, seed: int, step: int, first_sample: int) -> None:
        """Begin a step; ``first_sample`` is the place in the whole batch of the first sample that comes."""
        self.stream.fill_(_signed(_mixed(_mixed(seed & MASK) + step & MASK)))
        self.turn.fill_(-1)
        self.first.fill_(first_sample)

    def advance(self) -> None:
        """Begin another pass of the step, which meets other masks."""
        self.turn.add_(1)

    def bits(self, node: int, num: int, units: int) -> Tensor:
        """64 bits for each of (num, units) as int64, for the node with this number."""
        device = self.stream.device
        samples = torch.arange(num, device=device)[:, None] + self.first
        here = self.stream + _signed(_mixed(node)) + self.turn * _signed(PASS)
        rows = _mix(here + samples * _signed(SAMPLE))
        # A unit's number is added as it is: torch's compiler gets arange times a large constant wrong on CPUs
        return _mix(rows + torch.arange(units, device=device))


def drop(x: Tensor, share: float, bits: Tensor) -> Tensor:
    """Set a share of ``x`` to 0 and scale up the rest; ``bits`` has one number for each value."""
    if share == 1:
        return x.masked_fill(torch.ones_like(x, dtype=torch.bool), 0.0)
    below = round(share * 2**64) - 2**63
    return (x * (1 / (1 - share))).masked_fill((bits < below).view(x.shape), 0.0)


def _mix(x: Tensor) -> Tensor:
    for shift, factor in MIX:
        x = (x ^ _shifted(x, shift)) * _signed(factor)
    return x ^ _shifted(x, 31)


def _shifted(x: Tensor, by: int) -> Tensor:
    """``x`` shifted right, zeros coming in: tensors' own shift copies the sign."""
    return (x >> by) & ((1 << (64 - by)) - 1)


def _mixed(x: int) -> int:
    """The same mix of one number."""
    for shift, factor in MIX:
        x = (x ^ x >> shift) * factor & MASK
    return x ^ x >> 31


def _signed(x: int) -> int:
    """The number whose two's complement is ``x``."""
    return x - (1 << 64) if x >> 63 else x
