"""``python -m omni_nb``: the command ``omni-nb``, where no script is on the path."""

import sys

from omni_nb.cli import main

if __name__ == "__main__":
    sys.exit(main())
