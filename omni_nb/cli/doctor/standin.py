"""The stand-in: a real question to it, end to end, and the files that its voice becomes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from omni_nb.cli.doctor.finding import Finding
from omni_nb.cli.doctor.packages import install, installed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from omni_nb.media.clip import AudioClip
    from omni_nb.turns.reply import Reply


def findings() -> Iterator[Finding]:
    """Ask it something, hear it, and keep what it said."""
    try:
        reply = _asked()
        speech = reply.audio
    except Exception as error:  # a doctor reports what would be a traceback elsewhere
        said = f"does not answer: {type(error).__name__}: {error}"
        yield Finding("Stand-in", said, "problem", "A firewall may forbid 127.0.0.1 to itself.")
        return
    if not (reply.text and speech):
        yield Finding("Stand-in", "answers without words or sound", "problem", _REPORT)
        return
    said = (
        f"answers on 127.0.0.1, {len(reply.text)} characters and {speech.seconds:.1f} s of speech"
    )
    yield Finding("Stand-in", said)
    yield _voice()
    yield _files(speech)


_REPORT = "Please report it, with `omni-nb doctor --json`."


def _asked() -> Reply:
    """Ask a stand-in of our own the way a cell does, as fast as it can."""
    from omni_nb.chat.conversation import Conversation
    from omni_nb.offline.behaviour import Behaviour
    from omni_nb.offline.server import start
    from omni_nb.turns.connection import connection_of

    with start(Behaviour(pace=0)) as service:
        chat = Conversation(voice="Cherry", connection=connection_of(service), max_tokens=40)
        with chat.stream("Who are you?") as stream:
            for _ in stream:
                pass
    return stream.reply


def _voice() -> Finding:
    from omni_nb.offline.voice import has_speech

    if has_speech():
        return Finding("Voice", "speaks words (espeak-ng)")
    here = installed("espeakng-loader")
    if here is None:
        return Finding("Voice", "hums: espeak-ng is not here", "note", install("omni-nb[voice]"))
    said = f"hums: espeakng-loader {here} is here, but does not load"
    return Finding("Voice", said, "warning", install("--force-reinstall", "espeakng-loader"))


def _files(speech: AudioClip) -> Finding:
    """Encode as a saved notebook does."""
    works, fails = [], []
    for name, encode in (("MP3", speech.to_mp3), ("Opus", speech.to_opus)):
        try:
            works.append(f"{name} {len(encode()) / 1000 / speech.seconds:.1f} kB/s")
        except Exception as error:  # av raises its own, and an ImportError where it is broken
            fails.append(f"{name} ({type(error).__name__})")
    if not fails:
        return Finding("Files", f"speech becomes {' and '.join(works)}")
    advice = f"{install('--force-reinstall', 'av')}; until then ask(..., storage='wav')"
    return Finding("Files", f"speech does not become {' or '.join(fails)}", "warning", advice)
