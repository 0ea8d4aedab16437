from __future__ import annotations

import warnings

import pytest

from omni_nb.errors import MediaError, RequestError
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
from omni_nb.media.sources import LocalSource
from omni_nb.rules.catalog import Limits, ModelFacts, find_model
from omni_nb.rules.limits import check_effort, check_parts, warn_of_effort

TURBO = find_model("qwen-omni-turbo")
MEGABYTE = 2**20
WORDS = TextPart("What is this?")


def sound(seconds: float = 1, total_bytes: int = 100) -> AudioPart:
    source = LocalSource(bytes(total_bytes), "a.wav")
    return AudioPart(source, "wav", "audio/wav", seconds, 16000, 1, "a.wav")


def video(seconds: float = 1, total_bytes: int = 100) -> VideoPart:
    source = LocalSource(bytes(total_bytes), "walk.mp4")
    return VideoPart(source, "video/mp4", seconds, 64, 48, 30, 30, True, "walk.mp4")


def picture(width: int = 40, height: int = 30, total_bytes: int = 100) -> ImagePart:
    return ImagePart(bytes(total_bytes), "image/png", width, height, "dog.png")


def frames(total: int, **facts: int) -> FramesPart:
    return FramesPart((picture(**facts),) * total, "walk.mp4")


def limited(**limits: int) -> ModelFacts:
    return ModelFacts("m", inputs=("text", "image", "audio", "video"), limits=Limits(**limits))


@pytest.mark.parametrize(
    "part",
    [
        sound(180, 10 * MEGABYTE),
        video(40, 150 * MEGABYTE),
        frames(4),
        frames(80),
        FramesPart((ImageURLPart("https://example.com/1.png"),) * 4),
        AudioURLPart("https://example.com/a.mp3", "mp3"),
        VideoURLPart("https://example.com/a.mp4"),
    ],
    ids=lambda part: type(part).__name__,
)
def test_what_the_documentation_allows_is_taken(part):
    check_parts([part, WORDS], TURBO)


@pytest.mark.parametrize(
    ("part", "words"),
    [
        (sound(180.5), r"sound 'a.wav' lasts 180\.50 s; .*at most 180 s.*omni\.shrink"),
        (sound(1, 10 * MEGABYTE + 1), r"10\.0 MB; .*at most 10 MB\. omni\.shrink"),
        (video(40.1), r"video 'walk.mp4' lasts 40\.10 s; .*at most 40 s.*omni\.shrink"),
        (video(1, 151 * MEGABYTE), r"151\.0 MB; .*at most 150 MB"),
        (frames(3), r"'walk.mp4' has 3 frames; .*takes at least 4.*image="),
        (frames(81), r"'walk.mp4' has 81 frames; .*takes at most 80\. Pass one in 2 of them"),
        (FramesPart((picture(),)), r"^The list of frames has 1 frame; .*takes at least 4\."),
        (FramesPart((picture(),) * 81), r"^The list of frames has 81 frames; .*at most 80\."),
        (picture(8, 300), r"'dog.png' is 8 × 300 pixels.*Enlarge it; omni\.shrink\(part\) does"),
        (frames(201), "one in 3 of them"),
        (frames(401), "one in 6 of them"),
        (frames(4, width=9), r"'dog.png' is 9 × 30 pixels"),
        (frames(4, total_bytes=11 * MEGABYTE), r"'dog.png' has 11\.0 MB"),
    ],
)
def test_what_is_over_a_limit_says_by_how_much_and_what_to_do(part, words):
    with pytest.raises(MediaError, match=words):
        check_parts([part, WORDS], TURBO)


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        (
            [sound(), sound()],
            r"1 sound in a message, not 2\. Ask in several turns, or join them into one",
        ),
        ([sound(), AudioURLPart("https://example.com/a.mp3", "mp3")], "at most 1 sound"),
        (
            [video(), frames(4)],
            r"at most 1 video in a message, not 2\. Ask in several turns\. qwen3",
        ),
        ([VideoURLPart("https://a.example/1.mp4")] * 3, "at most 1 video in a message, not 3"),
    ],
)
def test_more_than_one_sound_or_video_is_for_several_turns(parts, words):
    with pytest.raises(RequestError, match=words):
        check_parts([*parts, WORDS], TURBO)


def test_several_images_are_taken():
    check_parts([picture(), picture(), ImageURLPart("https://a.example/1.png"), WORDS], TURBO)


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        ([picture(), sound()], r"not image and audio together\. Ask in two turns: image, then"),
        ([sound(), frames(4)], "audio and video together"),
        ([picture(), sound(), video()], "Ask in three turns: image, then audio, then video"),
    ],
)
def test_kinds_that_do_not_mix_are_named_with_a_way_out(parts, words):
    with pytest.raises(RequestError, match=words):
        check_parts([*parts, WORDS], TURBO)


def test_a_model_without_that_rule_takes_kinds_together():
    check_parts([picture(), sound(), video(), frames(1)], limited())


@pytest.mark.parametrize(
    ("part", "head"),
    [(picture(total_bytes=7500), "data:image/png;base64,"), (sound(1, 7500), "data:;base64,")],
    ids=["image", "sound"],
)
def test_a_long_base64_string_is_told_to_be_a_url(part, head):
    length = len(head) + 10_000
    check_parts([part], limited(base64_bytes=length + 1))
    with pytest.raises(MediaError, match=rf"{length:,} characters as base64.*public URL"):
        check_parts([part], limited(base64_bytes=length))


def test_the_base64_of_each_frame_counts_by_itself():
    check_parts([frames(4, total_bytes=7000)], limited(base64_bytes=10_000))
    with pytest.raises(MediaError, match="characters as base64"):
        check_parts([frames(4, total_bytes=8000)], limited(base64_bytes=10_000))


def test_what_is_sent_as_data_may_be_fewer_than_urls():
    url = ImageURLPart("https://a.example/1.png")
    facts = limited(images_max=4, base64_items_max=2)
    check_parts([picture(), picture(), url, url], facts)
    with pytest.raises(RequestError, match=r"at most 2 images.*sent as data, not 3\. Pass"):
        check_parts([picture(), picture(), picture()], facts)
    with pytest.raises(RequestError, match="at most 4 images in a message, not 5"):
        check_parts([url] * 5, facts)


def test_a_limit_nobody_has_published_refuses_nothing():
    huge = [sound(1e6, 1000), video(1e6, 1000), frames(500), picture(1, 1000)]
    check_parts([*huge, *huge], limited())


def test_there_must_be_something_to_ask():
    with pytest.raises(RequestError, match="nothing to ask"):
        check_parts([TextPart("  ")], TURBO)
    check_parts([sound()], TURBO)


OMNI_35 = r"qwen3\.5-omni-plus and qwen3\.5-omni-flash take it\.$"


@pytest.mark.parametrize(
    ("parts", "others"),
    [
        ([sound()] * 20, OMNI_35),
        ([video()] * 3, OMNI_35),
        ([picture(), sound()], OMNI_35),
        ([sound(181)], r" qwen3-omni-flash, qwen3\.5-omni-plus and qwen3\.5-omni-flash take it\.$"),
        ([sound(1201)], OMNI_35),
        ([video(1000)], OMNI_35),
        ([frames(2)], r" qwen3-omni-flash, qwen3\.5-omni-plus and qwen3\.5-omni-flash take it\.$"),
        ([frames(1)], r"published for qwen3\.8-omni-flash\.$"),
        ([frames(1000)], OMNI_35),
        (
            [picture(11, 2201)],
            r"several images\. No such limit is published for qwen3\.5-omni-plus,",
        ),
        ([sound(20_000)], r"omni\.shrink\(part\) .*published for qwen3\.8-omni-flash\.$"),
    ],
)
def test_what_is_refused_names_the_models_that_take_it(parts, others):
    with pytest.raises((MediaError, RequestError), match=others) as refused:
        check_parts([*parts, WORDS], TURBO)
    assert refused.value.hint


def test_a_model_is_named_only_where_it_takes_the_whole_question():
    with pytest.raises(RequestError, match=r"together") as refused:
        check_parts([picture(), sound(20_000), WORDS], TURBO)
    assert "3.5" not in str(refused.value)


def test_a_kind_that_a_model_does_not_take_names_those_that_do():
    facts = ModelFacts("m", inputs=("text",))
    with pytest.raises(RequestError, match=r"qwen-omni-turbo, .* take it\.$"):
        check_parts([picture(), WORDS], facts)


@pytest.mark.parametrize(
    "options",
    [
        {"reasoning_effort": "low"},
        {"reasoning_effort": "xhigh"},
        {"enable_thinking": False},
        {"thinking_budget": 100},
    ],
)
def test_an_effort_that_is_chosen_is_not_warned_of(options):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warn_of_effort(options, find_model("qwen3.8-omni-flash"))


def test_the_dearest_effort_is_warned_of_where_it_is_the_default():
    with pytest.warns(UserWarning, match="billed as output.*'low', or 'xhigh'"):
        warn_of_effort({}, find_model("qwen3.8-omni-flash"))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warn_of_effort({}, find_model("qwen3-omni-flash"))


def test_an_effort_that_the_model_does_not_take_is_refused():
    with pytest.raises(RequestError, match="'extreme'; it takes none, low, medium"):
        check_effort({"reasoning_effort": "extreme"}, find_model("qwen3.8-omni-flash"))
