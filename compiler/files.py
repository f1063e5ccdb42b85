"""Where texts come from: a folder of the disk, the standard input, or an editor's unsaved pages.

Law: whoever reads a net is handed ``Files`` and reads texts through them, the including file's path before an
include's; nothing else opens a net's text. So a browser or an editor can hand in its own.
"""

import os
import stat
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from os.path import basename, dirname, isdir, join, normpath, realpath
from pathlib import Path

from netdef.compiler.diagnostics import Diagnostic, Report
from netdef.compiler.override import override
from netdef.compiler.source import Source
from netdef.compiler.syntax.open_source import LARGEST, read_file, source_of, unreadable

STDIN = "<stdin>"
"""What messages call the standard input."""
_STDIN_NAMES = frozenset({"-", "/dev/stdin", "/dev/fd/0", "/proc/self/fd/0", STDIN})


_COPY = "NETDEF_STDIN"
"""The variable that names a copy of the standard input, where another process has read it."""


class Files:
    """Texts by their paths. What can be read only once, the standard input or a pipe, is read once and remembered."""

    def __init__(self, texts: Mapping[str, str] | None = None, *, disk: bool = True) -> None:
        """``texts`` lie over the disk; without the ``disk`` there are only these."""
        self._disk = disk
        self._texts = {self.identity(path): text for path, text in (texts or {}).items()}
        self._streams: dict[object, bytes] = {}

    @property
    def reach_disk(self) -> bool:
        """Whether what isn't among the texts is looked up on the disk, a net's data included."""
        return self._disk

    @override
    def __repr__(self) -> str:
        return f"<Files: {', '.join([*self._texts, *['the disk'] * self._disk])}>"

    def over(self, path: str, text: str) -> "Files":
        """The same with another text, that of ``path``."""
        files = Files({**self._texts, self.identity(path): text}, disk=self._disk)
        files._streams = self._streams
        return files

    def open(self, path: str | os.PathLike[str], report: Report) -> Source | None:
        """The text at a path; what keeps it from being read goes into the report."""
        name = name_of(os.fspath(path))
        text = self._texts.get(self.identity(name))
        if text is not None:
            return Source(name, text.removeprefix("\N{BYTE ORDER MARK}"))
        if not self._disk:
            report.add(Diagnostic("N001", f"there is no file {name}"))
            return None
        if not name:
            report.add(Diagnostic("N001", "the name of a file is empty", help="name a .net or .prototxt file"))
            return None
        try:
            data = self._read(name)
        except (OSError, ValueError) as error:  # a path may hold a zero byte, and the standard input be closed
            report.add(unreadable(name, error))
            return None
        return source_of(name, data, report)

    @contextmanager
    def hand_on_stdin(self) -> Iterator[None]:
        """Let the processes that are started meanwhile read the standard input, too: from a copy."""
        from netdef.compiler.temporary import temporary_folder  # few commands start others

        with temporary_folder() as folder:
            copy = folder / "stdin"
            copy.write_bytes(self._once(sys.stdin, _read_standard_input))
            os.environ[_COPY] = str(copy)
            try:
                yield
            finally:
                del os.environ[_COPY]

    def beside(self, path: str) -> list[str]:
        """The names of the files that stand in the folder of a path, or would."""
        folder = dirname(path)
        listed = os.listdir(folder or ".") if self._disk and isdir(folder or ".") else []
        return sorted({*listed, *(basename(text) for text in self._texts if dirname(text) == folder)})

    def identity(self, path: str) -> str:
        """What two paths of one file share, whatever links and dots they go by."""
        if path in _STDIN_NAMES:
            return STDIN
        return realpath(path) if self._disk and "\0" not in path else normpath(path)

    def may_include(self, path: str, including: str, asked: str) -> bool:
        """Whether a file may name another as a part of it, so that a stranger's net shows nothing else of the disk.

        That is one from the folders of ``including`` and of the file that was ``asked`` for, or from the working
        folder; links count by where they lead. Texts that were handed in are there to be named.
        """
        if not self._disk or self.identity(path) in self._texts or "\0" in path:  # that is no name at all
            return True
        homes = {realpath(dirname(including)), realpath(dirname(asked)), realpath("")} - {os.sep}
        return any(self.identity(path).startswith(home + os.sep) for home in homes)

    def _read(self, name: str) -> bytes:
        if name == STDIN:
            return self._once(sys.stdin, _read_standard_input)
        found = os.stat(name)
        if not stat.S_ISFIFO(found.st_mode):
            return read_file(name)
        # The path of a pipe may name another one the next time: a shell's /dev/fd/63 does in each command
        return self._once((found.st_dev, found.st_ino), lambda: read_file(name))

    def _once(self, stream: object, read: Callable[[], bytes]) -> bytes:
        if stream not in self._streams:
            self._streams[stream] = read()
        return self._streams[stream]


def _read_standard_input() -> bytes:
    if _COPY in os.environ:
        return read_file(os.environ[_COPY])
    if sys.stdin is None:
        raise ValueError("it is closed")
    return sys.stdin.buffer.read(LARGEST + 1)


def name_of(path: str) -> str:
    """What messages call a file."""
    return STDIN if path in _STDIN_NAMES else path


def is_stream(path: str) -> bool:
    """Whether a path means what is gone once it is read: the standard input, or another open pipe of this process."""
    return path in _STDIN_NAMES or path.startswith(("/dev/fd/", "/proc/self/fd/"))


def stem_of(path: str) -> str:
    """A file's name without its folder and suffix, for what is named after it."""
    return "stdin" if path in _STDIN_NAMES else Path(path).stem


def beside(including: str, written: str) -> str:
    """The path that an include means: its own, seen from the folder of the including file."""
    return join(dirname(including), written)


DISK = Files()
"""The disk and the standard input, as all commands see them."""
