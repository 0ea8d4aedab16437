"""A conversation comes back out of a saved notebook, whatever was done to the notebook."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import warnings
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from omni_nb.archive.notebook import read_notebook
from omni_nb.archive.outputs import block_metadata, reply_id
from omni_nb.chat.conversation import Conversation
from omni_nb.errors import RequestError, ServiceError
from omni_nb.media.extract import read_audio
from omni_nb.media.folder import MediaFolder
from omni_nb.media.parts import (
    AudioPart,
    AudioURLPart,
    FramesPart,
    ImagePart,
    ImageURLPart,
    TextPart,
    VideoPart,
    VideoURLPart,
    audio,
)
from omni_nb.media.probe import AudioFacts, probe_audio
from omni_nb.media.sources import FileSource, LocalSource
from omni_nb.render.reply import reply_bundle
from omni_nb.render.transcript import split_turns, transcript_bundle
from omni_nb.rules.pricing import Usage
from omni_nb.turns.connection import Connection
from omni_nb.wire.client import Endpoint, Secret
from omni_nb.wire.events import AudioDelta, ReasoningDelta, TextDelta, UsageReport
from tests.begun import begun
from tests.media_files import audio_file

if TYPE_CHECKING:
    from pathlib import Path

    from omni_nb.turns.reply import Reply

KEY = "sk-a-secret-that-nobody-may-see"
NOBODY = Connection(Endpoint("http://somewhere.example/v1", Secret(KEY)), "beijing")
IMAGE = ImagePart(b"a dog", "image/png", 640, 480, "狗.png")
PARTS = [
    IMAGE,
    ImageURLPart("https://example.com/dog.jpg"),
    AudioPart(LocalSource(b"a hum", "hm.mp3"), "mp3", "audio/mpeg", 1.5, 44100, 2, "hm.mp3"),
    AudioURLPart("https://example.com/hm.mp3", "mp3"),
    VideoPart(
        LocalSource(b"film", "f.mov"), "video/quicktime", 5.0, 9, 9, 29.97, 150, True, "f.mov"
    ),
    VideoURLPart("https://example.com/film.mp4"),
    FramesPart((IMAGE, ImageURLPart("https://example.com/dog.jpg")), "walk"),
    TextPart("Ünïcode 你好 👋 \u2028 <script>"),
]
SPEECH = (6000 * np.sin(np.arange(12_345) * 0.1)).astype("<i2").tobytes()


def answer(chat: Conversation, *question, text="好的 👍", speech=SPEECH, at=None) -> Reply:
    reply = begun(chat.stream(*question)).reply
    reply.sent_at = at
    reply.feed(TextDelta(text), seconds=0.25)
    reply.feed(ReasoningDelta("Hm."), seconds=0.3)
    for start in range(0, len(speech), 2000):
        reply.feed(AudioDelta(speech[start : start + 2000]), seconds=0.5 + start / 48000)
    usage = Usage(input={"text": 5}, output={"text": 3, "audio": 9}, input_total=5, output_total=12)
    reply.feed(UsageReport(usage))
    reply.finish(seconds=2.5)
    return reply


@pytest.fixture
def chat() -> Conversation:
    return Conversation(
        "someone's-model", voice="Cherry", system="你是一只猫。", connection=NOBODY, stop=["。"]
    )


def shown(chat: Conversation, storage="wav", **kwargs) -> list[dict]:
    """Return the outputs of cells that asked one question each."""
    return [
        {
            "output_type": "display_data",
            "data": reply_bundle(reply, storage=storage),
            "metadata": block_metadata(
                chat.document(), start=n, stop=n + 1, storage=storage, **kwargs
            ),
        }
        for n, reply in enumerate(chat.replies)
    ]


def in_panel(chat: Conversation, storage="wav") -> list[dict]:
    """Return the outputs of a panel: blocks of turns."""
    outputs, first = [], 0
    for size in split_turns(len(chat.replies)):
        data = transcript_bundle(chat.replies[first : first + size], storage=storage, first=first)
        metadata = block_metadata(chat.document(), start=first, stop=first + size)
        outputs.append({"output_type": "display_data", "data": data, "metadata": metadata})
        first += size
    return outputs


def notebook(folder: Path, *outputs: dict, as_lines: bool = False) -> Path:
    """Save a notebook with one cell an output, as JupyterLab does."""
    made = json.loads(json.dumps(outputs))
    for output in made if as_lines else []:
        output["data"] = {k: v.splitlines(keepends=True) for k, v in output["data"].items()}
    cells = [{"cell_type": "markdown", "source": "# Hi"}]
    cells += [{"cell_type": "code", "source": "ask()", "outputs": [output]} for output in made]
    path = folder / "talk.ipynb"
    path.write_text(json.dumps({"nbformat": 4, "cells": cells}), "utf-8")
    return path


@pytest.mark.parametrize("outputs", [shown, in_panel])
@pytest.mark.parametrize("as_lines", [False, True])
def test_everything_comes_back(chat, outputs, as_lines, tmp_path):
    for number, part in enumerate(PARTS * 2):
        answer(chat, f"{number}?", part, at=100.0 + number)
    path = notebook(tmp_path, *outputs(chat), as_lines=as_lines)
    again = Conversation.from_notebook(path, connection=NOBODY)
    assert again.messages == chat.messages
    for name in (
        "model",
        "modalities",
        "voice",
        "system",
        "system_as_turns",
        "options",
        "trimming",
    ):
        assert getattr(again, name) == getattr(chat, name)
    for before, after in zip(chat.replies, again.replies, strict=True):
        assert after.request == before.request
        assert bytes(after.pcm) == SPEECH
        for name in ("text", "reasoning", "usage", "finish_reason", "region", "is_stand_in"):
            assert getattr(after, name) == getattr(before, name)
        for name in ("first_text_seconds", "first_audio_seconds", "total_seconds"):
            assert getattr(after.timing, name) == getattr(before.timing, name)
        assert reply_id(after) == reply_id(before)
    assert KEY not in path.read_text("utf-8")
    assert "somewhere" not in path.read_text("utf-8")


@pytest.mark.parametrize("storage", ["mp3", "opus"])
def test_compressed_speech_is_as_long_as_it_was(chat, storage, tmp_path):
    answer(chat, "?")
    again = Conversation.from_notebook(notebook(tmp_path, *shown(chat, storage)))
    assert len(again.replies[0].pcm) == len(SPEECH)
    before, after = chat.replies[0].audio.samples, again.replies[0].audio.samples
    assert np.corrcoef(before, after)[0, 1] > 0.9


HUM = 0.3 * np.sin(np.arange(3 * 44_100) * 0.02)


def kept_of(*outputs: dict) -> list[bytes]:
    media = [output["metadata"]["omni_nb"]["media"] for output in outputs]
    return [base64.b64decode(data) for kept in media for data in kept.values()]


@pytest.mark.parametrize(("storage", "head", "most"), [("mp3", b"ID3", 5.4), ("opus", b"Ogg", 4)])
def test_a_wav_of_a_question_is_kept_as_small_as_speech(chat, storage, head, most, tmp_path):
    stereo = audio((np.stack([HUM, HUM], axis=1), 44_100))
    reply = answer(chat, "?", stereo)
    before = json.dumps(reply.request.payload())
    outputs = shown(chat, storage)
    (data,) = kept_of(*outputs)
    assert data.startswith(head)
    assert len(data) < 1000 * most * stereo.seconds
    assert json.dumps(reply.request.payload()) == before, "what is sent stays"
    part = Conversation.from_notebook(notebook(tmp_path, *outputs)).replies[0].question[-1]
    assert probe_audio(part.source) == AudioFacts("wav", "audio/wav", part.seconds, 44_100, 1)
    assert (part.format, part.sample_rate, part.channels) == ("wav", 44_100, 1)
    assert (part.name, part.seconds) == (stereo.name, pytest.approx(stereo.seconds, abs=0.01))
    tones = [np.fft.rfft(read_audio(p.source).samples[:40_000]) for p in (part, stereo)]
    assert len({np.abs(tone).argmax() for tone in tones}) == 1


def test_a_wav_of_a_question_can_be_kept_exactly(chat, tmp_path):
    part = audio((HUM, 44_100))
    answer(chat, "?", part)
    assert kept_of(*shown(chat, "wav")) == [part.source.data]
    path = notebook(tmp_path, *shown(chat, "wav"), *shown(chat, "mp3"))  # shown again by its name
    assert Conversation.from_notebook(path).messages == chat.messages


@pytest.mark.parametrize("form", ["mp3", "opus", "flac"])
def test_a_sound_that_is_compressed_is_kept_as_it_is(chat, form, tmp_path):
    answer(chat, "?", audio(audio_file(form)))
    outputs = shown(chat, "mp3")
    assert kept_of(*outputs) == [audio_file(form)]
    assert Conversation.from_notebook(notebook(tmp_path, *outputs)).messages == chat.messages


def test_what_is_larger_when_compressed_or_damaged_is_kept_as_it_is(chat):
    short = audio((np.zeros(40), 8000))
    damaged = AudioPart(LocalSource(b"RIFF, a hum", "hm"), "wav", "audio/wav", 1.5, 8000, 1, "hm")
    answer(chat, "?", short, damaged)
    assert kept_of(*shown(chat, "mp3")) == [short.source.data, damaged.source.data]


def test_a_wav_is_kept_once_however_each_turn_is_kept(chat, tmp_path):
    part = audio((HUM, 44_100))
    answer(chat, "?", part)
    answer(chat, "And?", part)
    outputs = [shown(chat, "opus")[0], shown(chat, "mp3")[1]]
    assert [data[:4] for data in kept_of(*outputs)] == [b"OggS"]
    again = Conversation.from_notebook(notebook(tmp_path, *outputs))
    assert again.replies[0].question[-1] == again.replies[1].question[-1]


def test_a_long_recording_is_kept_and_a_longer_one_or_a_large_file_is_not(chat, tmp_path):
    minute = audio((np.tile(HUM, 20), 44_100))
    (tmp_path / "minute.wav").write_bytes(minute.source.data)
    hours = AudioPart(
        LocalSource(audio((np.zeros(8000 * 201), 8000)).source.data, "hours"),
        *("wav", "audio/wav", 201.0, 8000, 1, "hours"),
    )
    answer(chat, "?", minute, hours)
    answer(chat, "?", audio(tmp_path / "minute.wav"))
    first, second = shown(chat, "mp3")
    assert [len(data) < 320_000 for data in kept_of(first)] == [True]
    assert list(first["metadata"]["omni_nb"]["files"].values()) == ["hours"]
    assert kept_of(second) == [], "it is the same sound"
    other = Conversation(connection=NOBODY)
    answer(other, "?", audio(tmp_path / "minute.wav"))
    assert kept_of(*shown(other, "mp3")) == []


def test_a_medium_is_in_the_notebook_once(chat, tmp_path):
    for number in range(9):
        answer(chat, f"{number}?", replace(IMAGE, name=f"{number}.png"))
    for outputs in (shown(chat), in_panel(chat)):
        assert sum(len(o["metadata"]["omni_nb"]["media"]) for o in outputs) == 1
        assert Conversation.from_notebook(notebook(tmp_path, *outputs)).messages == chat.messages


def test_a_broken_answer_comes_back_without_what_is_private(chat, tmp_path):
    reply = answer(chat, "?", speech=b"")
    error = ServiceError(
        "No answer from http://10.1.2.3/v1: '/home/ada/x.png' is gone",
        status_code=500,
        code="gone",
        request_id="id-1",
        advice="Wait.",
    )
    reply.finish(error=error)
    text = json.dumps(shown(chat)[0]["metadata"])
    assert not [secret for secret in ("10.1.2.3", "/home", "id-1") if secret in text]
    again = Conversation.from_notebook(notebook(tmp_path, *shown(chat))).replies[0]
    assert (again.error.status_code, again.error.code) == (500, "gone")
    assert again.finish_reason == "error"
    assert again.error.reply is again


def large(folder: Path, name="clip.mp4") -> VideoPart:
    path = folder / name
    path.write_bytes(os.urandom(1_100_000))
    facts = path.stat()
    source = FileSource(path, name, facts.st_size, facts.st_mtime_ns)
    return VideoPart(source, "video/mp4", 5.0, 64, 48, 25.0, 125, False, name)


@pytest.mark.parametrize("place", ["elsewhere", "below", "beside the notebook"])
def test_a_large_file_is_found_beside_the_notebook_and_nowhere_else(
    chat, place, tmp_path, monkeypatch
):
    (tmp_path / "saved").mkdir()
    monkeypatch.chdir(tmp_path)
    part = large(tmp_path)
    answer(chat, "?", part)
    outputs = shown(chat)
    assert outputs[0]["metadata"]["omni_nb"]["media"] == {}
    assert [*outputs[0]["metadata"]["omni_nb"]["files"].values()] == ["clip.mp4"]
    folder = tmp_path if place == "below" else tmp_path / "saved"
    if place == "beside the notebook":
        part.source.path.rename(folder / "clip.mp4")
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        again = Conversation.from_notebook(notebook(folder, *outputs))
    found = isinstance(again.replies[0].question[-1], VideoPart)
    assert found == (place != "elsewhere")
    assert len(said) == (not found)


@pytest.mark.parametrize(
    "path",
    ["{there}/clip.mp4", "../clip.mp4", "x/../../clip.mp4", "..", "a\0b", "/dev/zero", "pipe"],
)
def test_a_path_that_leads_out_of_the_notebooks_folder_is_not_followed(chat, path, tmp_path):
    answer(chat, "?", large(tmp_path))
    (tmp_path / "saved" / "x").mkdir(parents=True)
    os.mkfifo(tmp_path / "saved" / "pipe")
    output = json.loads(json.dumps(shown(chat)[0]))
    files = output["metadata"]["omni_nb"]["files"]
    files.update(dict.fromkeys(files, path.format(there=tmp_path)))
    with pytest.warns(UserWarning, match="'clip.mp4', and there is no such file beside it"):
        again = Conversation.from_notebook(notebook(tmp_path / "saved", output))
    assert isinstance(again.replies[0].question[-1], TextPart)


@pytest.mark.parametrize("path", ["/home/ada/clip.mp4", "C:\\films\\clip.mp4", "../clip.mp4"])
def test_a_file_that_was_put_beside_the_notebook_is_found_by_its_name(chat, path, tmp_path):
    answer(chat, "?", large(tmp_path))
    output = json.loads(json.dumps(shown(chat)[0]))
    files = output["metadata"]["omni_nb"]["files"]
    files.update(dict.fromkeys(files, path))
    again = Conversation.from_notebook(notebook(tmp_path, output))
    assert isinstance(again.replies[0].question[-1], VideoPart)


@pytest.mark.parametrize(
    ("samples", "words"),
    [
        (10**12, None),
        (-1, "counts"),
        (float("nan"), "samples"),
        (True, "samples"),
        ("9", "samples"),
    ],
)
@pytest.mark.parametrize("storage", ["wav", "mp3", "opus"])
def test_a_count_of_samples_takes_no_more_memory_than_there_is_speech(
    chat, samples, words, storage, tmp_path
):
    answer(chat, "?")
    output = json.loads(json.dumps(shown(chat, storage)[0]))
    output["metadata"]["omni_nb"]["replies"][0]["samples"] = samples
    path = notebook(tmp_path, output)
    if words is not None:
        with pytest.raises(RequestError, match=words):
            Conversation.from_notebook(path)
        return
    again = Conversation.from_notebook(path).replies[0]
    assert len(SPEECH) - 4 <= len(again.pcm) <= len(SPEECH) + 20_000


@pytest.mark.parametrize(
    ("name", "value"), [("sample_rate", 2**31 - 1), ("seconds", 1e7), ("seconds", float("inf"))]
)
def test_a_kept_sound_that_claims_too_much_takes_no_memory(chat, name, value, tmp_path):
    answer(chat, "?", audio((HUM, 44_100)))
    output = json.loads(json.dumps(shown(chat, "opus")[0]))
    (record,) = (
        one for one in output["metadata"]["omni_nb"]["replies"][0]["question"] if "seconds" in one
    )
    record[name] = value
    path = notebook(tmp_path, output)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if value == float("inf"):
            with pytest.raises(RequestError, match="seconds"):
                Conversation.from_notebook(path)
            return
        part = Conversation.from_notebook(path).replies[0].question[-1]
    assert isinstance(part, TextPart) or part.seconds == pytest.approx(3, abs=0.1)


@pytest.mark.parametrize("what", ["gone", "another"])
def test_a_medium_that_is_not_there_becomes_words_and_is_named_once(chat, what, tmp_path):
    part = large(tmp_path)
    answer(chat, "What is in it?", part)
    answer(chat, "And again?", part)
    outputs = shown(chat)
    part.source.path.unlink()
    if what == "another":
        part.source.path.write_bytes(b"x" * 1_100_000)
    with pytest.warns(UserWarning, match="does not hold") as caught:
        again = Conversation.from_notebook(notebook(tmp_path, *outputs), connection=NOBODY)
    assert len(caught) == 1
    assert "'clip.mp4'" in str(caught[0].message)
    words = "[video clip.mp4, 5.0 s, 64×48, sent earlier]"
    assert again.messages[1]["content"] == f"What is in it?\n{words}"
    assert answer(again, "Still?").request.payload()


def test_what_a_notebook_for_others_names_is_no_path(chat, tmp_path):
    answer(chat, "?", large(tmp_path))
    text = json.dumps(block_metadata(chat.document(), is_shared=True))
    assert str(tmp_path) not in text
    assert "clip.mp4" in text


def test_media_can_lie_in_a_folder_beside_the_notebook(chat, tmp_path):
    answer(chat, "?", IMAGE)
    outputs = shown(chat, folder=MediaFolder(tmp_path / "talk_media"))
    assert outputs[0]["metadata"]["omni_nb"]["media"] == {}
    assert Conversation.from_notebook(notebook(tmp_path, *outputs)).messages == chat.messages


def test_the_last_conversation_is_read_and_others_by_place_or_id(chat, tmp_path):
    other = Conversation(connection=NOBODY)
    answer(chat, "First?", at=5.0)
    answer(other, "Other?", at=1.0)
    path = notebook(tmp_path, *shown(chat), *shown(other))
    assert Conversation.from_notebook(path).messages == other.messages
    assert Conversation.from_notebook(path, chat=0).messages == chat.messages
    assert Conversation.from_notebook(path, chat=-2).messages == chat.messages
    name = reply_id(chat.replies[-1])
    assert Conversation.from_notebook(path, chat=name).messages == chat.messages
    for wrong in (2, "nobody"):
        with pytest.raises(RequestError, match=r"0: '\w{12}' \(1 turn, 'First\?'\); 1: "):
            Conversation.from_notebook(path, chat=wrong)


def test_a_fork_finds_the_turns_that_it_shares(chat, tmp_path):
    answer(chat, "One?", at=1.0)
    answer(chat, "Two?", at=2.0)
    fork = chat.fork(at=1)
    answer(fork, "Three?", at=3.0)
    path = notebook(tmp_path, *shown(chat), shown(fork)[1])
    assert Conversation.from_notebook(path).messages == fork.messages
    assert Conversation.from_notebook(path, chat=0).messages == chat.messages


def test_a_turn_taken_back_is_not_in_what_goes_on(chat, tmp_path):
    answer(chat, "One?")
    answer(chat, "Wrong?", text="no")
    outputs = shown(chat)
    chat.undo()
    answer(chat, "Right?", text="yes")
    path = notebook(tmp_path, *outputs, shown(chat)[1])
    assert Conversation.from_notebook(path).messages == chat.messages


def test_the_order_of_the_cells_does_not_matter(chat, tmp_path):
    for number in range(3):
        answer(chat, f"{number}?", text=f"{number}", at=float(number))
    outputs = shown(chat)
    path = notebook(tmp_path, outputs[2], outputs[0], outputs[1])
    assert Conversation.from_notebook(path).messages == chat.messages


def test_a_turn_whose_output_was_cleared_is_missed(chat, tmp_path):
    for number in range(3):
        answer(chat, f"{number}?", text=f"{number}")
    outputs = shown(chat)
    with pytest.warns(UserWarning, match="2 of 3 turns"):
        again = Conversation.from_notebook(notebook(tmp_path, outputs[0], outputs[2]))
    assert [reply.text for reply in again.replies] == ["2"]


def test_speech_that_was_taken_out_is_missed_and_never_anothers(chat, tmp_path):
    answer(chat, "One?", text="1")
    answer(chat, "Two?", text="2")
    output = json.loads(json.dumps(in_panel(chat)[0]))
    html = output["data"]["text/html"]
    start = html.index("<audio")
    output["data"]["text/html"] = html[:start] + html[html.index("</audio>", start) :]
    with pytest.warns(UserWarning, match="speech of 2 answers"):
        again = Conversation.from_notebook(notebook(tmp_path, output))
    assert [reply.audio for reply in again.replies] == [None, None]
    assert again.messages == chat.messages


def test_an_answer_shown_twice_is_one_turn(chat, tmp_path):
    answer(chat, "One?")
    outputs = shown(chat)
    silent = json.loads(json.dumps(outputs[0]))
    silent["data"] = {"text/plain": "x"}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        again = Conversation.from_notebook(notebook(tmp_path, *outputs, *outputs, silent))
    assert len(again.replies) == 1
    assert bytes(again.replies[0].pcm) == SPEECH


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "no notebook"),
        ("[]", "no notebook"),
        ('{"cells": []}', "its outputs were cleared"),
        ('{"cells": [1, {"outputs": 2}, {"outputs": [3, {}]}]}', "its outputs were cleared"),
        ('{"cells": [{"outputs": [{"metadata": {"omni_nb": 1}}]}]}', "no notebook with answers"),
        ('{"cells": [{"outputs": [{"metadata": {"omni_nb": {"schema_version": 9}}}]}]}', "Update"),
        ("[" * 100_000, "no notebook"),
    ],
)
def test_what_holds_no_conversation_is_refused(content, words, tmp_path):
    path = tmp_path / "x.ipynb"
    path.write_text(content)
    with pytest.raises(RequestError, match=words):
        read_notebook(path)
    with pytest.raises(RequestError, match="cannot be read"):
        read_notebook(tmp_path / "nothing.ipynb")


def test_altered_metadata_raise_our_error_and_nothing_else(chat, tmp_path):
    answer(chat, "?", *PARTS[:3])
    output = shown(chat)[0]
    text = json.dumps(output["metadata"])
    for name in [*output["metadata"]["omni_nb"], *output["metadata"]["omni_nb"]["replies"][0]]:
        for value in ("null", "[[]]", '{"a": {}}', '"x"', "-7"):
            changed = json.loads(text)
            for record in (changed["omni_nb"], changed["omni_nb"]["replies"][0]):
                if name in record:
                    record[name] = json.loads(value)
            path = notebook(tmp_path, {**output, "metadata": changed})
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                with contextlib.suppress(RequestError):
                    Conversation.from_notebook(path)


def test_settings_and_arrivals_stay_small(chat):
    answer(chat, "?", speech=SPEECH * 50)
    assert len(json.dumps(block_metadata(chat.document()))) < 2000
