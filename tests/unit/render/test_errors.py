"""Errors with their advice in the language of the question; their own words stay English."""

from __future__ import annotations

import traceback

import pytest

import omni_nb as omni
from omni_nb.errors import MediaError, OmniError, RequestError, ServiceError
from omni_nb.render.errors import advice_text, error_text
from omni_nb.words import words


def test_english_is_the_error_itself():
    error = ServiceError("no", status_code=401, advice="Check the key.", hint="key")
    assert error_text(error, "en") == str(error) == "no (HTTP 401)\nCheck the key."


def test_other_languages_have_the_services_words_and_their_own_advice():
    error = ServiceError("no", status_code=401, advice="Check the key.", hint="key")
    assert error_text(error, "zh") == f"no (HTTP 401)\n{words('advice', 'zh')['key']}"


def test_advice_without_a_translation_is_better_than_none():
    assert error_text(ServiceError("no", advice="Wait."), "zh") == "no\nWait."
    assert error_text(MediaError("No file."), "zh") == "No file."
    assert advice_text(MediaError("No file."), "zh") == ""


@pytest.mark.parametrize(
    ("question", "given", "hint"),
    [
        ("这是什么？", {"image": "there-is-no-such.jpg"}, "missing file"),
        ("这是什么？", {"voice": "Nobody"}, "voice"),
        ("这是什么？", {"voise": "Cherry"}, "option"),
        ("这是什么？", {"image": __file__}, "unreadable"),
    ],
)
def test_the_commonest_refusals_have_advice_in_the_language_of_the_question(question, given, hint):
    with pytest.raises(OmniError) as raised:
        omni.ask(question, show=False, **given)
    advice = words("advice", "zh")[hint]
    assert advice not in str(raised.value), "an exception's text is English"
    assert raised.value._render_traceback_()[-1] == advice
    with pytest.raises(OmniError) as raised:
        omni.ask("What is this?", show=False, **given)
    assert len(raised.value._render_traceback_()) == 1


def test_a_note_is_shown_below_the_message_once():
    error = RequestError("No.")
    error.note("请重试。")
    error.note("请重试。")
    said = "".join(traceback.format_exception_only(type(error), error))
    assert said.count("请重试。") <= 1  # Python 3.10 shows no notes
    assert error._render_traceback_()[1:] == ["请重试。"]


def test_a_chat_says_it_too():
    with pytest.raises(MediaError) as raised:
        omni.Chat().ask("这是什么？", audio="nowhere.wav", show=False)
    assert raised.value._render_traceback_()[-1] == words("advice", "zh")["missing file"]
