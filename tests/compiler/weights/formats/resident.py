"""How much of a mapped file is in memory."""

from pathlib import Path


def resident_bytes(path: Path) -> int:
    """Bytes of a file's pages that this process has looked at, as Linux counts them."""
    total, is_ours = 0, False
    for line in Path("/proc/self/smaps").read_text().splitlines():
        words = line.split()
        if "-" in words[0] and not words[0].endswith(":"):
            is_ours = words[-1] == str(path)
        elif is_ours and words[0] == "Rss:":
            total += int(words[1]) * 1024
    return total
