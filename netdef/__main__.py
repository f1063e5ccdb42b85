"""The program: ``python -m netdef`` is the same as ``netdef``.

Law: nothing is imported here that takes time, before an interrupt is sure to end the process without a traceback.
"""

import sys

from netdef.compiler.collection import no_collection
from netdef.ending import interrupted_at_once


def main() -> int:
    """Run one command and return its exit status."""
    interrupted_at_once()
    with no_collection():  # what is imported stays
        from netdef.cli import main as run
        from netdef.runtime.hardware.launch_environment import was_launched

    status = run()
    if was_launched():  # by torchrun
        from netdef.runtime.hardware.lifeline import leave

        leave(status)
    return status


if __name__ == "__main__":
    sys.exit(main())
