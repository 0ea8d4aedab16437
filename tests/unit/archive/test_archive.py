"""A conversation that is saved and loaded is the same, and a damaged one is refused."""

from __future__ import annotations

import hashlib
import json
import os
import tracemalloc
from typing import TYPE_CHECKING

import pytest

import omni_nb.media.folder
from omni_nb import Chat
from omni_nb.chat.conversation import Conversation
from omni_nb.errors import MediaError, OmniError, RequestError, ServiceError
from omni_nb.media.clip import AudioClip
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
)
from omni_nb.media.sources import FileSource, LocalSource
from omni_nb.render.reply import reply_html
from omni_nb.rules.pricing import Usage
from omni_nb.turns.connection import Connection
from omni_nb.turns.timing import Playback
from omni_nb.wire.client import Endpoint, Secret
from omni_nb.wire.events import (
    AudioDelta,
    Finished,
    ReasoningDelta,
    TextDelta,
    TranscriptDelta,
    UsageReport,
)
from tests.begun import begun

if TYPE_CHECKING:
    from pathlib import Path

    from omni_nb.turns.reply import Reply

KEY = "sk-a-secret-that-nobody-may-see"
NOBODY = Connection(Endpoint("http://somewhere.example/v1", Secret(KEY)), "beijing")
IMAGE = ImagePart(b"a dog", "image/png", 640, 480, "狗.png")
AUDIO = AudioPart(LocalSource(b"a hum", "hm.mp3"), "mp3", "audio/mpeg", 1.5, 44100, 2, "hm.mp3")
VIDEO = VideoPart(
    LocalSource(b"a film", "f.mov"), "video/quicktime", 5.0, 1280, 720, 29.97, 150, True, "f.mov"
)
PARTS = [
    IMAGE,
    ImageURLPart("https://example.com/dog.jpg"),
    AUDIO,
    AudioURLPart("https://example.com/hm.mp3", "mp3"),
    VIDEO,
    VideoURLPart("https://example.com/film.mp4"),
    FramesPart((IMAGE, ImageURLPart("https://example.com/dog.jpg")), "walk"),
    TextPart("Ünïcode 你好 👋 \u2028 <script>"),
]


def answer(chat: Conversation, *question, text: str = "好的 👍", events=(), error=None) -> Reply:
    reply = begun(chat.stream("What is this?", *question)).reply
    for second, event in enumerate([TextDelta(text), *events]):
        reply.feed(event, seconds=second / 10)
    reply.finish(seconds=2.5, error=error)
    return reply


@pytest.fixture
def chat() -> Conversation:
    """Return a conversation with a turn of every kind of part."""
    made = Conversation(
        "someone's-model",
        voice="Cherry",
        system="你是一只猫。",
        connection=NOBODY,
        temperature=0.5,
        stop=["。"],
    )
    for part in PARTS:
        answer(made, part)
    return made


def saved(chat: Conversation, folder: Path) -> tuple[Path, dict]:
    path = chat.save(folder / "talk.json")
    return path, json.loads(path.read_text("utf-8"))


def state(reply: Reply) -> dict:
    """Return everything of a reply that one can see."""
    return {
        "payload": reply.request.payload(),
        "question": [getattr(part, "name", part) for part in reply.question],
        "text": reply.text,
        "reasoning": reply.reasoning,
        "pcm": bytes(reply.pcm),
        "usage": reply.usage,
        "cost": reply.cost,
        "finish_reason": reply.finish_reason,
        "error": reply.error and (type(reply.error), str(reply.error), vars(reply.error).keys()),
        "timing": reply.timing,
        "sent_at": reply.sent_at,
        "region": reply.region,
        "is_stand_in": reply.is_stand_in,
        "is_finished": reply.is_finished,
        "html": reply_html(reply),
    }


def test_every_kind_of_part_comes_back(chat, tmp_path):
    path, _ = saved(chat, tmp_path)
    loaded = Conversation.load(path)
    assert [state(reply) for reply in loaded.replies] == [state(reply) for reply in chat.replies]
    assert loaded.messages == chat.messages
    for before, after in zip(chat.replies, loaded.replies, strict=True):
        for name in ("seconds", "fps", "width", "height", "has_audio", "sample_rate", "mime"):
            assert [getattr(part, name, None) for part in before.question] == [
                getattr(part, name, None) for part in after.question
            ]


def test_the_settings_come_back(chat, tmp_path):
    chat.system_as_turns = True
    chat.trim(keep=2)
    loaded = Conversation.load(saved(chat, tmp_path)[0])
    for name in (
        "model",
        "modalities",
        "voice",
        "system",
        "system_as_turns",
        "options",
        "trimming",
    ):
        assert getattr(loaded, name) == getattr(chat, name)
    assert loaded.connection is None


def test_an_answer_comes_back_with_its_speech_usage_and_timing(tmp_path):
    chat = Conversation("qwen-omni-turbo", voice="Cherry", connection=NOBODY)
    reply = answer(
        chat,
        events=[
            TranscriptDelta("好的 👍, and more"),
            ReasoningDelta("Hm."),
            AudioDelta(b"\1\0\2\0" * 6000),
            Finished("length"),
            UsageReport(Usage({"text": 9}, {"text": 5, "audio": 25}, 9, 31, reasoning=1)),
        ],
    )
    reply.sent_at, reply.playback = 1_800_000_000.5, Playback(1_800_000_001.0, 2, 0.25)
    loaded = Conversation.load(saved(chat, tmp_path)[0]).replies[0]
    assert state(loaded) == state(reply)
    assert loaded.timing.first_heard_seconds == 0.5
    assert loaded.audio.samples[:3].tolist() == [1, 2, 1]


def test_an_error_and_what_had_arrived_come_back(tmp_path):
    chat = Conversation(connection=NOBODY)
    error = ServiceError("断了", status_code=500, code="bad", request_id="r-1", advice="Again.")
    reply = answer(chat, error=error)
    loaded = Conversation.load(saved(chat, tmp_path)[0]).replies[0]
    assert state(loaded) == state(reply)
    assert loaded.error.reply is loaded


def test_an_answer_that_still_streams_is_kept_as_far_as_it_came(tmp_path):
    chat = Conversation(connection=NOBODY)
    begun(chat.stream("Who?")).reply.feed(TextDelta("I am"))
    loaded = Conversation.load(saved(chat, tmp_path)[0]).replies[0]
    assert (loaded.text, loaded.finish_reason, loaded.is_finished) == ("I am", "interrupted", True)


def test_half_of_a_surrogate_pair_comes_back_as_the_sign_for_what_cannot_be_read(tmp_path):
    chat = Conversation(connection=NOBODY)
    answer(chat, text="\\👍\ud83d")
    loaded = Conversation.load(saved(chat, tmp_path)[0])
    assert loaded.replies[0].text == "\\👍\ufffd"
    json.dumps(loaded.messages, ensure_ascii=False).encode()


def test_the_same_class_is_loaded_and_goes_on(chat, tmp_path):
    path, _ = saved(chat, tmp_path)
    loaded = Chat.load(path, connection=NOBODY)
    assert type(loaded) is Chat
    request = loaded.stream("And now?").reply.request
    assert request.payload()["messages"][:-1] == chat.messages
    assert request.options == {"temperature": 0.5, "stop": ["。"]}


def test_a_loaded_conversation_can_be_saved_again_also_elsewhere(chat, tmp_path):
    path, document = saved(chat, tmp_path)
    loaded = Conversation.load(path)
    assert saved(loaded, tmp_path)[1] == document
    assert saved(loaded, tmp_path / "elsewhere")[1] == document
    again = Conversation.load(tmp_path / "elsewhere" / "talk.json")
    assert again.messages == chat.messages


def test_nothing_of_the_connection_is_written(chat, tmp_path):
    saved(chat, tmp_path)
    written = b"".join(file.read_bytes() for file in tmp_path.rglob("*") if file.is_file())
    assert KEY.encode() not in written
    assert b"somewhere.example" not in written


def test_media_are_kept_once_by_the_hash_of_their_content(chat, tmp_path):
    saved(chat, tmp_path)
    saved(chat, tmp_path)
    kept = {file.name: file.read_bytes() for file in (tmp_path / "talk_media").iterdir()}
    digests = {content: hashlib.sha256(content).hexdigest() for content in kept.values()}
    assert kept == {
        f"{digests[b'a dog']}.png": b"a dog",
        f"{digests[b'a hum']}.mp3": b"a hum",
        f"{digests[b'a film']}.mov": b"a film",
    }


def test_a_long_video_is_copied_in_blocks(tmp_path):
    film = tmp_path / "film.mp4"
    with film.open("wb") as file:
        file.truncate(64 << 20)
    status = film.stat()
    source = FileSource(film, "film.mp4", status.st_size, status.st_mtime_ns)
    tracemalloc.start()
    folder = MediaFolder(tmp_path / "media")
    kept = folder.find(folder.keep(source, ".mp4"), "film.mp4")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert kept.total_bytes == 64 << 20
    assert peak < 8 << 20


def test_a_file_that_has_changed_since_it_was_sent_is_not_saved(chat, tmp_path):
    film = tmp_path / "film.mp4"
    film.write_bytes(b"a film")
    source = FileSource(film, "film.mp4", 6, film.stat().st_mtime_ns)
    answer(chat, VideoPart(source, "video/mp4", 5.0, 128, 72, 30.0, 150, False, "film.mp4"))
    film.write_bytes(b"another film")
    with pytest.raises(MediaError, match=r"film\.mp4"):
        chat.save(tmp_path / "talk.json")
    assert not (tmp_path / "talk.json").exists()


def test_a_save_that_fails_leaves_the_earlier_one(chat, tmp_path):
    path, document = saved(chat, tmp_path)
    other = Conversation("qwen-omni-turbo", extra={"when": 1})
    other.options._fields["when"] = object()  # nothing that JSON has not comes in by a door
    with pytest.raises(RequestError, match="cannot be saved"):
        other.save(path)
    assert json.loads(path.read_text("utf-8")) == document
    assert sorted(file.name for file in tmp_path.iterdir()) == ["talk.json", "talk_media"]


def test_a_disk_that_is_full_leaves_the_earlier_file_and_no_rest(tmp_path, monkeypatch):
    target = tmp_path / "talk.json"
    target.write_text("earlier")

    def write_a_bit():
        with omni_nb.media.folder.replacing(target) as file:
            file.write(b"new")
            raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space"):
        write_a_bit()
    assert [file.name for file in tmp_path.iterdir()] == ["talk.json"]
    assert target.read_text() == "earlier"


def test_where_nothing_can_be_written_it_says_so(chat, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OmniError, match="file"):
        chat.save(tmp_path / "file" / "talk.json")


# what is refused


def rewrite(path: Path, document: dict) -> Path:
    path.write_text(json.dumps(document), "utf-8")
    return path


def test_a_newer_schema_is_refused_with_the_one_that_is_known(chat, tmp_path):
    path, document = saved(chat, tmp_path)
    with pytest.raises(RequestError, match="schema_version 2; this omni_nb knows 1"):
        Conversation.load(rewrite(path, document | {"schema_version": 2}))


def kept_picture(folder: Path) -> Path:
    return next((folder / "talk_media").glob("*.png"))


def test_a_missing_medium_is_named(chat, tmp_path):
    path, _ = saved(chat, tmp_path)
    picture = kept_picture(tmp_path)
    picture.unlink()
    with pytest.raises(MediaError, match=rf"{picture.name}.*狗\.png.*talk_media"):
        Conversation.load(path)


def test_an_altered_medium_is_named(chat, tmp_path):
    path, _ = saved(chat, tmp_path)
    kept_picture(tmp_path).write_bytes(b"a cat")
    with pytest.raises(MediaError, match=rf"{kept_picture(tmp_path).name}.*not what was saved"):
        Conversation.load(path)


def test_an_altered_medium_is_replaced_by_the_next_save(chat, tmp_path):
    saved(chat, tmp_path)
    kept_picture(tmp_path).write_bytes(b"a cat")
    path, _ = saved(chat, tmp_path)
    assert Conversation.load(path).messages == chat.messages


@pytest.mark.parametrize(
    "name", ["../secret.png", "/etc/passwd", "..", "", "a/b.png", f"{'0' * 64}/../secret", "x\0y"]
)
def test_no_file_outside_of_the_folder_is_opened(chat, tmp_path, name):
    (tmp_path / "secret.png").write_bytes(b"secret")
    path, document = saved(chat, tmp_path)
    for message in document["messages"]:
        for part in message["parts"]:
            if part["type"] == "image":
                part["data"] = name
    with pytest.raises(MediaError, match="is not the name of a kept file"):
        Conversation.load(rewrite(path, document))


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b"null", b"\xff\xfe", b'{"schema_version": 1}', b"[" * 100_000]
)
def test_a_file_that_is_no_conversation_is_refused(tmp_path, content):
    path = tmp_path / "talk.json"
    path.write_bytes(content)
    with pytest.raises(RequestError, match=r"talk\.json"):
        Conversation.load(path)


@pytest.mark.parametrize("path", ["missing.json", "."])
def test_a_file_that_cannot_be_read_is_refused(tmp_path, path):
    with pytest.raises(RequestError, match="cannot be read"):
        Conversation.load(tmp_path / path)


def small(tmp_path: Path) -> tuple[Path, dict]:
    """Return a saved turn with frames: message 0, and speech."""
    chat = Conversation("qwen-omni-turbo", voice="Cherry", connection=NOBODY)
    answer(chat, FramesPart((IMAGE,) * 4), events=[AudioDelta(b"\1\0")])
    answer(chat)
    return saved(chat, tmp_path)


@pytest.mark.parametrize(
    ("place", "new", "words"),
    [
        (("messages", 0, "role"), "robot", "no role 'robot'"),
        (("messages", 0, "parts", 1, "images", 0), {"type": "text", "text": "a"}, "frames are"),
        (("messages", 0, "parts", 0, "type"), "smell", "no part of type 'smell'"),
        (("replies", 0, "messages"), [-1], "counts to 3"),
        (("replies", 0, "messages"), [3], "counts to 3"),
        (("replies", 0, "messages"), [], "no question"),
        (("replies", 0, "messages"), [0, 1], "no question"),
        (("replies", 0, "modalities"), ["text", 1], "expected words"),
        (("replies", 0, "arrivals", 0), [0.1, "smell", 1], "arrivals"),
        (("replies", 0, "arrivals", 0), [-1, "audio", 1], "arrivals"),
        (("replies", 0, "arrivals", 0), [0.1, "audio", float("nan")], "arrivals"),
        (("replies", 0, "messages"), [True], "counts to 3"),
        (("chat", "trimming", "turns"), -1, "trimming"),
        (("chat", "trimming", "media"), True, "'media' is missing"),
        (("messages", 0, "parts", 1, "images", 0, "width"), 0, "'width' is from 1"),
        (("messages", 0, "parts", 1, "images", 0, "height"), 10**12, "'height' is from 1"),
    ],
)
def test_what_is_wrong_in_a_file_is_named(tmp_path, place, new, words):
    path, document = small(tmp_path)
    with pytest.raises(RequestError, match=words):
        Conversation.load(rewrite(path, changed(document, place, new)))


WRONG = [-1, 1.5, 10**400, float("nan"), float("inf"), True, "7", [], {}]


@pytest.mark.parametrize("wrong", WRONG, ids=lambda wrong: repr(wrong)[:9])
@pytest.mark.parametrize(
    ("name", "part"),
    [
        *(("seconds", part) for part in (AUDIO, VIDEO)),
        *((name, AUDIO) for name in ("sample_rate", "channels")),
        *((name, VIDEO) for name in ("width", "height", "fps", "total_frames")),
    ],
)
def test_a_number_that_no_medium_has_is_refused_by_its_name(name, part, wrong, tmp_path):
    chat = Conversation("someone's-model", connection=NOBODY)
    answer(chat, part)
    path, document = saved(chat, tmp_path)
    (number,) = (n for n, one in enumerate(document["messages"][0]["parts"]) if name in one)
    changed_document = changed(document, ("messages", 0, "parts", number, name), wrong)
    if wrong == 1.5 and name in ("seconds", "fps"):
        return
    with pytest.raises(RequestError, match=name):
        Conversation.load(rewrite(path, changed_document))


@pytest.mark.parametrize("wrong", WRONG, ids=lambda wrong: repr(wrong)[:9])
@pytest.mark.parametrize(
    "place",
    [
        ("finish_reason",),
        ("sent_at",),
        ("total_seconds",),
        *(("error", name) for name in ("status_code", "code", "request_id", "advice")),
        *(("usage", name) for name in ("input_total", "output_total", "reasoning")),
        *(("usage", "input", name) for name in ("text", "smell")),
        *(
            ("playback", name)
            for name in ("first_heard_at", "underruns", "gap_seconds", "heard_seconds")
        ),
    ],
    ids=".".join,
)
def test_a_value_of_an_answer_that_is_not_as_it_should_be_is_absent(place, wrong, tmp_path):
    chat = Conversation("qwen-omni-turbo", connection=NOBODY)
    answer(
        chat,
        events=[UsageReport(Usage({"text": 9}, {"text": 5}))],
        error=ServiceError("no", status_code=500, code="bad", request_id="r-1", advice="Again."),
    )
    chat.replies[0].playback = Playback(1.0, 0, 0.0)
    path, document = saved(chat, tmp_path)
    loaded = Conversation.load(rewrite(path, changed(document, ("replies", 0, *place), wrong)))
    use(loaded)
    reply = loaded.replies[0]
    counts = [*reply.usage.input.values(), *reply.usage.output.values(), reply.usage.total]
    assert all(type(count) is int and count >= 0 for count in counts)
    assert all(
        value is None or type(value) is str
        for value in (reply.finish_reason, reply.error.code, reply.error.request_id)
    )
    for value in (reply.sent_at, reply.timing.total_seconds, reply.timing.gap_seconds):
        assert value is None or 0 <= value < 2**54
    assert "smell" not in reply.usage.input
    assert Conversation.load(loaded.save(tmp_path / "again.json")).replies[0].text == reply.text


@pytest.mark.parametrize("read", [Conversation.load, Conversation.from_notebook])
def test_a_file_that_is_too_large_to_be_a_conversation_is_not_read(read, tmp_path):
    with (tmp_path / "talk.json").open("wb") as file:
        file.truncate(2**40)
    with pytest.raises(RequestError, match="more than 512 MB"):
        read(tmp_path / "talk.json")


@pytest.mark.parametrize("frames", [2**31 - 1, 2**30])
def test_speech_that_claims_more_than_there_is_is_what_there_is(frames, tmp_path):
    path, document = small(tmp_path)
    clip = bytearray(AudioClip(b"\1\0" * 100).to_wav())
    clip[40:44] = (2 * frames % 2**32).to_bytes(4, "little")
    name = MediaFolder(tmp_path / "talk_media").keep(LocalSource(bytes(clip), "a"), ".wav")
    loaded = Conversation.load(rewrite(path, changed(document, ("replies", 0, "speech"), name)))
    assert bytes(loaded[0].pcm).startswith(b"\1\0" * 100)
    assert len(loaded[0].pcm) < 300


@pytest.mark.parametrize("name", ["pipe", "/dev/zero"])
def test_what_never_ends_is_not_opened(name, tmp_path):
    if name == "pipe":
        os.mkfifo(tmp_path / name)
    for read in (Conversation.load, Conversation.from_notebook):
        with pytest.raises(RequestError, match="no regular file"):
            read(tmp_path / name)


@pytest.mark.parametrize("do", ["save", "load", "from_notebook", "export", "resume"])
@pytest.mark.parametrize(("name", "words"), [("a\0b.html", "NUL"), ("~nobody-here/b.html", "home")])
def test_a_name_that_no_file_has_is_refused_in_words(do, name, words):
    with pytest.raises(RequestError, match=words):
        getattr(Conversation(connection=NOBODY), do)(name)


def test_a_save_keeps_the_permissions_and_the_link(chat, tmp_path):
    kept = tmp_path / "kept"
    kept.mkdir()
    path, _ = saved(chat, kept)
    path.chmod(0o640)
    link = tmp_path / "link.json"
    link.symlink_to(path)
    answer(chat, text="More")
    assert chat.save(link) == link
    assert link.is_symlink()
    assert path.stat().st_mode & 0o777 == 0o640
    for place in (link, path):
        assert Conversation.load(place)[-1].text == "More"
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["kept", "link.json"]


def test_what_a_process_left_half_written_goes_after_a_day(chat, tmp_path):
    names = (".talk.json.0123abcd.part", ".x.0123abcd.part", ".new.0123abcd.part", "my.part")
    for name in names:
        (tmp_path / name).write_text("half")
        if "new" not in name:
            os.utime(tmp_path / name, (1, 1))
    saved(chat, tmp_path)
    media = tmp_path / "talk_media"
    (media / ".a.png.0123abcd.part").write_text("half")
    os.utime(media / ".a.png.0123abcd.part", (1, 1))
    kept = len(list(media.iterdir()))
    saved(chat, tmp_path)
    assert len(list(media.iterdir())) == kept - 1
    left = {path.name for path in tmp_path.iterdir()} - {"talk.json", "talk_media"}
    assert left == {".new.0123abcd.part", "my.part"}


def test_a_save_is_on_disk_before_it_takes_the_place_of_the_earlier_one(
    chat, tmp_path, monkeypatch
):
    done = []
    sync, replace = os.fsync, type(tmp_path).replace
    monkeypatch.setattr(os, "fsync", lambda number: done.append("sync") or sync(number))
    monkeypatch.setattr(
        type(tmp_path), "replace", lambda *paths: done.append("replace") or replace(*paths)
    )
    Conversation(connection=NOBODY).save(tmp_path / "talk.json")
    assert done == ["sync", "replace", "sync"]


def test_a_device_is_not_replaced_by_a_save(chat, tmp_path):
    os.mkfifo(tmp_path / "talk.json")
    with pytest.raises(RequestError, match="no regular file"):
        chat.save(tmp_path / "talk.json")
    assert (tmp_path / "talk.json").is_fifo()


def test_speech_that_is_no_speech_is_refused(tmp_path):
    path, document = small(tmp_path)
    for content in (AudioClip(b"\1\0", 8000).to_wav(), b"RIFF"):
        name = MediaFolder(tmp_path / "talk_media").keep(LocalSource(content, "a"), ".wav")
        with pytest.raises(RequestError, match="not speech of an answer"):
            Conversation.load(rewrite(path, changed(document, ("replies", 0, "speech"), name)))


def test_the_media_stay_in_use_when_the_notebook_moves_to_another_folder(
    chat, tmp_path, monkeypatch
):
    saved(chat, tmp_path)
    monkeypatch.chdir(tmp_path)
    loaded = Conversation.load("talk.json")
    monkeypatch.chdir("/")
    assert loaded.messages == chat.messages


def test_a_kept_file_has_no_ending_that_is_none(tmp_path):
    assert "/" not in MediaFolder(tmp_path).keep(LocalSource(b"a", "a"), "/../a")


def places(value, path=()):
    """Yield the path to everything in a document."""
    yield path
    if isinstance(value, (dict, list)):
        items = value.items() if isinstance(value, dict) else enumerate(value)
        for key, item in items:
            yield from places(item, (*path, key))


def changed(value, path, new):
    if not path:
        return new
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = changed(value[path[0]], path[1:], new) if path[1:] else new
    return copy


def use(chat: Conversation) -> None:
    """Touch everything that a notebook would show."""
    for reply in chat.replies:
        assert reply_html(reply)
        assert [reply.timing, repr(reply)]
    assert [chat.messages, chat.usage, chat.cost, chat.trim(), repr(chat)]


@pytest.mark.parametrize("new", [None, 7, -1, "x", [], {}, [[]], True], ids=repr)
def test_whatever_is_wrong_in_a_file_is_an_error_of_ours_or_a_conversation(tmp_path, new):
    chat = Conversation("qwen-omni-turbo", voice="Cherry", connection=NOBODY)
    answer(
        chat,
        FramesPart((IMAGE,) * 4),
        events=[AudioDelta(b"\1\0"), UsageReport(Usage({"text": 9}, {"text": 5}))],
        error=ServiceError("no"),
    )
    chat.replies[0].playback = Playback(1.0, 0, 0.0)
    path, document = saved(chat, tmp_path)
    loaded_at_all = 0
    for place in places(document):
        rewrite(path, changed(document, place, new))
        try:
            loaded = Conversation.load(path)
        except OmniError:
            continue
        loaded_at_all += 1
        use(loaded)
    assert loaded_at_all < len(list(places(document)))


def test_branches_are_saved_and_loaded(chat, tmp_path):
    chat.line.go_to(chat[:1])
    answer(chat, text="On another way")
    chat.clear()
    again = Conversation.load(chat.save(tmp_path / "talk.json"))
    assert again.replies == ()
    assert [[reply.text for reply in line] for line in again.branches] == [
        [reply.text for reply in line] for line in chat.branches
    ]
    answer(again, text="A third")
    assert len(again.versions(0)) == 2


@pytest.mark.parametrize("numbers", [[99], "all", [True], [-1]])
def test_a_branch_of_replies_that_are_not_there_is_refused(chat, tmp_path, numbers):
    path, document = saved(chat, tmp_path)
    document["branches"] = [numbers]
    path.write_text(json.dumps(document), "utf-8")
    with pytest.raises(RequestError, match="branches"):
        Conversation.load(path)


def test_a_conversation_is_taken_up_in_the_place_of_another(chat, tmp_path):
    path = chat.save(tmp_path / "talk.json")
    other = Conversation("qwen-omni-turbo", connection=NOBODY)
    answer(other, text="Set aside")
    other.resume(path)
    assert [reply.text for reply in other] == [reply.text for reply in chat.replies]
    assert (other.model, other.connection) == ("someone's-model", NOBODY)
    assert [line[0].text for line in other.branches] == ["Set aside"]


def test_what_cannot_be_taken_up_changes_nothing(chat, tmp_path):
    before = chat.replies
    with pytest.raises(RequestError):
        chat.resume(tmp_path / "nowhere.json")
    assert chat.replies == before
