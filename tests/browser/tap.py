"""What came out of the loudspeaker of a page, sample by sample."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from .servers import POLL_MILLISECONDS, TIMEOUT_MILLISECONDS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray
    from playwright.sync_api import Page

TAP_SCRIPT = Path(__file__).with_name("tap.js")
SPEECH_SAMPLE_RATE = 24_000


@dataclass(frozen=True, slots=True)
class Heard:
    """What came out of the loudspeaker between the first and the last sample that is not zero.

    Attributes
    ----------
    samples
        As 16 bit integers, exact when the page plays 16 bit sound at its own rate.
    sample_rate
        Of the page's audio context.
    started_at, ended_at
        Unix seconds, to within a block of the sound card (tens of milliseconds).
    """

    samples: NDArray[np.int64]
    sample_rate: int
    started_at: float
    ended_at: float


def assert_same_speech(heard: Heard, speech: NDArray[np.int64]) -> None:
    """Fail unless what was heard is what was sent: every sample once, in order, without a gap."""
    assert heard.sample_rate == SPEECH_SAMPLE_RATE
    sounding = np.flatnonzero(speech)
    speech = speech[sounding[0] : sounding[-1] + 1]
    length = min(len(speech), len(heard.samples))
    different = np.flatnonzero(heard.samples[:length] != speech[:length])
    assert not len(different), f"{len(different)} differ, from {different[0]} to {different[-1]}"
    assert len(heard.samples) == len(speech)


class Tap:
    """Reads what a page has sent to the loudspeaker; needs `install` before the page loads."""

    def __init__(self, page: Page) -> None:
        self._page = page

    def install(self) -> None:
        """Record from the next page load on."""
        self._page.add_init_script(path=TAP_SCRIPT)

    def wait_until_heard(self) -> None:
        """Wait until something has been heard, be it over by now."""
        self._page.wait_for_function(
            "() => window.__omniSilentSeconds() !== null",
            timeout=TIMEOUT_MILLISECONDS,
            polling=POLL_MILLISECONDS,
        )

    def wait_for_sound(self) -> None:
        """Wait until something is being heard; the recording is a second behind the loudspeaker.

        The speech should last: a busy machine may look for the first time when it is over.
        """
        self._page.wait_for_function(
            "() => (window.__omniSilentSeconds() ?? 1) < 0.3",
            timeout=TIMEOUT_MILLISECONDS,
            polling=POLL_MILLISECONDS,
        )

    def wait_for_silence(self, seconds: float = 0.6) -> None:
        """Wait until something has been heard and then nothing for `seconds`."""
        self._page.wait_for_function(
            "(seconds) => window.__omniSilentSeconds() > seconds",
            arg=seconds,
            timeout=TIMEOUT_MILLISECONDS,
            polling=POLL_MILLISECONDS,
        )

    def is_silent(self) -> bool:
        """Whether nothing was ever heard."""
        return self._page.evaluate("() => window.__omniSilentSeconds()") is None

    def heard(self) -> Heard:
        """Everything that was heard; more than one audio context is an error."""
        recordings = [
            data for data in self._page.evaluate("() => window.__omniTapData()") if data["frames"]
        ]
        assert len(recordings) == 1, f"{len(recordings)} audio contexts have sounded, not one"
        return _read_recording(recordings[0])


def _read_recording(data: Mapping[str, Any]) -> Heard:
    blocks = np.frombuffer(base64.b64decode(data["samples"]), "<f4").reshape(-1, 128)
    first_frame = data["frames"][0]
    track = np.zeros(data["frames"][-1] - first_frame + 128)
    for frame, block in zip(data["frames"], blocks, strict=True):
        track[frame - first_frame : frame - first_frame + 128] = block
    # A source whose start is no exact frame in floating point begins one frame early, inaudibly.
    samples = np.round(track * 32768).astype(np.int64)
    sounding = np.flatnonzero(samples)
    samples = samples[sounding[0] : sounding[-1] + 1]
    return Heard(samples, int(data["sampleRate"]), data["times"][0], data["times"][-1])
