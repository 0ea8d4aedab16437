"""How closely to look: on the wire, in the estimate, in a file."""

from __future__ import annotations

import dataclasses
import json

import pytest

import omni_nb as omni
from omni_nb.archive.document import Archive
from omni_nb.archive.reader import read
from omni_nb.archive.writer import write
from omni_nb.errors import MediaError, RequestError
from omni_nb.media.sampling import Sampling
from omni_nb.offline.contents import read_turn
from omni_nb.offline.items import Items
from omni_nb.offline.refusals import Refusal
from omni_nb.render.parts import part_html, part_text
from omni_nb.rules.catalog import find_model
from omni_nb.rules.weigh import weigh
from omni_nb.turns.reply import Reply
from omni_nb.wire.dialects import body_for
from omni_nb.wire.request import Message, Request
from tests.media_files import video_file

PLUS = find_model("qwen3.5-omni-plus")


def image(**sampling):
    import PIL.Image

    return omni.image(PIL.Image.new("RGB", (1280, 960)), **sampling)


def walk(**sampling):
    return omni.video("https://example.com/walk.mp4", **sampling)


def held(**sampling):
    from omni_nb.media.sources import LocalSource
    from omni_nb.media.video import VideoPart

    part = VideoPart(LocalSource(b"mp4", "a.mp4"), "video/mp4", 10.0, 1280, 720, 30.0, 300, False)
    return omni.video(part, **sampling)


def test_the_keys_stand_beside_the_url():
    sent = walk(fps=0.5, max_pixels=200_704).payload()
    assert sent == {
        "type": "video_url",
        "video_url": {"url": "https://example.com/walk.mp4"},
        "fps": 0.5,
        "max_pixels": 200_704,
    }
    sent = image(min_pixels=4096, max_pixels=8192).payload()
    assert {name: sent[name] for name in sent if name != "image_url"} == {
        "type": "image_url",
        "min_pixels": 4096,
        "max_pixels": 8192,
    }
    assert set(image().payload()) == {"type", "image_url"}
    assert set(walk().payload()) == {"type", "video_url"}


def test_the_estimate_follows():
    assert weigh(image(max_pixels=64 * 32 * 32), PLUS).total <= 64 + 2 < weigh(image(), PLUS).total
    assert weigh(image(min_pixels=1300 * 32 * 32), PLUS).total > weigh(image(), PLUS).total
    whole, slow, small = (
        weigh(part, PLUS).total for part in (held(), held(fps=0.5), held(max_pixels=100_000))
    )
    assert slow < whole / 3
    assert small < whole
    assert weigh(held(fps=2), PLUS) == weigh(held(), PLUS)


@pytest.mark.parametrize(
    "wrong",
    [
        {"fps": 0},
        {"fps": -1},
        {"fps": True},
        {"fps": "1"},
        {"fps": float("nan")},
        {"fps": 1e9},
        {"min_pixels": 0},
        {"max_pixels": 1.5},
        {"max_pixels": True},
        {"max_pixels": 10**20},
        {"min_pixels": 20, "max_pixels": 10},
    ],
)
def test_a_value_out_of_its_range_is_refused(wrong):
    with pytest.raises(MediaError, match=next(iter(wrong))):
        walk(**wrong)


def test_a_part_that_is_made_already_is_made_again():
    part = held()
    assert omni.video(part) is part
    assert omni.video(part, fps=1) == dataclasses.replace(part, sampling=Sampling(fps=1))
    assert omni.video(omni.video(part, fps=1)).sampling == Sampling(fps=1)


def test_a_saved_conversation_has_it_again(tmp_path):
    question = (image(max_pixels=4096), held(fps=0.5), held())
    request = Request("unknown-model", (Message("user", question),))
    made = Archive("unknown-model", ("text",), replies=(Reply(request),))
    path = write(made, tmp_path / "talk.json")
    again = read(path).replies[0].question
    assert [part.sampling for part in again] == [part.sampling for part in question]
    document = json.loads(path.read_text("utf-8"))
    parts = document["messages"][0]["parts"]
    assert [part.get("sampling") for part in parts] == [{"max_pixels": 4096}, {"fps": 0.5}, None]
    for wrong in ({"fps": "x"}, {"nope": 1}, 3):
        parts[0]["sampling"] = wrong
        path.write_text(json.dumps(document), "utf-8")
        with pytest.raises(RequestError, match="sampling"):
            read(path)


@pytest.mark.parametrize("dialect", ["openai", "vllm-omni", "sglang-omni"])
def test_other_servers_do_not_know_it(dialect):
    def body(part):
        return body_for(Request("m", (Message("user", (part,)),)), dialect, lambda *_: "data:,")

    assert body(image())
    with pytest.raises(RequestError, match="max_pixels of image"):
        body(image(max_pixels=4096))


@pytest.mark.parametrize("model", ["qwen3.5-omni-plus", "qwen-omni-turbo"])
@pytest.mark.parametrize("sampling", [{}, {"max_pixels": 100_000}, {"min_pixels": 2_000_000}])
def test_the_stand_in_counts_an_image_as_it_is_looked_at(model, sampling):
    part = image(**sampling)
    reply = omni.ask("What is this?", image=part, model=model, show=False)
    assert reply.usage.input["image"] == weigh(part, find_model(model)).tokens["image"]


def test_the_stand_in_counts_a_video_as_it_is_looked_at():
    data = video_file("mp4", seconds=4, width=640, height=480)

    def seen(**sampling):
        clip = omni.video(data, **sampling)
        reply = omni.ask("What is this?", video=clip, model="qwen3.5-omni-plus", show=False)
        assert reply.usage.input["video"] == weigh(clip, PLUS).tokens["video"]
        return reply.usage.input["video"]

    assert seen(fps=1) < seen()
    assert seen(max_pixels=40_000) < seen()


def test_the_stand_in_refuses_a_value_out_of_its_range():
    part = {"type": "image_url", "image_url": {"url": image().payload()["image_url"]["url"]}}
    message = {"role": "user", "content": [part | {"max_pixels": -1}]}
    with pytest.raises(Refusal, match="max_pixels"):
        read_turn(message, PLUS, Items())


@pytest.mark.parametrize(("language", "said"), [("en", "at most"), ("zh", "至多")])
def test_a_card_says_how_closely_to_look(language, said):
    assert f"{said}" in part_text(image(max_pixels=200_704), language)
    assert "200,704" in part_text(image(max_pixels=200_704), language)
    assert said not in part_text(image(), language)
    assert "0.5" in part_text(walk(fps=0.5), language)
    assert "0.5" in part_html(held(fps=0.5), language)
