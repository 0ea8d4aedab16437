from __future__ import annotations

import getpass
from importlib import import_module

import pytest

import omni_nb as omni
from omni_nb import connect as connect_function
from omni_nb.errors import RequestError
from omni_nb.wire.client import Secret
from omni_nb.wire.dialects import DIALECTS
from tests.waiting import settled

connect_module = import_module("omni_nb.turns.connection")
KEY, OPENAI_KEY = "sk-a-secret", "sk-another-secret"


@pytest.fixture(autouse=True)
def fresh(monkeypatch):
    monkeypatch.setattr(connect_module, "_current", None)
    monkeypatch.delenv("DASHSCOPE_API_KEY", raising=False)
    monkeypatch.delenv("DASHSCOPE_BASE_URL", raising=False)
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)


def current():
    return connect_module.current_connection()


def key_of(connection) -> str:
    return connection.endpoint.key.reveal()


def test_without_a_key_the_stand_in_answers():
    assert current().is_stand_in
    assert current().base_url.startswith("http://127.0.0.1:")
    assert "no model answers" in repr(current())


def test_a_stand_in_of_its_own_answers_one_chat_alone():
    before = current()
    practice = omni.stand_in(pace=0, dialect="vllm-omni-next", remember=1)
    try:
        chat = omni.Chat(voice="Cherry", connection=practice)
        assert "stand-in" in chat.ask("Who are you?", show=False).text
        assert practice.dialect == "vllm-omni"
        assert practice.server.requests[0]["messages"][-1]["content"] == "Who are you?"
        assert settled(practice.server).completed == 1
        assert practice.is_stand_in
        assert current() == before != practice
        assert practice.server.api_key not in repr(practice)
    finally:
        practice.server.stop()


@pytest.mark.parametrize(
    ("behaviour", "said"),
    [
        ({"fault": "droop"}, "There is no fault 'droop'; there are none, 401,"),
        ({"dialect": "klingon"}, "There is no dialect 'klingon'"),
        ({"pace": -1}, "pace is from 0 to"),
        ({"pace": "fast"}, "pace is from 0 to"),
    ],
)
def test_a_stand_in_that_cannot_be_is_refused(behaviour, said):
    with pytest.raises(RequestError) as refused:
        omni.stand_in(**behaviour)
    assert said in str(refused.value)


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


@pytest.fixture
def both_keys(monkeypatch):
    monkeypatch.setenv("DASHSCOPE_API_KEY", KEY)
    monkeypatch.setenv("OPENAI_API_KEY", OPENAI_KEY)


@pytest.mark.parametrize(
    ("base_url", "region"),
    [
        ("https://dashscope.aliyuncs.com/compatible-mode/v1/", "beijing"),
        ("https://DashScope.aliyuncs.com:443/compatible-mode/v1", "beijing"),
        ("https://dashscope-intl.aliyuncs.com/compatible-mode/v1", "singapore"),
        ("https://cn-hongkong.dashscope.aliyuncs.com/compatible-mode/v1", "hongkong"),
        ("https://llm-7abc.cn-beijing.maas.aliyuncs.com/compatible-mode/v1", "beijing"),
        ("https://llm-7abc.ap-southeast-1.maas.aliyuncs.com/compatible-mode/v1", "singapore"),
        ("https://llm-7abc.ap-northeast-1.maas.aliyuncs.com/compatible-mode/v1", None),
    ],
)
def test_dashscopes_own_hosts_get_its_key_and_have_their_regions_prices(
    base_url, region, both_keys
):
    made = connect_function(base_url)
    assert (made.region, made.dialect, key_of(made)) == (region, "dashscope", KEY)
    assert repr(made).startswith("<Connection to DashScope ")


@pytest.mark.parametrize(
    "host",
    [
        "evil-aliyuncs.com",
        "evil-dashscope.aliyuncs.com",
        "dashscope.aliyuncs.com.evil.com",
        "dashscope.evil.com",
        "a-bucket.oss-cn-beijing.aliyuncs.com",
        "123.cn-hangzhou.fc.aliyuncs.com",
        "maas.aliyuncs.com",
        "evil.com/.cn-beijing.maas.aliyuncs.com",
        "evil.com#.cn-beijing.maas.aliyuncs.com",
        "evil.com?.cn-beijing.maas.aliyuncs.com",
        "eu.api.openai.com",
        "api.openai.com.evil.com",
        "evil-api.openai.com",
        "dashscopexaliyuncs.com",
        "ｄashscope.aliyuncs.com",
        "localhost:8000",
        "127.0.0.1",
        "[::1]:8000",
    ],
)
def test_no_other_host_gets_a_key_from_a_variable(host, both_keys):
    made = connect_function(f"https://{host}/v1")
    assert (key_of(made), made.region, made.dialect) == ("none", None, "dashscope")


@pytest.mark.parametrize(
    "base_url",
    [
        "https://dashscope.aliyuncs.com@evil.com/v1",
        "https://evil.com\\@dashscope.aliyuncs.com/v1",
        "https://user:hunter2@dashscope.aliyuncs.com/v1",
        "https://user:hunter2@[dashscope.aliyuncs.com/v1",
        "ftp://user:hunter2@gpu:99999/v1",
    ],
)
def test_a_password_in_an_address_is_refused_and_not_shown(base_url, both_keys):
    with pytest.raises(RequestError, match="no user or password") as caught:
        connect_function(base_url)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("host", ["dashscope.aliyuncs.com", "api.openai.com"])
def test_a_key_from_a_variable_is_not_sent_in_the_clear(host, both_keys, monkeypatch):
    with pytest.raises(RequestError, match="https only"):
        connect_function(f"http://{host}/v1")
    monkeypatch.setenv("DASHSCOPE_BASE_URL", f"http://{host}/v1")
    with pytest.raises(RequestError, match="https only"):
        current()


def test_openai_is_known_by_its_address_and_has_its_own_key(both_keys):
    made = connect_function("https://api.openai.com/v1")
    assert (made.dialect, made.region, key_of(made)) == ("openai", None, OPENAI_KEY)
    assert "in the dialect openai" in repr(made)
    assert OPENAI_KEY not in repr(made) + repr(made.endpoint)


def test_openai_never_gets_dashscopes_key(monkeypatch):
    monkeypatch.setenv("DASHSCOPE_API_KEY", KEY)
    with pytest.raises(RequestError, match=r"OpenAI needs a key.*OPENAI_API_KEY"):
        connect_function("https://api.openai.com/v1")
    monkeypatch.setenv("DASHSCOPE_BASE_URL", "https://api.openai.com/v1")
    with pytest.raises(RequestError, match=r"OpenAI needs a key.*OPENAI_API_KEY"):
        current()


def test_dashscope_never_gets_openais_key(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", OPENAI_KEY)
    assert current().is_stand_in
    with pytest.raises(RequestError, match="DashScope needs a key"):
        connect_function("https://dashscope.aliyuncs.com/compatible-mode/v1")


def test_an_address_and_key_of_the_environment_belong_together(monkeypatch):
    monkeypatch.setenv("DASHSCOPE_API_KEY", KEY)
    monkeypatch.setenv("DASHSCOPE_BASE_URL", "http://127.0.0.1:9/compatible-mode/v1")
    assert (key_of(current()), current().region) == (KEY, None)


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_dialect_that_is_named_counts(dialect):
    made = connect_function("http://gpu:8000/v1", dialect=dialect)
    assert made.dialect == made.endpoint.dialect == dialect
    assert ("dialect" in repr(made)) == (dialect != "dashscope")
    named = connect_function("https://api.openai.com/v1", dialect=dialect, api_key=KEY)
    assert (named.dialect, key_of(named)) == (dialect, KEY)


@pytest.mark.parametrize("service", ["offline", None, "beijing"])
def test_a_dialect_of_another_server_needs_its_address(service):
    with pytest.raises(RequestError, match=r"base_url.*omni-nb serve --dialect vllm-omni"):
        connect_function(service, dialect="vllm-omni")
    assert connect_function("offline", dialect="dashscope").is_stand_in


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
        ({"base_url": "http://x:99999/v1"}, "no base URL"),
        ({"base_url": "http://[x/v1"}, "no base URL"),
        ({"dialect": "esperanto"}, "'esperanto'.*dashscope, openai, vllm-omni, sglang-omni"),
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


def test_a_connection_answers_for_a_while():
    first = connect_function("singapore", api_key=KEY)
    with connect_function("offline") as standin:
        assert current() is standin
        with first:
            assert current() is first
        with standin:
            pass
        assert current() is standin, "entered twice, it is left once"
    assert current() is first
    with pytest.raises(KeyError), standin:
        raise KeyError
    assert current() is first


def test_a_connection_that_was_first_gives_back_none():
    with connect_function("http://localhost:8000/v1"):
        assert not current().is_stand_in
    assert current().is_stand_in


def test_a_chat_keeps_the_connection_of_its_first_question():
    ours, other = omni.stand_in(pace=0), omni.stand_in(pace=0)
    try:
        with ours:
            chat = omni.Chat()
        with other:
            assert chat.connection is None
            chat.ask("Hello", show=False)
        with ours:
            chat.ask("And again", show=False)
        assert chat.connection is other
        assert (settled(ours.server).completed, settled(other.server).completed) == (0, 2)
        chat.connection = ours
        chat.ask("And now?", show=False)
        assert settled(ours.server).completed == 1
    finally:
        ours.server.stop()
        other.server.stop()


@pytest.mark.parametrize("connection", ["offline", KEY, 1, object()])
def test_a_chat_takes_a_connection_and_shows_nothing_that_may_be_a_key(connection):
    with pytest.raises(RequestError, match=r"connect\(") as raised:
        omni.Chat(connection=connection)
    assert KEY not in str(raised.value)
