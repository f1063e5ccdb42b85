"""A machine on which only some programs are installed."""

import shutil
from pathlib import Path

import pytest


def leave_only(folder: Path, monkeypatch: pytest.MonkeyPatch, *names: str, real: bool = False) -> dict[str, str]:
    """Let only some programs be found, in ``folder``: the ``real`` ones, or scripts that say how they were called."""
    for name in names:
        place = folder / name
        if real:
            place.symlink_to(str(shutil.which(name)))
        else:
            place.write_text(f'#!/bin/sh\necho "{name} $*"\n')
            place.chmod(0o755)
    monkeypatch.setattr("sysconfig.get_path", lambda _: str(folder))
    monkeypatch.setenv("PATH", str(folder))
    return {name: str(folder / name) for name in names}
