"""The panel's settings: they change the chat, follow it, and say what is wrong with a value."""

from __future__ import annotations

import json

import pytest

import omni_nb as omni
from omni_nb.turns.connection import connection_to
from omni_nb.views.panel.settings import CURRENT, OTHER, PanelSettings


@pytest.fixture
def chat() -> omni.Chat:
    return omni.Chat(voice="Cherry", connection=connection_to("offline"))


@pytest.fixture
def asked() -> list[str]:
    return []


@pytest.fixture
def settings(chat, asked) -> PanelSettings:
    return PanelSettings(chat, storage="mp3", language="en", ask_key=asked.append)


def test_another_model_brings_its_own_voices_and_what_it_takes(settings, chat):
    settings.change("model", "qwen3.5-omni-flash")
    assert (chat.model, chat.voice) == ("qwen3.5-omni-flash", "Tina")
    state = settings.state("en")
    assert state["voice"] == "Tina"
    assert ("Tina", "Tina") in state["voices"]
    assert "images" in state["notes"]["model"]


def test_a_model_that_does_not_speak_takes_the_choice_away(settings, chat):
    settings.change("model", "qwen3.8-omni-flash")
    assert chat.modalities == ("text",)
    assert settings.state("en")["disabled"] == ["answers", "voice"]


def test_a_voice_that_the_model_does_not_have_is_kept_out_with_the_reason(settings, chat):
    settings.change("voice", "Nobody")
    state = settings.state("en")
    assert chat.voice == state["voice"] == "Cherry"
    assert "no voice" in state["problems"]["voice"]
    settings.change("voice", "Chelsie")
    assert settings.state("en")["problems"] == {}


def test_a_list_of_voices_that_may_lack_some_takes_another(settings, chat):
    settings.change("model", "qwen3-omni-flash")
    assert settings.state("en")["has_other_voices"]
    settings.change("voice", " Newcomer ")
    state = settings.state("en")
    assert chat.voice == state["voice"] == "Newcomer"
    assert state["voices"][0] == ("Newcomer", "Newcomer")


def test_text_or_speech(settings, chat):
    settings.change("answers", "text")
    assert chat.modalities == ("text",)
    assert settings.state("en")["disabled"] == ["voice"]
    settings.change("answers", "speech")
    assert chat.modalities == ("text", "audio")
    assert chat.voice == "Cherry"


def test_the_system_message_is_off_with_the_reason_and_works_as_turns(settings, chat):
    state = settings.state("en")
    assert state["disabled"] == ["system"]
    assert "ignores a system message when it speaks" in state["notes"]["system"]
    settings.change("as_turns", True)
    state = settings.state("en")
    assert (state["disabled"], state["as_turns"]) == ([], True)
    assert "system" not in state["notes"]
    settings.change("system", "You are a cat.")
    assert chat.messages[0]["content"] == "You are a cat."


@pytest.mark.parametrize("nothing", ["", " ", "0"])
def test_the_budget_is_set_and_taken_away(settings, chat, nothing):
    settings.change("budget", " 2.50")
    assert chat.budget == omni.CNY("2.5")
    assert settings.state("en")["budget"] == "2.50"
    settings.change("budget", nothing)
    assert chat.budget is None
    assert settings.state("en")["budget"] == ""


@pytest.mark.parametrize("wrong", ["much", "nan", "-1", "1e99"])
def test_a_budget_that_is_none_is_refused_and_the_old_one_stays(settings, chat, wrong):
    settings.change("budget", "2")
    settings.change("budget", wrong)
    assert chat.budget == omni.CNY(2)
    assert settings.state("en")["problems"]["budget"]


def test_the_service_is_chosen_for_this_chat_only(settings, chat, monkeypatch):
    monkeypatch.setenv("DASHSCOPE_API_KEY", "sk-none-of-your-business")
    settings.change("service", "singapore")
    assert chat.connection.region == settings.state("en")["service"] == "singapore"
    settings.change("service", "offline")
    assert chat.connection.is_stand_in
    settings.change("service", CURRENT)
    assert chat.connection is None


def test_another_server_is_used_by_its_address(settings, chat):
    settings.change("address", "http://localhost:8000/v1 ")
    assert chat.connection.base_url == "http://localhost:8000/v1"
    state = settings.state("en")
    assert (state["service"], state["address"]) == (OTHER, "http://localhost:8000/v1")


def test_an_address_that_is_none_is_refused_in_words(settings, chat):
    before = chat.connection
    settings.change("address", "somewhere")
    assert "somewhere" in settings.state("en")["problems"]["address"]
    assert chat.connection is before


def test_a_missing_key_is_asked_for_and_then_used(settings, chat, asked, monkeypatch):
    monkeypatch.delenv("DASHSCOPE_API_KEY", raising=False)
    settings.change("service", "beijing")
    assert asked == ["DashScope"]
    assert chat.connection.is_stand_in
    assert not settings.use_key("“sk-a-key”")
    problem = settings.state("en")["problems"]["service"]
    assert problem
    assert "sk-a-key" not in problem
    assert asked == ["DashScope"], "it is asked for still"
    assert settings.use_key("sk-a-key")
    assert asked == ["DashScope", ""]
    assert chat.connection.region == settings.state("en")["service"] == "beijing"
    assert "sk-a-key" not in str(settings.state("en"))


def test_who_chooses_another_service_is_not_asked_for_the_key_any_more(
    settings, chat, asked, monkeypatch
):
    monkeypatch.delenv("DASHSCOPE_API_KEY", raising=False)
    settings.change("service", "beijing")
    settings.change("service", CURRENT)
    assert asked == ["DashScope", ""]
    assert chat.connection is None


def test_they_follow_what_a_cell_changes(settings, chat):
    chat.use("qwen3-omni-flash", voice="Ethan")
    chat.budget = omni.CNY(3)
    state = settings.state("en")
    assert (state["model"], state["voice"]) == ("qwen3-omni-flash", "Ethan")
    assert (state["budget"], state["currency"]) == ("3", "CNY")


def test_a_model_that_nobody_knows_is_shown_as_it_is(settings, chat):
    chat.model = "my-own-model"
    state = settings.state("en")
    assert state["models"][0] == (state["model"], state["model"]) == ("my-own-model",) * 2
    assert "are unknown here" in state["notes"]["model"]


def test_what_is_said_is_in_the_language_of_the_page(settings):
    assert dict(settings.state("zh")["services"])["offline"] == "离线模拟服务"
    assert "可接受" in settings.state("zh")["notes"]["model"]


def test_what_the_notebook_keeps_and_the_language_are_chosen(settings):
    settings.change("storage", "wav")
    settings.change("language", "zh")
    assert (settings.storage, settings.language) == ("wav", "zh")
    settings.change("language", "auto")
    assert settings.language == "auto"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("model", 5),
        ("answers", "loud"),
        ("voice", ""),
        ("as_turns", "yes"),
        ("storage", "flac"),
        ("language", "de"),
        ("connection", "http://localhost:8000/v1"),
        ("api_key", "sk-0"),
    ],
)
def test_what_no_page_of_ours_sends_changes_nothing(settings, name, value):
    before = settings.state("en")
    settings.change(name, value)
    after = settings.state("en")
    assert after.pop("problems")[name]
    before.pop("problems")
    assert after == before


def test_the_state_travels_as_json(settings):
    assert json.loads(json.dumps(settings.state("en")))["model"] == "qwen-omni-turbo"
