"""The program: ``python -m netdef`` is the same as ``netdef``.

Law: nothing is imported here that takes time, before an interrupt is sure to end the process without a traceback.
"""

import signal
import sys


def main() -> int:
    """Run one command and return its exit status."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # there is nothing to clean up before a command runs
    from netdef.cli import main as run
    from netdef.runtime.hardware.launch_environment import was_launched

    status = run()
    if was_launched():  # by torchrun
        from netdef.runtime.hardware.lifeline import leave

        leave(status)
    return status


if __name__ == "__main__":
    sys.exit(main())
