"""Files that a disk, a cable or a stranger damaged, through all that reads them: mistakes, and never another exception.

A few of each kind by default; ``--long`` tries 20,000. A file that fails is named by its kind and number, from which
``damaged`` makes it again.
"""

import resource
import shutil
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from netdef.compiler.net_error import NetError
from tests.runtime.damaged import KINDS, Kind, damaged

FEW = 25
MANY = 20_000 // len(KINDS) + 1
SECONDS = 5.0
BYTES = 2**30
"""What one file may take, of a processor and of memory."""


@contextmanager
def limited_memory() -> Iterator[None]:
    """Let the process have a gigabyte more than it has, and no more: what asks for it gets a ``MemoryError``."""
    now = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (now + BYTES, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


def try_damaged(kind: Kind, name: str, number: int, sound: Path) -> None:
    folder = sound.with_name("case")
    shutil.copytree(sound, folder)
    (folder / kind.file).write_bytes(damaged((sound / kind.file).read_bytes(), name, number))
    began = time.process_time()
    try:
        kind.read(folder)
    except NetError:
        pass
    except BaseException as error:
        error.add_note(f"the file is {name} {number}")
        raise
    finally:
        shutil.rmtree(folder)
    took = time.process_time() - began
    assert took < SECONDS, f"{name} {number} took {took:.1f} s"


def sound_folder(kind: Kind, folder: Path) -> Path:
    sound = folder / "sound"
    sound.mkdir()
    kind.make(sound)
    kind.read(sound)
    return sound


@pytest.mark.parametrize("name", KINDS)
def test_a_damaged_file_is_a_mistake_or_fine(name: str, tmp_path: Path) -> None:
    sound = sound_folder(KINDS[name], tmp_path)
    with limited_memory(), warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # numbers that are none are summed, too
        for number in range(FEW):
            try_damaged(KINDS[name], name, number, sound)


@pytest.mark.long
@pytest.mark.parametrize("name", KINDS)
def test_many_damaged_files(name: str, tmp_path: Path) -> None:
    sound = sound_folder(KINDS[name], tmp_path)
    with limited_memory(), warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        for number in range(FEW, MANY):
            try_damaged(KINDS[name], name, number, sound)
