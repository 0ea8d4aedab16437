"""A conversation for other people: a page by itself, and a notebook that asks it again."""

from __future__ import annotations

import ast
import json
import re
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING

import nbformat
import numpy as np
import pytest

import omni_nb as omni
from omni_nb.chat.conversation import Conversation
from omni_nb.errors import MediaError, RequestError, ServiceError
from omni_nb.media.parts import (
    AudioPart,
    AudioURLPart,
    FramesPart,
    ImagePart,
    ImageURLPart,
    TextPart,
    VideoPart,
)
from omni_nb.media.sampling import Sampling
from omni_nb.media.sources import LocalSource
from tests.begun import begun
from tests.unit.archive.test_notebook import IMAGE, KEY, NOBODY, PARTS, SPEECH, answer, large
from tests.unit.render.test_markdown import Page
from tests.xss import PAYLOADS

if TYPE_CHECKING:
    from pathlib import Path

HUM = AudioPart(LocalSource(b"a hum", "hm.mp3"), "mp3", "audio/mpeg", 1.5, 44100, 2, "hm.mp3")


@pytest.fixture
def chat() -> Conversation:
    return Conversation("someone's-model", voice="Cherry", connection=NOBODY, stop=["。"])


class Whole(Page):
    """A page with its head."""

    def handle_starttag(self, tag, attrs):
        if tag == "meta":
            self.attributes += attrs
        elif tag != "!doctype":
            super().handle_starttag(tag, attrs)


def exported(chat: Conversation, folder: Path, **kwargs) -> tuple[Path, dict]:
    path = chat.export(folder / "talk.ipynb", **kwargs)
    made = json.loads(path.read_text("utf-8"))
    nbformat.validate(made)
    return path, made


def sources(notebook: dict) -> list[str]:
    return [cell["source"] for cell in notebook["cells"] if cell["cell_type"] == "code"]


def test_a_page_has_all_of_it_and_asks_nobody(chat, tmp_path):
    answer(chat, "你是谁?", *PARTS, text="我是**小全**，见 https://example.com/a。")
    text = chat.export(tmp_path / "talk.html", storage="wav").read_text("utf-8")
    assert text.startswith('<!doctype html>\n<html lang="zh-CN">')
    page = Whole(text)
    assert {"script", "link", "iframe", "source", "object"}.isdisjoint(page.tags)
    assert page.tags.count("h1") == page.tags.count("main") == page.tags.count("audio") == 1
    assert all(source.startswith("data:") for source in page.values("src"))
    assert page.values("href") == ["https://example.com/a"]
    policy = "default-src 'none'; img-src data:; media-src data:; style-src 'unsafe-inline'"
    assert policy in page.values("content")
    assert "url(" not in text
    assert "@import" not in text
    assert "prefers-color-scheme: dark" in text
    assert "<title>你是谁?" in text


@pytest.mark.parametrize("name", PAYLOADS)
def test_every_payload_is_harmless_in_a_page_and_a_notebook(name):
    payload = PAYLOADS[name]
    made = Conversation("m", connection=NOBODY, system=payload)
    answer(made, payload, ImagePart(b"x", "image/png", 1, 1, payload), text=payload, speech=b"")
    text = made.exported("html").decode()
    page = Whole(text)
    assert {"script", "svg", "iframe", "form", "input", "base"}.isdisjoint(page.tags)
    assert all(link.startswith(("http://", "https://", "mailto:")) for link in page.values("href"))
    assert page.tags.count("style") == page.tags.count("title") == 1
    assert not [key for key, _ in page.attributes if key.startswith("on")]
    notebook = json.loads(made.exported("ipynb"))
    for source in sources(notebook):
        assert calls(source) <= {"Chat", "ask", "b64decode", "image"}
    heading = notebook["cells"][0]["source"].splitlines()[0]
    assert not re.search(r"(?<!\\)[<\[`*$&]", heading)


def calls(source: str) -> set[str]:
    """Return the names of what a cell calls."""
    found = [node.func for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
    return {getattr(function, "attr", None) or function.id for function in found}


def test_the_ending_says_what_is_written(chat, tmp_path):
    with pytest.raises(RequestError, match=r"\.html or \.ipynb, not as 'talk.pdf'"):
        chat.export(tmp_path / "talk.pdf")
    (tmp_path / "file").write_text("")
    with pytest.raises(RequestError, match="cannot be exported"):
        chat.export(tmp_path / "file" / "talk.html")


def test_nothing_private_is_in_an_export(chat, tmp_path):
    error = ServiceError("No answer from http://10.1.2.3/v1", request_id="id-1")
    answer(chat, "?", large(tmp_path), speech=b"").finish(error=error)
    path, _ = exported(chat, tmp_path / "there")
    every = [path.read_bytes(), chat.exported("html"), chat.exported("ipynb")]
    for secret in (KEY, "somewhere.example", "10.1.2.3", "id-1", str(tmp_path)):
        assert not [data for data in every if secret.encode() in data]
    assert chat.replies[0].error is error
    assert "10.1.2.3" in str(error)


def test_a_notebook_asks_the_same_and_shows_the_answers(chat, tmp_path):
    answer(chat, "Who are you?")
    answer(chat, "What is this?\n\"A\" 'cat'?", IMAGE, text="# A cat")
    path, notebook = exported(chat, tmp_path)
    written = sources(notebook)
    assert written[0] == (
        "import omni_nb as omni\n\n"
        'chat = omni.Chat("someone\'s-model", voice="Cherry", stop=["。"])'
    )
    assert written[1] == 'chat.ask("Who are you?")'
    turns = [cell for cell in notebook["cells"] if cell["id"].startswith("turn")]
    assert ["A cat" in turn["outputs"][0]["data"]["text/html"] for turn in turns] == [False, True]
    (kept,) = (tmp_path / "talk_media").iterdir()
    assert kept.read_bytes() == IMAGE.data
    again = Conversation.from_notebook(path)
    assert again.messages == chat.messages
    assert len(again.replies[1].pcm) == len(SPEECH)


@pytest.mark.parametrize(
    ("question", "call"),
    [
        ((TextPart("a"), TextPart("b")), 'chat.ask("a", "b")'),
        ((HUM, TextPart("a")), 'chat.ask("a", audio=media["hm.mp3"])'),
        ((IMAGE, IMAGE), 'chat.ask(image=[media["狗.png"], media["狗.png"]])'),
        ((HUM, IMAGE), 'chat.ask(omni.audio(media["hm.mp3"]), omni.image(media["狗.png"]))'),
        ((TextPart("a"), IMAGE), 'chat.ask("a", omni.image(media["狗.png"]))'),
        (
            (ImageURLPart("https://x.example/a.jpg"), TextPart("?")),
            'chat.ask("?", image="https://x.example/a.jpg")',
        ),
        (
            (replace(IMAGE, sampling=Sampling(max_pixels=9)), TextPart("a")),
            'chat.ask("a", image=omni.image(media["狗.png"], max_pixels=9))',
        ),
        (
            (TextPart("a"), replace(IMAGE, sampling=Sampling(min_pixels=9))),
            'chat.ask("a", omni.image(media["狗.png"], min_pixels=9))',
        ),
        (
            (AudioURLPart("https://x.example/a", "mp3"), TextPart("?")),
            'chat.ask("?", audio=omni.audio("https://x.example/a", format="mp3"))',
        ),
        (
            (FramesPart((IMAGE, ImageURLPart("https://x.example/a.jpg"))), TextPart("?")),
            'chat.ask("?", frames=[media["狗.png"], "https://x.example/a.jpg"])',
        ),
    ],
)
def test_a_question_is_written_as_a_person_would(chat, question, call):
    answer(chat, *question)
    asked = sources(json.loads(chat.exported("ipynb")))[-1]
    assert ast.unparse(ast.parse(asked)) == ast.unparse(ast.parse(call))


def test_who_answers_may_change_on_the_way(chat, tmp_path):
    answer(chat, "One?")
    chat.model, chat.modalities, chat.voice = "other", ("text",), None
    answer(chat, "Two?", speech=b"")
    answer(chat, "Three?", speech=b"")
    path, notebook = exported(chat, tmp_path)
    assert 'omni.Chat("someone\'s-model", voice="Cherry"' in sources(notebook)[0]
    assert sources(notebook)[2] == 'chat.use("other", modalities=["text"])\nchat.ask("Two?")'
    assert sources(notebook)[3] == 'chat.ask("Three?")'
    assert Conversation.from_notebook(path).model == "other"


def test_settings_that_are_no_names_are_written_too():
    made = Conversation(
        "m", modalities=["text", "audio"], voice="A", system='"""', system_as_turns=True,
        extra={"x-y": 1, "class": [True, None], "model_name": {"a": 1.5}}, seed=7,
    )  # fmt: skip
    source = sources(json.loads(made.exported("ipynb")))[0]
    (call,) = [n for n in ast.walk(ast.parse(source)) if isinstance(n, ast.Call)]
    given = {word.arg: ast.literal_eval(word.value) for word in call.keywords}
    assert given == {
        "voice": "A",
        "system": '"""',
        "system_as_turns": True,
        "extra": {"x-y": 1, "class": [True, None], "model_name": {"a": 1.5}},
        "seed": 7,
    }
    scope: dict = {}
    exec(source, scope)  # every name that it writes is one that a chat takes
    assert dict(scope["chat"].options) == dict(made.options)


def test_a_notebook_asks_for_data_in_the_same_form_and_names_the_tools(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    @dataclass
    class Clip:
        seconds: float
        summary: str

    def weather(city: str) -> str:
        "The weather now."
        return f"{city}: 21 °C"

    chat = Conversation(
        *("qwen3.5-omni-plus",),
        connection=omni.stand_in(pace=0),
        tools=[weather],
        tool_choice="auto",
    )
    picture = omni.image(np.zeros((64, 48, 3), "uint8"), max_pixels=200_704)
    for question, form in (
        (("How is the weather in Rome?",), None),
        (("Describe it.", picture), Clip),
        (("And the sizes?",), list[int]),
        (("Again.",), Clip),
    ):
        with chat.stream(*question, response_format=form) as stream:
            for _ in stream:
                pass
    _, notebook = exported(chat, tmp_path)
    written = sources(notebook)
    assert "# The model had tools: weather.\n" in written[0]
    assert [re.findall(r"response_format=(.*?)[,)]", source) for source in written[2:]] == [
        *([], ['forms["Clip"]'], ['forms["list_int"]'], ['forms["Clip"]'])
    ]
    scope: dict = {}
    with omni.stand_in(pace=0) as here:
        for source in written:
            exec(source, scope)
        again = scope["chat"]
        assert again.connection is here
    assert again[1].parsed == asdict(chat[1].parsed)
    assert again[2].parsed == chat[2].parsed
    asked = [
        [reply.request.payload()["messages"][-1] for reply in one.replies] for one in (chat, again)
    ]
    assert asked[0] == asked[1]


def test_forms_of_one_name_are_two_and_one_form_is_one(chat):
    chat.voice = None
    for form in ({"title": "A", "type": "object"}, {"title": "A", "type": "array"}):
        begun(chat.stream("?", response_format=form)).reply.finish()
    scope: dict = {}
    exec(sources(json.loads(chat.exported("ipynb")))[1], scope)
    assert len(scope["forms"]) == 2


def test_two_files_of_one_name_are_two_and_one_file_is_one(chat):
    other = ImagePart(b"a cat", "image/png", 640, 480, "狗.png")
    for picture in (IMAGE, other, IMAGE):
        answer(chat, "?", picture)
    written = sources(json.loads(chat.exported("ipynb")))
    scope: dict = {}
    exec(written[1], scope)
    assert scope["media"] == {"狗.png": b"a dog", "狗-2.png": b"a cat"}
    assert [re.search(r'"狗.*?"', one)[0] for one in written[2:]] == [
        '"狗.png"',
        '"狗-2.png"',
        '"狗.png"',
    ]


def test_what_is_too_large_for_a_download_is_named_in_it(chat, tmp_path):
    answer(chat, "?", large(tmp_path))
    data = chat.exported("ipynb")
    assert len(data) < 200_000
    written = sources(json.loads(data))
    assert written[1].startswith("# Put the file clip.mp4 beside this notebook")
    assert written[2] == 'chat.ask("?", omni.video("clip.mp4"))'
    (tmp_path / "got").mkdir()
    (tmp_path / "got" / "talk.ipynb").write_bytes(data)
    (tmp_path / "clip.mp4").rename(tmp_path / "got" / "clip.mp4")
    again = Conversation.from_notebook(tmp_path / "got" / "talk.ipynb")
    assert isinstance(again.replies[0].question[1], VideoPart)


def test_a_file_that_is_there_already_is_not_copied(chat, tmp_path):
    answer(chat, "?", large(tmp_path))
    _, notebook = exported(chat, tmp_path)
    assert sources(notebook)[1] == 'chat.ask("?", omni.video("clip.mp4"))'
    assert not (tmp_path / "talk_media").exists()


def test_a_file_that_is_gone_is_said_where_it_is_to_be_copied(chat, tmp_path):
    part = large(tmp_path)
    answer(chat, "?", part)
    part.source.path.unlink()
    with pytest.raises(MediaError, match=r"clip\.mp4"):
        chat.export(tmp_path / "there" / "talk.ipynb")
    assert not (tmp_path / "there" / "talk.ipynb").exists()
    assert "clip.mp4" in sources(json.loads(chat.exported("ipynb")))[1]


def test_a_broken_character_breaks_no_export(chat, tmp_path):
    answer(chat, "?", text="half \ud83d")
    exported(chat, tmp_path)
    chat.export(tmp_path / "talk.html")


def test_contrast_is_enough_in_light_and_dark(chat):
    text = chat.exported("html").decode()
    for theme in text.partition("@media (prefers")[0], text.partition("@media (prefers")[2]:
        colours = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", theme))
        for ground in (colours["omni-page"], colours["jp-layout-color2"]):
            for name in colours.keys() - {"omni-page", "jp-layout-color2", "jp-border-color2"}:
                assert contrast(colours[name], ground) >= 4.5, (name, ground)


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
