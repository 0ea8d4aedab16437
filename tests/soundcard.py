"""A sound card for browsers that have none: without one their audio context never runs.

PulseAudio with nothing behind it, on a socket in a folder of the test's own::

    with sound_card(tmp_path) as environment:
        subprocess.Popen(["firefox-esr"], env={**os.environ, **environment})
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from contextlib import contextmanager
from typing import TYPE_CHECKING

from .waiting import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SAMPLE_RATE = 48_000


@contextmanager
def sound_card(folder: Path) -> Iterator[dict[str, str]]:
    """Run a sound card; yield what a browser needs in its environment to find it.

    Parameters
    ----------
    folder
        For the socket and for PulseAudio's own files; its path should be short, as a socket's is.

    Raises
    ------
    RuntimeError
        When there is no PulseAudio, or it does not start.
    """
    if not shutil.which("pulseaudio"):
        raise RuntimeError("no PulseAudio: install it (Debian: apt-get install pulseaudio)")
    path = folder / "native"
    ours = {"HOME": str(folder), "XDG_RUNTIME_DIR": str(folder)}
    log = folder / "pulseaudio.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*COMMAND, "-L", f"module-native-protocol-unix socket={path} auth-anonymous=1"],
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**os.environ, **ours},
        )
    try:
        if not wait_until(lambda: process.poll() is not None or _answers(path)) or process.poll():
            raise RuntimeError(f"PulseAudio did not start:\n{log.read_text()[-2000:]}")
        yield {"PULSE_SERVER": f"unix:{path}"}
    finally:
        process.terminate()
        process.wait()


COMMAND = (
    "pulseaudio",
    *("-n", "--daemonize=no", "--exit-idle-time=-1", "--use-pid-file=no"),
    *("--realtime=no", "--high-priority=no"),
    *("-L", f"module-null-sink sink_name=omni rate={SAMPLE_RATE}"),
)


def _answers(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as client:
        try:
            client.connect(str(path))
        except OSError:
            return False
    return True
