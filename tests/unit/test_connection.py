from __future__ import annotations

import getpass
from importlib import import_module

import pytest

from omni_nb import connect as connect_function
from omni_nb.errors import RequestError
from omni_nb.wire.client import Secret

connect_module = import_module("omni_nb.connection")
KEY = "sk-a-secret"


@pytest.fixture(autouse=True)
def fresh(monkeypatch):
    monkeypatch.setattr(connect_module, "_current", None)
    monkeypatch.delenv("DASHSCOPE_API_KEY", raising=False)
    monkeypatch.delenv("DASHSCOPE_BASE_URL", raising=False)


def current():
    return connect_module.current_connection()


def key_of(connection) -> str:
    return connection.endpoint.key.reveal()


def test_without_a_key_the_stand_in_answers():
    assert current().is_stand_in
    assert current().base_url.startswith("http://127.0.0.1:")
    assert "no model answers" in repr(current())


def test_with_a_key_dashscope_in_beijing_answers(monkeypatch):
    monkeypatch.setenv("DASHSCOPE_API_KEY", f" {KEY}\n")
    assert current().base_url == "https://dashscope.aliyuncs.com/compatible-mode/v1"
    assert (current().region, current().is_stand_in, key_of(current())) == ("beijing", False, KEY)


def test_another_address_from_the_environment_counts(monkeypatch):
    monkeypatch.setenv("DASHSCOPE_API_KEY", KEY)
    monkeypatch.setenv(
        "DASHSCOPE_BASE_URL", "https://dashscope-intl.aliyuncs.com/compatible-mode/v1/"
    )
    assert current().region == "singapore"


@pytest.mark.parametrize("how", [{"region": "singapore"}, {"service": "singapore"}])
def test_a_region_has_its_address(how, monkeypatch):
    monkeypatch.setenv("DASHSCOPE_BASE_URL", "https://elsewhere.example/v1")
    made = connect_function(**how, api_key=KEY)
    assert made.base_url == "https://dashscope-intl.aliyuncs.com/compatible-mode/v1"
    assert made is current()


@pytest.mark.parametrize(
    "how", [{"base_url": "http://gpu:8000/v1/"}, {"service": "http://gpu:8000/v1/"}]
)
def test_any_compatible_server_never_gets_dashscopes_key(how, monkeypatch):
    monkeypatch.setenv("DASHSCOPE_API_KEY", KEY)
    made = connect_function(**how)
    assert (made.base_url, made.region) == ("http://gpu:8000/v1", None)
    assert key_of(made) == "none"
    assert "a compatible server at http://gpu:8000/v1" in repr(made)


def test_offline_is_chosen_even_with_a_key(monkeypatch):
    monkeypatch.setenv("DASHSCOPE_API_KEY", KEY)
    assert connect_function("offline").is_stand_in
    assert current().is_stand_in


def test_a_typed_key_is_hidden(monkeypatch, capsys):
    monkeypatch.setattr(getpass, "getpass", lambda prompt: print(prompt) or f" {KEY} ")
    made = connect_function(ask_key=True)
    assert key_of(made) == KEY
    assert made.region == "beijing"
    assert KEY not in repr(made) + repr(made.endpoint) + capsys.readouterr().out


def test_no_typed_key_is_an_error(monkeypatch):
    monkeypatch.setattr(getpass, "getpass", lambda prompt: "")
    with pytest.raises(RequestError, match="No key was typed"):
        connect_function(ask_key=True)


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ({"service": "mars"}, "'mars'.*beijing, singapore"),
        ({"region": "mars"}, "no region 'mars'.*beijing"),
        ({"region": "beijing"}, "DashScope needs a key.*DASHSCOPE_API_KEY.*offline"),
        ({"region": "beijing", "base_url": "http://x/v1"}, "not both"),
        ({"base_url": "localhost:8000"}, "'localhost:8000' is no base URL"),
        ({"base_url": "ftp://x/v1"}, "no base URL"),
    ],
)
def test_a_wrong_address_says_what_is_accepted(how, words):
    with pytest.raises(RequestError, match=words):
        connect_function(**how)


def test_a_secret_shows_itself_to_nobody():
    secret = Secret(KEY)
    assert f"{secret} {secret!r}" == "[key] [key]"
    assert secret.hide_in(f"bad {KEY}!") == "bad [key]!"
    assert Secret("").hide_in("text") == "text"
    assert (secret == Secret(KEY), secret == KEY, len({secret, Secret(KEY)})) == (True, False, 1)
