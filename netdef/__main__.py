"""``python -m netdef`` is the same as ``netdef``."""

import sys

from netdef.cli import main

if __name__ == "__main__":
    sys.exit(main())
