"""Text and speech interleaved: the order, the sizes and the times, with a clock of our own."""

from __future__ import annotations

import asyncio
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omni_nb.offline.behaviour import Behaviour
from omni_nb.offline.interleave import Interleaver, Speech, Words, shorten, split_text
from omni_nb.offline.stream import Pacer, chunk_bytes
from omni_nb.rules.tokens import text_tokens

SECOND = 48_000


def woven(*sentences: tuple[str, int], size: int = 9600) -> list[Words | Speech]:
    interleaver = Interleaver(size)
    pieces = [piece for text, length in sentences for piece in interleaver.add(text, bytes(length))]
    return pieces + interleaver.flush()


def test_the_text_of_a_sentence_runs_ahead_of_its_sound() -> None:
    pieces = woven(("One two three. ", 2 * SECOND), ("Four five six.", 2 * SECOND))
    words = {piece.text.strip(): piece.at for piece in pieces if isinstance(piece, Words)}

    assert isinstance(pieces[0], Words)
    assert words["One"] == 0
    assert words["three."] < 2
    assert 1.5 < words["Four"] < 2
    assert words["six."] < 4


def test_text_and_sound_alternate() -> None:
    kinds = [type(piece) for piece in woven(("One two three four five six.", 2 * SECOND))]

    assert sum(one is not other for one, other in pairwise(kinds)) >= 6


def test_each_sound_is_due_when_it_should_be_heard() -> None:
    sounds = [p for p in woven(("Hello.", SECOND), ("You.", 7000)) if isinstance(p, Speech)]

    assert [round(sound.at, 3) for sound in sounds] == [0, 0.2, 0.4, 0.6, 0.8, 1.0]
    assert [len(sound.pcm) for sound in sounds] == [9600] * 5 + [7000]


def test_text_alone_comes_at_a_steady_rate() -> None:
    times = [piece.at for piece in woven(("Hello you. ", 0), ("And you.", 0))]

    assert times == pytest.approx([0, 0.04, 0.08, 0.12, 0.16])


@given(
    st.lists(st.tuples(st.text(max_size=30), st.integers(0, 30_000)), max_size=5),
    st.integers(6, 10_000),
)
def test_weaving_loses_and_reorders_nothing(sentences: list[tuple[str, int]], size: int) -> None:
    interleaver = Interleaver(size)
    pieces, sound = [], b""
    for number, (text, length) in enumerate(sentences):
        pcm = bytes([number]) * length
        sound += pcm
        pieces += interleaver.add(text, pcm)
    pieces += interleaver.flush()

    assert "".join(p.text for p in pieces if isinstance(p, Words)) == "".join(
        t for t, _ in sentences
    )
    assert b"".join(p.pcm for p in pieces if isinstance(p, Speech)) == sound
    assert all(len(p.pcm) == size for p in pieces[:-1] if isinstance(p, Speech))


@given(st.text())
def test_deltas_join_to_the_text(text: str) -> None:
    assert "".join(split_text(text)) == text


def test_deltas_are_words_or_a_few_characters() -> None:
    assert split_text("一二三四五六七") == ["一", "二三", "四五六", "七"]
    assert split_text("a bc  d") == ["a", " bc", "  d"]


def test_a_text_is_shortened_to_its_tokens() -> None:
    text = "one two three four five six seven"

    short = shorten(text, 4)

    assert text.startswith(short)
    assert 3 <= text_tokens(short) <= 4
    assert shorten(text, 0) == ""
    assert shorten(text, 1000) == text


@pytest.mark.parametrize("seconds", [0.01, 0.05, 0.1, 0.2, 0.333, 1, 10])
def test_pieces_are_whole_samples_and_whole_base64(seconds: float) -> None:
    size = chunk_bytes(Behaviour(chunk_seconds=seconds))

    assert size % 6 == 0
    assert size / SECOND == pytest.approx(seconds, rel=0.01)


def test_faulty_pieces_break_one_rule_each() -> None:
    odd = chunk_bytes(Behaviour(fault="odd_pieces"))
    padded = chunk_bytes(Behaviour(fault="padded_pieces"))

    assert (odd % 2, odd % 3) == (1, 0)
    assert (padded % 2, padded % 3 != 0) == (0, True)


class Clock:
    """Time that only passes while somebody sleeps."""

    def __init__(self) -> None:
        self.time = 100.0

    def now(self) -> float:
        return self.time

    async def sleep(self, seconds: float) -> None:
        self.time += seconds


def moments(behaviour: Behaviour, dues: list[float], *, work_seconds: float = 0) -> list[float]:
    clock = Clock()
    pacer = Pacer(behaviour, now=clock.now, sleep=clock.sleep)

    async def run() -> list[float]:
        found = []
        for due in dues:
            await pacer.until(due)
            found.append(round(clock.time - 100, 6))
            clock.time += work_seconds
        return found

    return asyncio.run(run())


@pytest.mark.parametrize(
    ("pace", "expected"), [(1, [0, 0.2, 1, 5]), (2, [0, 0.1, 0.5, 2.5]), (0, [0, 0, 0, 0])]
)
def test_the_pace_says_how_fast_speech_arrives(pace: float, expected: list[float]) -> None:
    behaviour = Behaviour(pace=pace, lead_seconds=0)
    assert moments(behaviour, [0, 0.2, 1, 5]) == expected


def test_the_first_speech_comes_at_once_and_stays_ahead() -> None:
    behaviour = Behaviour(pace=2, lead_seconds=0.4)
    assert moments(behaviour, [0, 0.2, 0.4, 0.6, 5]) == [0, 0, 0, 0.1, 2.3]


def test_time_spent_on_work_does_not_add_up() -> None:
    assert moments(Behaviour(lead_seconds=0), [0, 0.2, 0.4, 0.6], work_seconds=0.15) == [
        0,
        0.2,
        0.4,
        0.6,
    ]


def test_jitter_is_bounded_and_the_same_every_time() -> None:
    behaviour = Behaviour(jitter_seconds=0.5, lead_seconds=0)
    jittery = moments(behaviour, [0, 1, 2, 3])

    assert jittery == moments(behaviour, [0, 1, 2, 3])
    assert all(0 <= at - due <= 0.5 for at, due in zip(jittery, [0, 1, 2, 3], strict=True))
    assert jittery != [0, 1, 2, 3]


def test_many_small_delays_do_not_make_the_whole_late() -> None:
    dues = [number / 10 for number in range(100)]
    jittery = moments(Behaviour(jitter_seconds=0.25, lead_seconds=0), dues)

    assert max(at - due for at, due in zip(jittery, dues, strict=True)) <= 0.25
