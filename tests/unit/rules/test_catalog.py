"""The catalog: what is known of the models, one's own models, and the table of both."""

from __future__ import annotations

import re
from dataclasses import fields
from decimal import Decimal
from html.parser import HTMLParser
from importlib.resources import files

import pytest

from omni_nb.errors import RequestError
from omni_nb.render.labels import region_name
from omni_nb.rules import catalog
from omni_nb.rules.catalog import (
    ModelFacts,
    find_model,
    known_models,
    models,
    register_model,
    source_names,
)
from omni_nb.rules.pricing import Usage
from omni_nb.rules.reading import read
from omni_nb.rules.tokens import audio_tokens
from omni_nb.turns.connection import REGIONS
from tests.shown import html_of, text_of

TURBO, FLASH, PLUS = "qwen-omni-turbo", "qwen3-omni-flash", "qwen3.5-omni-plus"
TEXT_ONLY = "qwen3.8-omni-flash"
BUILT_IN = [TURBO, "qwen2.5-omni-7b", FLASH, PLUS, "qwen3.5-omni-flash", TEXT_ONLY]


@pytest.fixture(autouse=True)
def _nothing_registered(monkeypatch):
    monkeypatch.setattr(catalog, "_registered", {})


def test_the_documented_models_are_known_in_order():
    assert [facts.name for facts in known_models()] == BUILT_IN


@pytest.mark.parametrize(
    ("alias", "name"),
    [
        ("qwen-omni-turbo-latest", TURBO),
        ("qwen-omni-turbo-0119", TURBO),
        ("qwen-omni-turbo-2025-03-26", TURBO),
        ("qwen3-omni-flash-2025-12-01", FLASH),
        ("qwen3.5-omni-plus-2026-03-15", PLUS),
    ],
)
def test_a_snapshot_finds_its_model(alias, name):
    assert find_model(alias) is find_model(name)


def test_an_unknown_model_has_no_facts():
    assert find_model("gpt-9") is None


def test_every_fact_has_a_source_and_a_date():
    for facts in known_models():
        video = facts.tokens and facts.tokens.video
        optional = [facts.tokens, video, facts.voices if facts.voices.names else None]
        optional += [facts.rates if facts.rates.requests_per_minute else None]
        optional += [facts.reasoning_effort if facts.reasoning_effort.names else None]
        tables = [facts, facts.limits, *facts.prices.values(), *filter(None, optional)]
        assert all(table.source and re.match(r"2026-11-\d\d", table.date) for table in tables)


def test_every_short_name_of_a_source_is_explained():
    for facts in known_models():
        others = [t for t in (facts.rates, facts.reasoning_effort) if t.source]
        for table in (facts, facts.limits, *others, *facts.prices.values()):
            first = re.match(r"[^ :;]+", table.source)
            assert first
            assert first.group() in source_names(), table.source


def test_the_documented_limits_and_voices_of_turbo():
    facts = find_model(TURBO)
    assert (facts.limits.context_tokens, facts.limits.input_tokens) == (32768, 30720)
    assert (facts.limits.audios_max, facts.limits.videos_max) == (1, 1)
    assert facts.limits.base64_bytes is None
    assert facts.voices.names == ("Cherry", "Serena", "Ethan", "Chelsie")
    assert facts.speaks


def test_a_switch_of_thinking_lowers_the_input_limit_of_flash():
    facts = find_model(FLASH)
    assert facts.thinking == "off"
    assert (facts.limits.input_tokens, facts.limits.thinking_input_tokens) == (49152, 16384)


def test_the_newest_speaking_models_mix_media_and_search():
    facts = find_model(PLUS)
    assert (facts.one_medium_per_message, facts.search) == (False, True)
    assert (facts.limits.image_bytes, facts.limits.base64_bytes) == (20 * 2**20, 10 * 2**20)
    assert (facts.voices.names[0], facts.voices.closed) == ("Tina", False)
    assert "Cherry" not in facts.voices.names


def test_disputed_and_unpublished_facts_are_left_out():
    assert find_model(PLUS).limits.context_tokens is None
    silent = find_model(TEXT_ONLY)
    assert (silent.tokens, dict(silent.prices)) == (None, {})
    assert not silent.speaks
    assert (silent.modalities, silent.thinking) == ((("text",),), "on")


def test_ones_own_model_is_like_another_where_nothing_is_said():
    mine = register_model(
        "my-omni", like=FLASH, voices=["Anna"], limits={"audio_seconds": 60}, aliases=["mine"]
    )
    assert find_model("mine") is find_model("my-omni") is mine
    assert known_models()[-1] is mine
    assert (mine.limits.audio_seconds, mine.limits.frames_max) == (60, 128)
    assert (mine.voices.names, mine.modalities) == (("Anna",), find_model(FLASH).modalities)
    assert audio_tokens(2, model="my-omni") == 25


def test_ones_own_fact_does_not_pass_for_the_documentations():
    mine = register_model("my-omni", like=FLASH, limits={"audio_seconds": 60})
    assert mine.limits.source.startswith("given here: audio_seconds; the rest: jan26")
    assert mine.tokens.source == find_model(FLASH).tokens.source


def test_the_price_of_ones_own_model_is_unknown_until_given():
    usage = Usage(input={"text": 1000})
    register_model("my-omni", like=FLASH)
    assert usage.cost("my-omni") is None
    register_model("my-omni", like=FLASH, prices={"home": {"currency": "EUR", "text_in": 0.1}})
    assert usage.cost("my-omni", region="home").amounts["text in"] == Decimal("0.0001")


def test_a_model_may_be_described_from_nothing():
    mine = register_model("tiny", inputs=["text", "audio"], modalities=[["text"]])
    assert (mine.inputs, mine.modalities, mine.tokens) == (("text", "audio"), (("text",),), None)


def test_registering_again_replaces():
    register_model("my-omni", limits={"audio_seconds": 60})
    register_model("my-omni", limits={"video_seconds": 9})
    assert find_model("my-omni").limits.audio_seconds is None
    assert len(known_models()) == len(BUILT_IN) + 1


@pytest.mark.parametrize("facts", [{"name": TURBO}, {"name": "x", "aliases": [f"{TURBO}-0119"]}])
def test_a_model_that_comes_with_the_package_is_not_shadowed_by_accident(facts):
    with pytest.raises(RequestError, match="replace=True"):
        register_model(**facts)
    assert find_model(f"{TURBO}-0119").limits.audio_seconds == 180


def test_a_model_that_comes_with_the_package_can_be_replaced_on_purpose():
    register_model(TURBO, like=TURBO, limits={"audio_seconds": 999}, replace=True)
    assert find_model(TURBO).limits.audio_seconds == 999
    assert find_model(f"{TURBO}-latest").limits.audio_seconds == 999
    assert [facts.name for facts in known_models()] == BUILT_IN


@pytest.mark.parametrize(
    ("facts", "message"),
    [
        ({"voice": ["Anna"]}, "unknown fact voice; known are name, aliases"),
        ({"limits": {"audio_secs": 1}}, "my-omni, limits: unknown fact audio_secs"),
        ({"limits": {"audio_seconds": "long"}}, "limits, audio_seconds: a whole number .* 'long'"),
        ({"limits": {"audio_seconds": True}}, "a whole number"),
        ({"limits": {"audio_bytes": -1}}, "a whole number"),
        ({"limits": 5}, "a dict of facts is needed, not 5"),
        ({"inputs": ["smell"]}, "a list of 'text' or 'image' or 'audio' or 'video'"),
        ({"inputs": "text"}, "a list of"),
        ({"modalities": ["text"]}, "a list of lists of str"),
        ({"thinking": True}, "'no' or 'off' or 'on' is needed, not True"),
        ({"thinking": []}, "'no' or 'off' or 'on'"),
        ({"search": "yes"}, "True or False"),
        ({"tools": "yes"}, "tools: True or False"),
        ({"structured": "json"}, "'json_object' or 'json_schema' or 'prompt' is needed"),
        ({"rates": {"requests_per_minute": -1}}, "rates, requests_per_minute: a whole number"),
        ({"reasoning_effort": ["low"]}, "reasoning_effort: a dict of facts"),
        ({"source": 3}, "a str is needed"),
        ({"aliases": "mine"}, "aliases: a list of str is needed, not 'mine'"),
        ({"prices": {"home": {"text_in": "1"}}}, "prices, home: currency must be given"),
        ({"prices": {"home": {"currency": "EUR", "text_in": "dear"}}}, "a number .* 'dear'"),
        ({"prices": {"home": {"currency": "EUR", "text_in": float("nan")}}}, "a number"),
        ({"prices": ["home"]}, "a dict of prices by region"),
        ({"tokens": {"image_marks": 2}}, "tokens: image_pixels_per_side, .* must be given"),
        ({"like": TURBO, "tokens": {"image_pixels_per_side": 0}}, "a whole number of 1 or more"),
        ({"like": TURBO, "tokens": {"video": {"frames_per_token": 0}}}, "video, frames_per_token"),
        ({"like": "gpt-9"}, "like='gpt-9' is not a known model; known are qwen-omni-turbo"),
    ],
)
def test_a_fact_that_cannot_be_is_refused_with_its_place(facts, message):
    with pytest.raises(RequestError, match=message):
        register_model("my-omni", **facts)
    assert find_model("my-omni") is None


@pytest.mark.parametrize(
    "kind",
    [
        ModelFacts,
        catalog.Efforts,
        catalog.Limits,
        catalog.Rates,
        catalog.TokenRules,
        catalog.VideoRules,
        catalog.Voices,
    ],
)
def test_every_field_of_the_facts_is_checked(kind):
    for field in fields(kind):
        with pytest.raises(RequestError, match=f"here, {field.name}: "):
            read(kind, {field.name: object()}, "here")


def test_a_name_that_is_no_name_is_refused():
    with pytest.raises(RequestError, match="a str is needed"):
        read(ModelFacts, {"name": 5}, "5")


class Table(HTMLParser):
    """The cells of each row, and every tag."""

    def __init__(self, html):
        super().__init__()
        self.rows, self.tags, self.scopes = [], [], []
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")
        if tag == "th":
            self.scopes.append(dict(attributes).get("scope"))

    def handle_data(self, data):
        if self.rows and self.rows[-1]:
            self.rows[-1][-1] += data


def row(table: Table, label: str) -> list[str]:
    return next(cells[1:] for cells in table.rows if cells[0] == label)


def test_the_table_compares_the_models():
    table = Table(html_of(models(TURBO, PLUS)))
    assert table.rows[0] == ["model", TURBO, PLUS]
    assert row(table, "size of a video") == ["150 MB", "2 GB"]
    assert row(table, "length of an audio file") == ["3 min", "3 h"]
    assert row(table, "a second of audio in") == ["25 tokens", "7 tokens"]
    assert row(table, "speech out") == ["50 CNY", "213 CNY"]
    assert row(table, "source")[0].startswith("2026-11-22spec: ")
    assert None not in table.scopes
    assert not {"script", "style", "img", "a"} & set(table.tags)


def test_which_model_can_do_what_is_seen_first_and_the_rest_is_folded():
    html = html_of(models())
    shown = Table(html[: html.index("<details")])
    assert [cells[0] for cells in shown.rows] == [
        "model",
        "takes",
        "answers with",
        "calls tools",
        "answers as data",
        "searches the web",
    ]
    assert row(shown, "calls tools") == ["not documented"] * 2 + ["yes"] * 4
    data = row(shown, "answers as data")
    assert [cell.startswith("as JSON") for cell in data] == [False, False, False, True, False, True]
    assert row(Table(html), "values")[-1] == "none, low, medium, high, xhigh, max"
    assert row(Table(html), "requests")[:3] == ["60"] * 3


def test_the_new_facts_can_be_given_of_ones_own_model():
    mine = register_model(
        "my-omni",
        tools=True,
        structured="json_schema",
        rates={"requests_per_minute": 5},
        reasoning_effort={"names": ["low", "high"], "default": "high"},
    )
    assert (mine.tools, mine.structured) == (True, "json_schema")
    assert mine.rates.requests_per_minute == 5
    assert mine.reasoning_effort.default == "high"
    assert register_model("bare").tools is None
    assert row(Table(html_of(models("bare"))), "calls tools") == ["unknown"]


def test_what_is_unknown_is_never_a_number():
    table = Table(html_of(models(TEXT_ONLY, TURBO)))
    for label in ("size of an image", "a second of audio in", "all frames at most", "speech out"):
        assert row(table, label)[0] == "unknown"
        assert row(table, label)[1] != "unknown"
    assert row(table, "names")[0] == "no speech"
    assert row(Table(html_of(models(PLUS))), "context") == ["unknown"]


def test_no_source_names_a_file_that_does_not_travel():
    package = files("omni_nb")
    said = (package / "rules" / "models.toml").read_text("utf-8")
    named = set(re.findall(r"[\w./-]+\.(?:md|txt|toml|json|csv|pdf|html?|ipynb)\b", said))
    files_of_ours = {name for name in named if not name.startswith("help.aliyun.com/")}
    assert {name for name in files_of_ours if not (package / name).is_file()} == set()


def test_every_model_has_a_cell_in_every_row():
    table = Table(html_of(models()))
    widths = {len(cells) for cells in table.rows}
    assert widths == {1, len(BUILT_IN) + 1}


def test_the_table_escapes_what_a_registered_model_brings():
    register_model("<b>mine", source="<script>alert(1)</script>", voices=["<i>"], aliases=["&a"])
    html = html_of(models("<b>mine"))
    assert not {"script", "b", "i"} & set(Table(html).tags)
    assert "&lt;script&gt;" in html


def test_the_table_reads_as_text_too():
    text = str(models(PLUS))
    assert re.search(r"^  context +unknown$", text, re.MULTILINE)
    assert re.search(r"^  size of an image +20 MB$", text, re.MULTILINE)
    assert "(jan26; 2026-11-22)" in str(models(FLASH))
    assert max(map(len, text.splitlines())) <= 100
    assert PLUS in repr(models())
    assert len(repr(models()).splitlines()) == 1


def test_the_text_of_several_says_which_can_do_what_and_how_to_read_on():
    text = str(models())
    assert len(text.splitlines()) < 50, "it fits a window"
    assert re.findall(r"^  calls tools +(.*)$", text, re.MULTILINE)[:3] == [
        "not documented",
        "not documented",
        "yes",
    ]
    assert set(BUILT_IN) <= set(text.splitlines())
    assert text.endswith(f"print(omni_nb.models({models().models[-1].name!r}))")


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_region_has_a_name_in_words(language):
    named = {region for facts in models() for region in (*facts.regions, *facts.prices)}
    assert {
        region for region in named | {*REGIONS} if region_name(region, language) == region
    } == set()


def test_ipython_shows_the_text_in_full():
    assert text_of(models(TURBO)) == str(models(TURBO))


def test_the_table_of_an_unknown_model_says_which_are_known():
    with pytest.raises(RequestError, match=r"'gpt-9'; known are qwen-omni-turbo, .*register_model"):
        models("gpt-9")
