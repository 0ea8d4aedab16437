"""Ask the stand-in a real question, encode its speech, and look for what is optional."""

from __future__ import annotations

from typing import TYPE_CHECKING

from omni_nb.cli.doctor.finding import REPORT, Finding
from omni_nb.cli.doctor.packages import install, installed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from omni_nb.media.clip import AudioClip
    from omni_nb.turns.reply import Reply


def findings() -> Iterator[Finding]:
    """Ask the stand-in, check its voice, encode its speech."""
    try:
        reply = _asked()
        speech = reply.audio
    except ModuleNotFoundError:
        raise  # the doctor itself says what to install
    except Exception as error:  # a doctor reports what would be a traceback elsewhere
        said = f"does not answer: {type(error).__name__}: {error}"
        yield Finding("Stand-in", said, "problem", "A firewall may block connections to 127.0.0.1.")
        return
    if not (reply.text and speech):
        yield Finding("Stand-in", "answers without text or without speech", "problem", REPORT)
        return
    said = (
        f"answers on 127.0.0.1: {len(reply.text)} characters and {speech.seconds:.1f} s of speech"
    )
    yield Finding("Stand-in", said)
    yield _voice()
    yield _encoders(speech)
    yield _photos()


def _asked() -> Reply:
    """Ask a new stand-in as a cell does, at its fastest pace."""
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
        return Finding("Voice", "the stand-in speaks words (espeak-ng)")
    hums = "the stand-in hums without words"
    here = installed("espeakng-loader")
    if here is None:
        advice = "For real speech: " + install("omni-nb[voice]")
        return Finding("Voice", f"{hums}: espeak-ng is not installed", "note", advice)
    said = f"{hums}: espeakng-loader {here} does not load"
    return Finding("Voice", said, "warning", install("--force-reinstall", "espeakng-loader"))


def _photos() -> Finding:
    """Say whether a phone's photos can be opened."""
    here = installed("pillow-heif")
    if here is not None:
        return Finding("Photos", f"a phone's HEIC photos are opened (pillow-heif {here})")
    said = "a phone's HEIC photos are not opened: pillow-heif is not installed"
    return Finding("Photos", said, "note", "To open them: " + install("omni-nb[heic]"))


def _encoders(speech: AudioClip) -> Finding:
    """Encode speech as a saved notebook does."""
    works, fails = [], []
    for name, encode in (("MP3", speech.to_mp3), ("Opus", speech.to_opus)):
        try:
            works.append(f"{name} ({len(encode()) / 1000 / speech.seconds:.1f} kB/s)")
        except Exception as error:  # av raises its own, and an ImportError where it is broken
            fails.append(f"{name} ({type(error).__name__})")
    if not fails:
        return Finding("Encoders", f"{' and '.join(works)} work")
    advice = f"{install('--force-reinstall', 'av')}; until then ask(..., storage='wav')"
    return Finding("Encoders", f"{' and '.join(fails)} failed", "warning", advice)
