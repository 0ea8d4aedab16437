"""Captions: every character once, in order, within the sound, and near what is heard."""

from __future__ import annotations

import re
from itertools import pairwise
from statistics import mean, quantiles

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from omni_nb import MediaError
from omni_nb.media.captions import Captions, Cue, captions_of
from omni_nb.media.clip import AudioClip
from tests.spoken import CHINESE, ENGLISH, spoken

MIXED = tuple(sentence for pair in zip(ENGLISH, CHINESE, strict=False) for sentence in pair)


def seconds_off(captions: Captions, starts: dict[int, float], until: float = 1e9) -> list[float]:
    """Return by how much each word's start is off, of those that espeak says."""
    found = []
    for word in captions.words:
        letters = re.search(r"\w", word.text)
        at = word.at + letters.start() if letters else -1
        if starts.get(at, 1e9) < until:
            found.append(abs(word.start - starts[at]))
    return found


def tone(*seconds: float) -> AudioClip:
    """Sound and silence by turns."""
    pieces = [
        0.3 * np.sin(np.arange(round(24_000 * length)) / 9) * (number % 2 == 0)
        for number, length in enumerate(seconds)
    ]
    return AudioClip.from_samples(np.concatenate(pieces), 24_000)


@pytest.mark.parametrize("voice", ["Cherry", "Ethan", "Serena", "Tina"])
@pytest.mark.parametrize("sentences", [ENGLISH, CHINESE, MIXED], ids=["en", "zh", "mixed"])
def test_words_are_near_what_the_voice_itself_says(sentences, voice):
    clip, starts = spoken(sentences, voice)
    off = seconds_off(captions_of("".join(sentences), clip), starts)
    assert len(off) > 50
    assert mean(off) < 0.1
    assert quantiles(off, n=20)[-1] < 0.25


def test_the_pauses_are_what_makes_the_difference():
    """Letters in proportion, of the same speech, are several times as far off."""
    clip, starts = spoken(MIXED, "Cherry")
    text = "".join(MIXED)
    captions = captions_of(text, clip)
    letters = [len(re.sub(r"\W", "", word.text)) for word in captions.words]
    ends = np.cumsum(letters) * clip.seconds / sum(letters)
    plain = Captions(
        Cue(word.text, float(end - length), float(end), word.at)
        for word, end, length in zip(captions.words, ends, np.diff(ends, prepend=0), strict=True)
    )
    assert mean(seconds_off(captions, starts)) < 0.3 * mean(seconds_off(plain, starts))


def test_noise_behind_the_voice_changes_little():
    clip, starts = spoken(ENGLISH, "Cherry")
    noise = np.random.default_rng(1).normal(0, 0.002, len(clip.samples))
    noisy = AudioClip.from_samples(clip.samples.astype(float) / 32768 + noise, 24_000)
    assert mean(seconds_off(captions_of("".join(ENGLISH), noisy), starts)) < 0.1


@pytest.mark.parametrize("share", [0.2, 0.4, 0.6, 0.8])
@pytest.mark.parametrize("sentences", [ENGLISH, CHINESE], ids=["en", "zh"])
def test_of_an_answer_that_goes_on_the_words_so_far_are_as_near(sentences, share):
    """Text runs ahead of speech: all of it is there before half is heard."""
    clip, starts = spoken(sentences, "Cherry")
    cut = AudioClip(clip.pcm[: 2 * int(share * len(clip.pcm) // 2)])
    captions = captions_of("".join(sentences), cut, is_whole=False)
    off = seconds_off(captions, starts, until=cut.seconds - 0.5)
    assert mean(off) < 0.2
    assert captions.words[-1].start == pytest.approx(cut.seconds, abs=0.3)


# Characters that this Python's Unicode does not know yet may be words, or not.
@given(
    st.text(st.characters(exclude_categories=["Cn", "Cs"]), max_size=80),
    st.lists(st.floats(0.05, 0.6), min_size=1, max_size=9),
    st.booleans(),
)
def test_every_character_is_there_once_in_order_and_within_the_sound(text, lengths, is_whole):
    clip = tone(*lengths)
    words = captions_of(text, clip, is_whole=is_whole).words
    assert "".join(word.text for word in words) in (text, "")
    assert bool(words) == bool(re.search(r"[^\W_]", text))
    at = 0
    for word in words:
        assert word.at == at
        at += len(word.text)
        assert 0 <= word.start <= word.end <= clip.seconds + 1e-9
    for one, next_one in pairwise(words):
        assert one.end <= next_one.start + 1e-6 or one.end == pytest.approx(next_one.start)


@pytest.mark.parametrize("clip", [AudioClip(b""), AudioClip(b"\1\0"), AudioClip(bytes(48_000))])
@pytest.mark.parametrize("is_whole", [True, False])
def test_a_sound_in_which_nothing_is_heard_is_no_error(clip, is_whole):
    captions = captions_of("Hello there. And you?", clip, is_whole=is_whole)
    assert [word.text for word in captions.words] == ["Hello ", "there. ", "And ", "you?"]
    assert captions.words[-1].end <= clip.seconds


def test_a_long_speech_takes_no_longer_by_the_word():
    """Ten minutes: the pauses are laid on places near them, not on all."""
    clip, starts = spoken(ENGLISH, "Cherry")
    text, many = "".join(ENGLISH) + " ", 30
    captions = captions_of(text * many, AudioClip(clip.pcm * many))
    length = clip.seconds
    last = {at + (many - 1) * len(text): s + (many - 1) * length for at, s in starts.items()}
    assert mean(seconds_off(captions, last)) < 0.1


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("It costs $3.50, OK?", ["It ", "costs ", "$3.50, ", "OK?"]),
        ("He said “go on”.", ["He ", "said ", "“go ", "on”."]),
        ("你好，《红楼梦》。", ["你", "好，", "《红", "楼", "梦》。"]),
        ("用GPU算2个", ["用", "GPU", "算", "2", "个"]),
        ("- **very** `good`\n\n# Now", ["- **very** ", "`good`\n\n# ", "Now"]),
        ("Cafe\u0301 नमस्ते दुनिया। سَلَام שָׁלוֹם", ["Cafe\u0301 ", "नमस्ते ", "दुनिया। ", "سَلَام ", "שָׁלוֹם"]),
        ("well-known don't", ["well-known ", "don't"]),
        ("…", []),
    ],
)
def test_what_counts_as_a_word(text, words):
    assert [word.text for word in captions_of(text, tone(1.0)).words] == words


def test_a_sentence_ends_at_its_stop_and_not_after_a_title():
    text = "Dr. Li met J. Smith at 3.30. Good!\nReally? 是的。好"
    sentences = captions_of(text, tone(3.0)).sentences
    assert [cue.text.strip() for cue in sentences] == [
        "Dr. Li met J. Smith at 3.30.", "Good!", "Really?", "是的。", "好",
    ]  # fmt: skip


def test_a_long_sentence_is_several_cues_cut_after_a_comma():
    text = "one two three four five six seven, " * 6 + "and that is all."
    cues = re.findall(r"-->.*\n((?:.+\n)+)", captions_of(text, tone(20.0)).srt())
    assert len(cues) >= 3
    assert all(len(cue) <= 85 for cue in cues)
    assert all(cue.rstrip().endswith(",") for cue in cues[:-1])
    assert "".join(cues).replace("\n", " ").split() == text.split()


def test_what_a_model_writes_is_no_markup_in_webvtt():
    vtt = captions_of("a < b & c --> <c.red>d</c>\n\ne", tone(2.0)).vtt()
    body = vtt.split("estimated.\n\n", 1)[1]
    assert "<c.red>" not in body
    assert body.count("-->") == 1 + body.count("\n\n")
    assert re.sub(r"<[0-9:.]+>", "", body.splitlines()[1]).startswith("a &lt; b &amp; c --&gt;")


def test_times_are_written_as_both_formats_have_them():
    captions = Captions([Cue("Late ", 3599.9996, 3600.5, 0), Cue("words.", 3725.25, 3726, 5)])
    assert "01:00:00.000 --> 01:02:06.000\nLate <01:02:05.250>words.\n" in captions.vtt()
    assert captions.srt() == "1\n01:00:00,000 --> 01:02:06,000\nLate words.\n"


@pytest.mark.parametrize(("name", "begins"), [("a.vtt", "WEBVTT\n\nNOTE"), ("a.SRT", "1\n00:00")])
def test_captions_are_saved_by_their_ending(tmp_path, name, begins):
    path = captions_of("你好。", tone(1.0)).save(tmp_path / name)
    assert path.read_bytes().decode().startswith(begins)


@pytest.mark.parametrize("name", ["a.txt", "a", "missing/a.vtt"])
def test_captions_that_cannot_be_saved_say_why(tmp_path, name):
    with pytest.raises(MediaError, match=r"\.vtt \(WebVTT\) or \.srt|cannot be saved"):
        captions_of("Hello", tone(1.0)).save(tmp_path / name)


def test_captions_show_their_sentences_and_fold_those_of_a_long_speech():
    captions = captions_of("".join(f"Sentence <b>{n}</b>. " for n in range(20)), tone(30.0))
    html = captions._repr_mimebundle_()["text/html"]
    assert "<b>" not in html
    assert "8 more sentences" in html
    assert str(captions).count("\n") == 20
    assert repr(captions) == "<Captions of 80 words in 30.0 s, estimated>"
