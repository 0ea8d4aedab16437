"""Doctor: measure what the host of this notebook can do, and say it in the cell.

The command ``omni-nb doctor`` looks at what is installed; only a page can say what reaches it. The
browser side is ``js/doctor.js``; what travels is listed here and mirrored there.

From the browser:

``{type: "ping", number}``
    With a buffer of ``PING_BYTES``; the answer is ``{type: "pong", number, bytes}`` with the buffer
    as it came, ``bytes`` long.
``{type: "found", milliseconds, sent_bytes, came_bytes, sound, sample_rate, devices, browser,
host}``
    How long a message takes there and back; how many bytes of a buffer reached the kernel and came
    back; ``sound`` is the state of an audio context, or ``"none"``; ``devices`` is whether
    microphone and camera may be asked for (``js/capture/device.js``); the names of browser and
    host with their versions, ``""`` where unknown.
"""

from __future__ import annotations

import contextvars
import platform
import sys
import threading
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from omni_nb.render.html import tag
from omni_nb.render.tables import BOX
from omni_nb.views.session import session
from omni_nb.views.widget import BackgroundWidget, built
from omni_nb.words import check_language, language_here, words

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

PING_BYTES = 65_536
PATIENCE_SECONDS = 20.0
LONGEST_NAME = 40

Lines = list[tuple[str, str]]


class Doctor(BackgroundWidget):
    """Answer a page that measures, and keep what it has found.

    Attributes
    ----------
    is_beside : bool
        Whether messages come on a thread beside the cell's, so also while a cell runs.
    """

    _esm = built("doctor.js")

    def __init__(self, **traits: Any) -> None:
        self.is_beside = False
        self._found: Mapping[str, Any] | None = None
        self._has_found = threading.Event()
        super().__init__(**traits)
        self.on_msg(self._receive)

    def wait(self, seconds: float) -> Mapping[str, Any] | None:
        """Wait for what the page has found; None when no page answers."""
        self._has_found.wait(seconds)
        return self._found

    def _receive(
        self, _widget: object, message: Mapping[str, Any], buffers: Sequence[memoryview]
    ) -> None:
        match message.get("type"):
            case "ping":
                self.is_beside = threading.current_thread() is not threading.main_thread()
                came = bytes(buffers[0])[:PING_BYTES] if buffers else b""
                pong = {"type": "pong", "number": message.get("number"), "bytes": len(came)}
                self.send(pong, buffers=[came] if came else None)
            case "found":
                self._found = message
                self._has_found.set()


def doctor_cell(*, language: str | None = None) -> None:
    """Show what this notebook's host can do, for a report: messages, buffers, sound, devices.

    The page measures; the cell ends at once, and its output is complete a moment later. Where no
    page answers, as when a program runs the notebook, it says so. No key and no path is in it.

    Parameters
    ----------
    language
        ``"en"`` or ``"zh"``; by default that of this machine.

    Raises
    ------
    RequestError
        The language is unknown.

    Examples
    --------
    >>> doctor_cell(language="en")  # doctest: +ELLIPSIS
    omni_nb ... · Kernel: none, Python ... · Page: none: this is no notebook
    """
    names = words("doctor", check_language(language or language_here()))
    here = session()
    lines = [*_kernel(here.shell, names)]
    if here.shell is None:
        print(_text([*lines, (names["page"], names["no notebook"])]))
    elif here.is_attended:
        doctor = Doctor()
        asking = _bundle([*lines, (names["page"], names["asking"])])
        handle = here.show({**_view(doctor), **asking})
        # The cell ends at once: where messages come on its thread, they would wait for its end.
        run = contextvars.copy_context().run  # ipykernel routes output by context
        work = (_finish, doctor, handle, lines, names)
        threading.Thread(target=run, args=work, daemon=True).start()
    else:
        here.show(_bundle([*lines, (names["page"], names["nobody"])]))


def _finish(doctor: Doctor, handle: Any, lines: Lines, names: Mapping[str, str]) -> None:
    """Replace the widget by the report."""
    found = doctor.wait(PATIENCE_SECONDS)
    silence = names["silent"].format(seconds=round(PATIENCE_SECONDS))
    page = [*_page(found, doctor, names)] if found else [(names["page"], silence)]
    handle.update(_bundle([*lines, *page]), raw=True)
    doctor.close()


def _kernel(shell: Any, names: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    yield "omni_nb", version("omni-nb")
    python = platform.python_version()
    if shell is None:
        yield names["kernel"], names["no kernel"].format(python=python)
        return
    kernel = type(shell.kernel).__module__.partition(".")[0]
    known = getattr(sys.modules.get(kernel), "__version__", "?")
    has_subshells = getattr(shell.kernel, "_supports_kernel_subshells", False)
    said = names["subshells" if has_subshells is True else "no subshells"]
    yield names["kernel"], f"{kernel} {known}, {said}, Python {python}"


def _page(
    found: Mapping[str, Any], doctor: Doctor, names: Mapping[str, str]
) -> Iterator[tuple[str, str]]:
    """Yield the lines of what the page has found; its values are checked here."""
    host, browser, sound = (str(found.get(n))[:LONGEST_NAME] for n in ("host", "browser", "sound"))
    milliseconds, rate, sent, came = (
        _number(found.get(name))
        for name in ("milliseconds", "sample_rate", "sent_bytes", "came_bytes")
    )
    shown = [host or names["unknown host"], browser or names["unknown browser"]]
    yield names["page"], ", ".join(shown)
    when = names["beside" if doctor.is_beside else "after"]
    yield names["messages"], names["there and back"].format(milliseconds=milliseconds, when=when)
    lost = [way for way, size in (("to kernel", sent), ("to page", came)) if size != PING_BYTES]
    yield names["buffers"], "; ".join(names[way] for way in lost) or names["whole"]
    said = names.get(f"sound {sound}", sound)
    yield names["sound"], f"{said}, {rate} Hz" if rate else said
    yield names["devices"], names.get(f"devices {found.get('devices')}", "?")


def _number(value: object) -> int:
    return round(value) if isinstance(value, int | float) and 0 <= value < 1e9 else 0


def _text(lines: Lines) -> str:
    (name, here), *rest = lines
    return " · ".join([f"{name} {here}", *(f"{label}: {said}" for label, said in rest)])


def _bundle(lines: Lines) -> dict[str, str]:
    rows = [tag("div", tag("b", label), " ", said) for label, said in lines]
    return {
        "text/html": tag("div", *rows, class_="omni-doctor", style=BOX),
        "text/plain": _text(lines),
    }


def _view(doctor: Doctor) -> dict[str, Any]:
    model = {"version_major": 2, "version_minor": 0, "model_id": doctor.model_id}
    return {"application/vnd.jupyter.widget-view+json": model}
