"""Two stand-ins in a process of their own: one answers at once, one falls silent in the middle.

Prints their addresses and keys as JSON, serves until its input ends, then prints their counts.
"""

from __future__ import annotations

import json
import sys

from omni_nb.offline.behaviour import Behaviour
from omni_nb.offline.server import start

SILENT_AFTER = 6


def serve() -> None:
    """Serve until nobody is there any more."""
    silent = Behaviour(pace=0, fault="stall", fault_after=SILENT_AFTER)
    with start(Behaviour(pace=0)) as quick, start(silent) as stalling:
        services = (quick, stalling)
        print(json.dumps([(one.base_url, one.api_key) for one in services]), flush=True)
        sys.stdin.read()
        names = ("active", "completed", "cancelled", "broken", "refused")
        print(json.dumps([{n: getattr(one.activity, n) for n in names} for one in services]))


if __name__ == "__main__":
    serve()
