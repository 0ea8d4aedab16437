"""What Jupyter starts in place of a kernel; see ``__init__.py``."""

import json
import os
import signal
import socket
import sys

SIGNALS = (signal.SIGINT, signal.SIGTERM)


def main(path: str, connection_file: str) -> None:
    """Ask the nursery for a kernel, hand signals on to it, and wait for its end."""
    signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)  # until it is known whose they are
    with socket.socket(socket.AF_UNIX) as door:
        door.connect(path)
        wanted = {
            "connection_file": connection_file,
            "environment": dict(os.environ),
            "folder": os.getcwd(),
        }
        socket.send_fds(door, [json.dumps(wanted).encode()], [0, 1, 2])
        kernel = int(door.recv(16))
        for number in SIGNALS:
            signal.signal(number, lambda number, _: os.kill(kernel, number))
        signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
        door.recv(1)  # nothing comes but the end


if __name__ == "__main__":
    main(*sys.argv[1:])
