"""Pack images into shards: a few large tar files, which training reads much faster than many small files.

Any data that netdef train takes can be packed. A folder with train and test becomes one with both; the order stays.
Any tool that reads tar files or WebDataset's shards reads them too.
"""

import argparse
from pathlib import Path

from netdef.options.data import corrupt_argument
from netdef.options.values import count
from netdef.runtime.console import Console
from netdef.runtime.exit_status import ExitStatus

HELP = "pack images into tar shards"
EXTRAS = ("train",)
EXAMPLES = (
    ("netdef pack ILSVRC shards", "a folder with train and test"),
    ("netdef pack photos shards --resize 256", "shrunk to that side"),
)


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("data", metavar="DIR", help="a folder of class folders, a list file, an LMDB, a tar file")
    parser.add_argument("out", metavar="OUT", help="the folder of the shards, which must not be there yet")
    parser.add_argument("--resize", type=count, metavar="S", help="shrink larger images to this shorter side")
    parser.add_argument("--shard-size", type=count, default=256, metavar="MB", help="size of a shard, in 2^20 bytes")
    corrupt_argument(parser, default="error")


def run(args: argparse.Namespace, console: Console) -> int:
    """Pack, and say what was packed."""
    from netdef.runtime.data.packing import Packing, pack_parts

    how = Packing(args.resize, args.shard_size * 2**20, args.corrupt == "skip")
    parts = pack_parts(args.data, Path(args.out), how, console)
    for part, packed in parts.items():
        console.show(packed.skipped)
        name = Path(args.out, part)
        counts = f"{packed.num_samples:,} images of {packed.num_classes:,} classes, shards: {packed.num_shards:,}"
        console.print(f"{name}: {counts}")
        if len(packed.skipped):
            console.say(f"netdef pack: {len(packed.skipped):,} images of {name} were left out")
    return ExitStatus.FINE
