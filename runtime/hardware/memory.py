"""How much memory was in use."""

import resource
import sys

import torch


def peak_memory(device: torch.device) -> int:
    """Bytes in use at the most: of a GPU's memory, or of the whole process."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device)
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
