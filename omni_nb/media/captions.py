"""Captions: which word of a spoken text is heard when, estimated from text and sound alone.

No stream of an omni model carries times. The words are weighed as they are written, by letters,
syllables and punctuation, and the pauses that are heard are laid on the places between words where
they fit best. Nothing is recognised, and nothing is sent.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, Any, Final

from omni_nb.media.folder import save_by_ending
from omni_nb.media.shown import Shown

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    import numpy as np
    import numpy.typing as npt

    from omni_nb.media.clip import AudioClip

    Floats = npt.NDArray[np.float64]

_WIDE: Final = (
    "\u3005\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
)
"""Characters that are written without spaces: each is a word, mostly of one syllable."""

# Signs above and below letters, no letters themselves: of Latin, Hebrew, Arabic, Indic, Thai.
_MARKS = (
    "\u0300-\u036f\u0591-\u05c7\u064b-\u065f\u0900-\u0963\u0966-\u0dff\u0e00-\u0eff\u200c\u200d"
)
_LETTERS = rf"(?:(?![{_WIDE}0-9_])[\w{_MARKS}])+"
# A number keeps the points within it, a word its apostrophes and hyphens.
_CORE = re.compile(rf"[{_WIDE}]|[0-9]+(?:[.,:/][0-9]+)*|{_LETTERS}(?:['’\-]{_LETTERS})*")
# Wide punctuation: stops, commas, and brackets that open and close.
_STOPS, _COMMAS = "\u3002\uff01\uff1f", "\uff0c\uff1b\uff1a\u3001"
_OPENERS, _CLOSERS = "\uff08\u300a\u300c\u300e\u3010\u3014", "\uff09\u300b\u300d\u300f\u3011\u3015"

_OPENING = re.compile(rf"[(\[{{<“‘«{_OPENERS}*_#`\"'$€£¥@]*\Z")
_END = re.compile(rf"[.!?…{_STOPS}]+[\"'”’)\]{_CLOSERS}*_]*\s*\Z|\n\s*\Z")
_CLAUSE = re.compile(rf"[,;:—–{_COMMAS}]")
_ABBREVIATION = re.compile(r"(?:^|\s)(?:[A-Z]|Mr|Mrs|Ms|Dr|Prof|St|vs|etc|e\.g|i\.e|No)\.\s*\Z")
_VOWELS = re.compile(r"[aeiouyàáâäæãåèéêëìíîïòóôöõøùúûüœ]+", re.IGNORECASE)

# Seconds of speech at an ordinary pace; only their ratios count where the whole text is heard.
_HAN, _KANA, _HANGUL = 0.22, 0.14, 0.18
_LETTER, _SYLLABLE, _DIGIT, _SPELLED = 0.035, 0.115, 0.33, 0.26

_FRAME_SECONDS: Final = 0.01
_PAUSE_SECONDS: Final = 0.12
"""A silence of so long lies between words; a shorter one may be within one, before a "t"."""
_QUIET_DB: Final = 32.0
"""So far below its loudest parts speech is silent."""

_PACES: Final = (0.7, 0.78, 0.85, 0.92, 1.0, 1.08, 1.17, 1.27, 1.4)
"""Where the end of the text is not heard, its pace is one of these: that which fits the pauses."""

_WINDOW_SECONDS: Final = 6.0
_SKIPPED: Final = 3
"""So many pauses in a row may lie within words."""

_CUE_CHARACTERS: Final = 84
"""Two lines of 42 characters, as captions on a screen have them; a wide character counts twice."""


@dataclass(frozen=True, slots=True)
class Cue:
    """Words that are heard from ``start`` to ``end``.

    Attributes
    ----------
    text : str
        The words as they are written, with their punctuation.
    start, end : float
        Seconds from the beginning of the sound.
    at : int
        The place of the first character in the whole text.
    """

    text: str
    start: float
    end: float
    at: int


class Captions(Shown):
    """When each word of a spoken text is heard, estimated.

    Attributes
    ----------
    words : tuple of Cue
        Every word; their texts, one after the other, are the whole text. A character that is
        written without spaces, as Chinese ones are, is a word.
    sentences : tuple of Cue
        The same by sentences.

    Examples
    --------
    >>> import numpy as np
    >>> from omni_nb.media.clip import AudioClip
    >>> tone = 0.3 * np.sin(np.arange(12_000) / 9)
    >>> speech = AudioClip.from_samples(np.concatenate([tone, np.zeros(9_600), tone]), 24_000)
    >>> captions = captions_of("Hello. Goodbye.", speech)
    >>> [(cue.text, round(cue.start, 1), round(cue.end, 1)) for cue in captions.sentences]
    [('Hello. ', 0.0, 0.5), ('Goodbye.', 0.9, 1.4)]
    """

    __slots__ = ("sentences", "words")

    def __init__(self, words: Iterable[Cue]) -> None:
        self.words = tuple(words)
        self.sentences = tuple(_joined(group) for group in _sentences(self.words))

    def __repr__(self) -> str:
        seconds = self.words[-1].end if self.words else 0.0
        return f"<Captions of {len(self.words):,} words in {seconds:.1f} s, estimated>"

    def __len__(self) -> int:
        return len(self.words)

    def vtt(self) -> str:
        """Return the captions as WebVTT, with a mark for each word.

        Examples
        --------
        >>> print(Captions([Cue("Good ", 0, 0.3, 0), Cue("day.", 0.3, 0.8, 5)]).vtt())
        WEBVTT
        <BLANKLINE>
        NOTE Times are estimated.
        <BLANKLINE>
        00:00:00.000 --> 00:00:00.800
        Good <00:00:00.300>day.
        <BLANKLINE>
        """
        blocks = ["WEBVTT", "NOTE Times are estimated."]
        for words in self._shown():
            marked = [_escaped(words[0].text)]
            marked += [f"<{_stamp(word.start, '.')}>{_escaped(word.text)}" for word in words[1:]]
            whole = _joined(words)
            times = f"{_stamp(whole.start, '.')} --> {_stamp(whole.end, '.')}"
            blocks.append(f"{times}\n{_in_lines(''.join(marked))}")
        return "\n\n".join(blocks) + "\n"

    def srt(self) -> str:
        """Return the captions as SubRip, which has no marks for words.

        Examples
        --------
        >>> print(Captions([Cue("Good ", 0, 0.3, 0), Cue("day.", 0.3, 0.8, 5)]).srt())
        1
        00:00:00,000 --> 00:00:00,800
        Good day.
        <BLANKLINE>
        """
        blocks = []
        for number, words in enumerate(self._shown(), 1):
            whole = _joined(words)
            times = f"{_stamp(whole.start, ',')} --> {_stamp(whole.end, ',')}"
            blocks.append(f"{number}\n{times}\n{_in_lines(whole.text)}")
        return "\n\n".join(blocks) + "\n"

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Save the captions to a file; its ending names the format: vtt or srt.

        Raises
        ------
        MediaError
            The file has another ending, or cannot be written.
        """
        forms = {".vtt": lambda: self.vtt().encode(), ".srt": lambda: self.srt().encode()}
        return save_by_ending(path, forms, "captions", ".vtt (WebVTT) or .srt (SubRip)")

    def _shown(self) -> list[Sequence[Cue]]:
        """Return the words by cue: sentences, and pieces of long ones."""
        return [piece for group in _sentences(self.words) for piece in _pieces(group)]


def captions_of(text: str, clip: AudioClip, *, is_whole: bool = True) -> Captions:
    """Estimate when each word of a text is heard.

    The mean error of a word's start was 94 ms on English and 101 ms on Chinese synthetic voices;
    on the service's own voices it is not known.

    Parameters
    ----------
    text
        What is spoken. Signs that nobody speaks, such as those of Markdown, do not count.
    clip
        The speech.
    is_whole
        False: the speech was cut, or goes on, and ends somewhere within the text. Words after it
        begin and end with the sound.
    """
    spans = _spans(text)
    if not spans:
        return Captions(())
    speech = _Speech(clip)
    weights = [_seconds_of(text[begin:end]) for _, begin, end, _ in spans]
    gaps = [text[end:stop] for _, _, end, stop in spans]
    times = speech.placed(weights, gaps, is_whole=is_whole)
    return Captions(
        Cue(text[at:stop], start, end, at)
        for (at, _, _, stop), (start, end) in zip(spans, times, strict=True)
    )


def _spans(text: str) -> list[tuple[int, int, int, int]]:
    """Return for each word where it begins, where its letters begin and end, and where it ends."""
    found = [(match.start(), match.end()) for match in _CORE.finditer(text)]
    starts = [0] if found else []
    for (_, end), (begin, _) in pairwise(found):
        opening = _OPENING.search(text, end, begin)
        starts.append(opening.start() if opening else begin)
    stops = [*starts[1:], len(text)] if found else []
    return [(at, *core, stop) for at, core, stop in zip(starts, found, stops, strict=True)]


def _seconds_of(word: str) -> float:
    """Return how long a word is at an ordinary pace."""
    first = word[0]
    if first.isdigit():
        return _DIGIT * sum(character.isdigit() for character in word)
    if "\u3040" <= first <= "\u30ff":
        return _KANA
    if re.match(f"[{_WIDE}]", first):
        return _HAN
    if "\uac00" <= first <= "\ud7a3":
        return _HANGUL * len(word)
    syllables = len(_VOWELS.findall(word)) if word[0] <= "\u024f" else len(word) / 2.5
    if len(word) > 1 and word.isupper() and (len(word) <= 3 or not syllables):
        return _SPELLED * len(word)
    return _LETTER * len(word) + _SYLLABLE * max(1, syllables)


class _Speech:
    """Where speech is silent."""

    def __init__(self, clip: AudioClip) -> None:
        import numpy as np

        self.seconds = clip.seconds
        frame = max(1, round(_FRAME_SECONDS * clip.sample_rate))
        samples = clip.samples[: len(clip.samples) // frame * frame].astype(np.float64)
        power = (samples.reshape(-1, frame) ** 2).mean(axis=1)
        level = 10 * np.log10(power + 1e-12)
        loud = np.percentile(level, 95) if len(level) else 0.0
        is_loud = level > max(loud - _QUIET_DB, -90.0)
        edges = np.flatnonzero(np.diff(np.concatenate(([0], is_loud.astype(np.int8), [0]))))
        step = frame / clip.sample_rate
        begins, ends = edges[::2] * step, edges[1::2] * step
        self.begin = float(begins[0]) if len(begins) else 0.0
        self.end = float(ends[-1]) if len(ends) else self.seconds
        silences = begins[1:] - ends[:-1]
        is_pause = silences >= _PAUSE_SECONDS
        self.pauses: Floats = silences[is_pause]
        # In seconds of speech alone, from its beginning.
        before = np.concatenate(([0.0], np.cumsum(self.pauses)))[:-1]
        self.at: Floats = np.asarray(ends[:-1][is_pause] - self.begin - before, np.float64)
        self.spoken = self.end - self.begin - float(self.pauses.sum())

    def placed(
        self, weights: Sequence[float], gaps: Sequence[str], *, is_whole: bool
    ) -> list[tuple[float, float]]:
        """Return start and end of each word."""
        import numpy as np

        usual = np.array([0.0, *accumulate(weights)])
        paces = [self.spoken / usual[-1]] if is_whole else _PACES
        tried = [(_anchored(pace * usual, gaps, self, is_whole=is_whole)) for pace in paces]
        _, anchors, end = min(tried, key=lambda one: one[0])
        marks = np.array([0.0, *(self.at[k] for k, _ in anchors), self.spoken])
        heard = np.interp(usual, usual[[0, *(j for _, j in anchors), end]], marks)
        starts = self._wall(heard[:-1], is_start=True)
        ends = self._wall(heard[1:], is_start=False)
        return [(float(a), float(max(a, b))) for a, b in zip(starts, ends, strict=True)]

    def _wall(self, heard: Floats, *, is_start: bool) -> Floats:
        """Return moments of speech alone as moments of the sound."""
        import numpy as np

        slack = 1e-6 if is_start else -1e-6
        passed = np.searchsorted(self.at, heard + slack)
        before = np.concatenate(([0.0], np.cumsum(self.pauses)))
        moments: Floats = self.begin + heard + before[passed]
        return moments


def _anchored(
    expected: Floats, gaps: Sequence[str], speech: _Speech, *, is_whole: bool
) -> tuple[float, list[tuple[int, int]], int]:
    """Return which pause lies before which word, and how many words are heard, with what it costs.

    It is the cheapest choice, by dynamic programming.
    """
    import numpy as np

    count, at, lengths = len(gaps), speech.at, speech.pauses
    # What it costs that there is a pause after a word, and that there is none.
    is_end = np.array([bool(_END.search(gap)) for gap in gaps])
    is_clause = np.array([bool(_CLAUSE.search(gap)) for gap in gaps])
    held = np.where(is_end, 0.0, np.where(is_clause, 0.4, 2.5))
    missed = np.where(is_end, 2.5, np.where(is_clause, 0.5, 0.0))
    missed_before = np.concatenate(([0.0, 0.0], np.cumsum(missed[:-1])))  # by boundary
    skipped = np.concatenate(([0.0], np.cumsum(1.5 + 12.0 * lengths)))

    bounds = [np.array([0])]  # for each pause, the boundaries that come into question
    for moment in at:
        low = np.searchsorted(expected, moment - _WINDOW_SECONDS)
        high = np.searchsorted(expected, moment + _WINDOW_SECONDS)
        bounds.append(np.arange(max(1, low), min(count, high)))
    moments = np.concatenate(([0.0], at))
    costs: list[Any] = [np.zeros(1)]
    came: list[tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]] = []

    def best(place: int, to: npt.NDArray[np.int64], moment: float, last: int) -> Any:
        """Return the cheapest way to boundaries at a moment, and where it comes from."""
        lowest = np.full(len(to), np.inf)
        pause, index = np.zeros(len(to), np.int64), np.zeros(len(to), np.int64)
        for earlier in range(last, max(-1, last - _SKIPPED - 1), -1):
            source = bounds[earlier]
            if not len(source):
                continue
            length = moment - moments[earlier]
            off = expected[to][None, :] - expected[source][:, None] - length
            cost = off**2 / (0.02 * length + 0.004) + costs[earlier][:, None]
            cost = cost + missed_before[to][None, :] - missed_before[source + 1][:, None]
            cost = cost + skipped[place - 1] - skipped[earlier]
            cost = np.where(to[None, :] > source[:, None], cost, np.inf)
            row = np.argmin(cost, axis=0)
            here = cost[row, np.arange(len(to))]
            is_less = here < lowest
            lowest[is_less] = here[is_less]
            pause[is_less], index[is_less] = earlier, row[is_less]
        return lowest, pause, index

    for place in range(1, len(at) + 1):
        to = bounds[place]
        lowest, pause, index = best(place, to, moments[place], place - 1)
        costs.append(lowest + held[to - 1])
        came.append((pause, index))
    to = np.array([count])
    if not is_whole:
        near = np.abs(expected - speech.spoken) < _WINDOW_SECONDS
        near[0] = False
        to = np.flatnonzero(near) if near.any() else to
    lowest, pause, index = best(len(at) + 1, to, speech.spoken, len(at))
    end = int(np.argmin(lowest))
    if not np.isfinite(lowest[end]):  # the pauses are none of this text
        return np.inf, [], count
    chosen, place, row = [], int(pause[end]), int(index[end])
    while place > 0:
        chosen.append((place - 1, int(bounds[place][row])))
        earlier = came[place - 1]
        place, row = int(earlier[0][row]), int(earlier[1][row])
    return float(lowest[end]), chosen[::-1], int(to[end])


def _sentences(words: Sequence[Cue]) -> list[Sequence[Cue]]:
    groups, begin = [], 0
    for number, word in enumerate(words, 1):
        is_end = _END.search(word.text) and not _ABBREVIATION.search(word.text)
        if is_end or number == len(words):
            groups.append(words[begin:number])
            begin = number
    return groups


def _pieces(words: Sequence[Cue]) -> list[Sequence[Cue]]:
    """Cut a long sentence into cues, after a comma where there is one."""
    if _width(words) <= _CUE_CHARACTERS or len(words) < 2:
        return [words]
    fits = next(
        n for n in range(len(words), 0, -1) if n == 1 or _width(words[:n]) <= _CUE_CHARACTERS
    )
    commas = [n for n in range(1, fits + 1) if _CLAUSE.search(words[n - 1].text[-2:])]
    cut = next((n for n in reversed(commas) if _width(words[:n]) >= _CUE_CHARACTERS / 3), fits)
    return [words[:cut], *_pieces(words[cut:])]


def _width(words: Sequence[Cue]) -> int:
    text = "".join(word.text for word in words)
    return len(text) + len(re.findall(f"[{_WIDE}]", text))


def _joined(words: Sequence[Cue]) -> Cue:
    text = "".join(word.text for word in words)
    return Cue(text, words[0].start, words[-1].end, words[0].at)


def _stamp(seconds: float, point: str) -> str:
    milliseconds = round(1000 * seconds)
    minutes, rest = divmod(milliseconds, 60_000)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{rest // 1000:02}{point}{rest % 1000:03}"


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _in_lines(text: str) -> str:
    """Return the text of a cue: a blank line would end it."""
    return re.sub(r"\s*\n\s*", "\n", text.strip())
