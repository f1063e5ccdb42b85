"""What the system refuses is a mistake that names the file; what we did wrong ourselves stays our fault."""

import errno
import os
from pathlib import Path

import pytest

import netdef
from netdef.cli import status_of
from netdef.compiler.system_errors import refused_by_system
from netdef.runtime.console import Console
from netdef.runtime.exit_status import ExitStatus

REFUSED = {
    "full disk": OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "/data/a.npz"),
    "read-only disk": OSError(errno.EROFS, os.strerror(errno.EROFS), "/data/a.npz"),
    "broken disk": OSError(errno.EIO, os.strerror(errno.EIO), "/data/a.npz"),
    "too many files": OSError(errno.EMFILE, os.strerror(errno.EMFILE), "/data/a.npz"),
    "gone": FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), "/data/a.npz"),
    "in a worker": OSError("Caught OSError in DataLoader worker process 0.\n  OSError: [Errno 5] I: '/data/a.npz'\n"),
}
OURS = {
    "no number": OSError("the plug is out"),
    "a bad descriptor": OSError(errno.EBADF, os.strerror(errno.EBADF)),
    "a file of ours": FileNotFoundError(errno.ENOENT, "gone", str(Path(netdef.__file__).with_name("no.py"))),
    "no system's": RuntimeError("the size of tensor a must match"),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_what_the_system_refuses_is_said_with_its_file(kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    def work(_: Console) -> int:
        raise REFUSED[kind]

    assert status_of(work) == ExitStatus.USER_MISTAKE
    assert "error[N013]: /data/a.npz: " in capsys.readouterr().err


@pytest.mark.parametrize("kind", OURS)
def test_what_we_did_wrong_is_not(kind: str) -> None:
    assert refused_by_system(OURS[kind]) is None


def test_a_library_says_it_in_words() -> None:
    said = refused_by_system(RuntimeError("unable to write </torch_7>: No space left on device (28)"))
    assert said is not None
    assert said.message == "the system refuses to go on: No space left on device"
