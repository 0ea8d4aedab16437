"""Run the command ``omni-nb`` as ``python -m omni_nb``."""

import sys

from omni_nb.cli import main

if __name__ == "__main__":
    sys.exit(main())
