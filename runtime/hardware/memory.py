"""How much memory was in use, and how much is free."""

import os
import resource
import sys
from contextlib import suppress
from pathlib import Path

import torch


def peak_memory(device: torch.device) -> int:
    """Bytes in use at the most: of a GPU's memory, or of the whole process."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device)
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def free_memory(device: torch.device) -> int:
    """Bytes that may still be taken: of a GPU's memory, or of the machine's, within what this process is allowed."""
    if device.type == "cuda":
        return torch.cuda.mem_get_info(device)[0]
    told = [os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")]
    with suppress(OSError, StopIteration, ValueError):  # Linux alone tells what is available
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
        told.append(1024 * int(next(line for line in lines if line.startswith("MemAvailable:")).split()[1]))
    with suppress(OSError, ValueError):  # a container's bound; "max" is none
        told.append(int(Path("/sys/fs/cgroup/memory.max").read_text(encoding="ascii")))
    return min(told)
