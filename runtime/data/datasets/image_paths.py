"""Images by what the user calls them: files, folders of them, and patterns."""

from collections.abc import Sequence
from glob import glob
from pathlib import Path

from netdef.compiler.diagnostics import Diagnostic, Report
from netdef.compiler.net_error import NetError
from netdef.runtime.data.datasets.folder import images_in


def images_named(images: Sequence[str]) -> tuple[list[str], Report]:
    """The paths of all images, and what was named and isn't there."""
    paths: list[str] = []
    mistakes = Report()
    for image in images:
        try:
            paths += images_at(image)
        except NetError as error:
            mistakes.extend(error.report)
    return paths, mistakes


def images_at(name: str) -> list[str]:
    """The images that a file's, a folder's or a pattern's name means.

    Raises:
        NetError: if there are none. Whether a file is an image shows when it is read.
    """
    path = Path(name)
    found = images_in(path) if path.is_dir() else [name] if path.exists() else sorted(glob(name, recursive=True))
    if not found:
        help = "name images, folders of them, or a pattern such as 'cats/*.jpg'"
        raise NetError(Diagnostic("N1116", f"there is no image at {name}", help=help))
    return found
