"""The process that kernels are forked from; see ``__init__.py``."""

import contextlib
import importlib
import json
import os
import select
import signal
import socket
import sys
import threading

PRELOADED = (
    "anywidget",
    "av",
    "click",
    "h11",
    "httpx",
    "IPython",
    "ipykernel.debugger",
    "ipykernel.ipkernel",
    "ipykernel.kernelapp",
    "ipywidgets",
    "markdown_it",
    "matplotlib.backends.backend_agg",
    "matplotlib.pyplot",
    "matplotlib_inline.backend_inline",
    "numpy",
    "openai",
    "openai.types.chat",
    "PIL.Image",
    "starlette.applications",
    "uvicorn",
)

STANDARD_STREAMS = 3


def main(descriptor: str) -> None:
    """Import, then fork a kernel for each visitor until standard input ends."""
    with socket.socket(fileno=int(descriptor)) as listener:
        for name in PRELOADED:
            importlib.import_module(name)
        assert threading.active_count() == 1, "a thread would not live on in the kernels"
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody has to wait for a kernel's end
        while sys.stdin not in select.select([listener, sys.stdin], [], [])[0]:
            visitor, _ = listener.accept()
            if not os.fork():
                listener.close()
                be_a_kernel(visitor)
            visitor.close()


def stay_as_nice() -> None:
    """Let the kernel stand back as this process does: Linux forgets that with a new session."""
    with contextlib.suppress(OSError), open("/proc/self/autogroup", "w") as group:
        group.write(str(os.nice(0)))


def be_a_kernel(door: socket.socket) -> None:
    """Become what the visitor asks for, and never return."""
    message, streams, _, _ = socket.recv_fds(door, 1 << 20, STANDARD_STREAMS)
    wanted = json.loads(message)
    os.setsid()
    stay_as_nice()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    for here, stream in enumerate(streams):
        os.dup2(stream, here)
        os.close(stream)
    os.chdir(wanted["folder"])
    os.environ.clear()
    # A kernel ends itself with its parent, which is the nursery.
    os.environ.update(wanted["environment"], JPY_PARENT_PID=str(os.getppid()))
    door.sendall(str(os.getpid()).encode())
    threading.Thread(target=end_with, args=[door], daemon=True).start()

    from ipykernel import kernelapp

    sys.argv = ["ipykernel_launcher", "-f", wanted["connection_file"]]
    kernelapp.launch_new_instance()
    sys.exit()


def end_with(door: socket.socket) -> None:
    """End this kernel when its visitor is gone."""
    door.recv(1)
    os._exit(1)


if __name__ == "__main__":
    main(sys.argv[1])
