"""The processors, and those who share them. Law: torch is not imported, which reads this when it is loaded."""

import os


def share_processors() -> None:
    """Let threads that wait sleep, unless the user says otherwise; OpenMP reads this when torch is loaded.

    On a machine with other work, threads that spin instead take the time of those that they wait for: 2 to 8 times
    slower was seen.
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
