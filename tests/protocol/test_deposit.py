"""Large media by the service's store: stored once, sent by address, and never with the key."""

from __future__ import annotations

import http.server
import json
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import omni_nb as omni
from omni_nb.errors import MediaError, RequestError, ServiceError
from omni_nb.media.parts import TextPart
from omni_nb.media.sources import FileSource, LocalSource, open_source
from omni_nb.offline import deposit as store
from omni_nb.offline.behaviour import Behaviour
from omni_nb.offline.server import StandIn, start
from omni_nb.turns.connection import connection_of
from omni_nb.wire import deposit as deposits
from omni_nb.wire.client import EventStream
from omni_nb.wire.deposit import KEPT_SECONDS, Deposit, read_policy
from omni_nb.wire.endpoint import Endpoint, Secret
from omni_nb.wire.failures import Refused
from omni_nb.wire.request import Message, Request
from omni_nb.wire.upload import Abandoned, Upload

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FLASH = "qwen3-omni-flash"
POLICY = {
    "upload_host": "https://store.example.com",
    "upload_dir": "dashscope-instant/1/2",
    "policy": "cG9saWN5",
    "signature": "s",
    "oss_access_key_id": "k",
    "x_oss_object_acl": "private",
    "x_oss_forbid_overwrite": "true",
    "expire_in_seconds": 300,
    "max_file_size_mb": 2,
}


@pytest.fixture(scope="module")
def service() -> Iterator[StandIn]:
    with start(Behaviour(pace=0), remember=9) as running:
        yield running


def sound(seconds: float = 200) -> Any:
    noise = np.random.default_rng(0).integers(-3000, 3000, int(seconds * 24_000), "int16")
    return omni.audio((noise, 24_000))


def endpoint(standin: StandIn) -> Endpoint:
    return Endpoint(standin.base_url, Secret(standin.api_key))


def ignore(sent: int, total: int) -> None:
    pass


def large(name: str = "noise") -> LocalSource:
    return LocalSource(name.encode() * 2_000_000, name)


def sent_url(standin: StandIn) -> str:
    found: str = standin.requests[-1]["messages"][-1]["content"][0]["input_audio"]["data"]
    return found


@pytest.fixture
def policies(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """How often a policy was asked for."""
    deposits.deposit_of.cache_clear()
    asked: list[str] = []
    real = Deposit._asked_policy

    def counted(self: Deposit) -> Any:
        asked.append(self._model)
        return real(self)

    monkeypatch.setattr(Deposit, "_asked_policy", counted)
    return asked


def test_a_large_sound_is_stored_once_and_measured_by_who_answers(
    service: StandIn, policies: list[str]
):
    asked: dict[str, Any] = {
        "audio": sound(),
        "connection": connection_of(service),
        "show": False,
        "model": FLASH,
    }
    with pytest.raises(MediaError, match="upload='oss'"):
        omni.ask("What is said?", **asked)
    replies = [omni.ask("What?", upload="oss", **asked) for _ in range(2)]
    url = sent_url(service)
    assert url.startswith("oss://dashscope-instant/")
    assert url.endswith(".wav")
    assert service.requests[-2]["messages"] == service.requests[-1]["messages"]
    assert policies == [FLASH]
    assert replies[0].usage is not None
    assert replies[0].usage.input["audio"] > 1000


def test_small_media_are_sent_as_ever(service: StandIn, policies: list[str]):
    connection = connection_of(service)
    chat = omni.Chat(FLASH, upload="oss", connection=connection)
    chat.ask("What?", audio=sound(1), show=False)
    assert sent_url(service).startswith("data:")
    assert policies == []


def test_what_the_store_lost_is_stored_anew(service: StandIn, policies: list[str]):
    connection = connection_of(service)
    chat = omni.Chat(FLASH, upload="oss", connection=connection)
    chat.ask("What?", audio=sound(), show=False)
    first = sent_url(service)
    known = deposits.deposit_of(connection.endpoint, FLASH)
    (digest,) = known._stored
    gone = first[:-8] + "gone.wav"
    known._stored[digest] = deposits.Stored(gone, known._stored[digest].ends_at)
    refused = service.activity.refused
    reply = chat.fork().ask("What?", audio=sound(), show=False)
    assert reply.finish_reason == "stop"
    assert sent_url(service) not in (first, gone)
    assert service.activity.refused == refused + 1


def test_what_was_just_stored_and_cannot_be_fetched_is_an_error():
    with start(Behaviour(pace=0, fault="none")) as service:
        connection = connection_of(service)
        stream = EventStream(connection.endpoint, omni_request())
        forgets = stream._forgets_after
        refused = Refused(ServiceError("Failed to download", hint="public"), 400, {})
        assert not forgets(refused)
        stream._old_urls = {"oss://a/b"}
        assert not forgets(Refused(ServiceError("no", hint="key"), 401, {}))
        assert forgets(refused)
        assert not forgets(refused)


def omni_request() -> Any:
    return Request(FLASH, (Message("user", (TextPart("What?"),)),), upload="oss")


def test_an_address_without_its_header_is_not_resolved(service: StandIn):
    found = Deposit(endpoint(service), FLASH).stored(large(), "audio/wav", ignore)
    body = {
        "model": FLASH,
        "stream": True,
        "messages": [
            {
                "role": "user",
                "content": [{"type": "input_audio", "input_audio": {"data": found[0]}}],
            }
        ],
    }
    import openai

    client = openai.OpenAI(api_key=service.api_key, base_url=service.base_url, max_retries=0)
    with pytest.raises(openai.BadRequestError, match="does not appear to be valid"):
        client.post("/chat/completions", body=body, cast_to=object)
    header = {"X-DashScope-OssResourceResolve": "enable"}
    with pytest.raises(openai.BadRequestError, match="cannot be opened"):  # it is noise
        client.post("/chat/completions", body=body, cast_to=object, options={"headers": header})


def test_threads_with_one_content_store_it_once(service: StandIn, policies: list[str]):
    deposit = Deposit(endpoint(service), FLASH)
    with ThreadPoolExecutor(8) as pool:
        made = list(
            pool.map(lambda n: deposit.stored(large(f"n{n % 2}"), "audio/wav", ignore), range(16))
        )
    assert len({url for url, _ in made}) == 2
    assert sum(is_old for _, is_old in made) == 14
    assert len(policies) == 1


def test_addresses_and_policies_are_used_for_as_long_as_they_are_good(
    service: StandIn, policies: list[str]
):
    clock = [0.0]
    deposit = Deposit(endpoint(service), FLASH, now=lambda: clock[0])
    first, _ = deposit.stored(large(), "audio/wav", ignore)
    clock[0] = 239
    deposit.stored(large("other"), "audio/wav", ignore)
    assert len(policies) == 1
    clock[0] = 241
    deposit.stored(large("third"), "audio/wav", ignore)
    assert len(policies) == 2
    clock[0] = KEPT_SECONDS - 1
    assert deposit.stored(large(), "audio/wav", ignore) == (first, True)
    clock[0] = KEPT_SECONDS + 1
    again, is_old = deposit.stored(large(), "audio/wav", ignore)
    assert (again != first, is_old) == (True, False)


def test_a_file_name_of_this_computer_is_not_told(service: StandIn, tmp_path: Path):
    path = tmp_path / "my secret name.mp4"
    path.write_bytes(b"x" * 9_000_000)
    source = open_source(path, kind="video")
    assert isinstance(source, FileSource)
    url, _ = Deposit(endpoint(service), FLASH).stored(source, "video/mp4", ignore)
    assert "secret" not in url
    assert url.endswith(".mp4")


def test_a_file_that_changes_while_it_is_sent_is_an_error(service: StandIn, tmp_path: Path):
    path = tmp_path / "clip.mp4"
    path.write_bytes(b"x" * 9_000_000)
    source = open_source(path, kind="video")
    assert isinstance(source, FileSource)

    def note(sent: int, total: int) -> None:
        if sent > 4_000_000:
            path.write_bytes(b"y" * 9_000_001)

    deposit = Deposit(endpoint(service), FLASH)
    with pytest.raises(MediaError, match="has changed"):
        deposit.stored(source, "video/mp4", note)
    assert deposit._stored == {}


def test_stopping_ends_the_upload(service: StandIn):
    upload = Upload()
    upload.stop()
    with pytest.raises(Abandoned):
        Deposit(endpoint(service), FLASH).stored(large(), "audio/wav", upload.note)


def test_the_key_goes_to_the_service_and_never_to_the_store(monkeypatch: pytest.MonkeyPatch):
    seen: list[tuple[str, dict[str, str], bytes]] = []
    key = "sk-not-for-the-store"

    class Recorder(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._note(b"")
            host = f"http://127.0.0.1:{self.server.server_address[1]}/store"  # type: ignore[str-bytes-safe]
            body = json.dumps({"data": POLICY | {"upload_host": host, "max_file_size_mb": 90}})
            self._answer(200, body.encode())

        def do_POST(self) -> None:
            self._note(self.rfile.read(int(self.headers["Content-Length"])))
            self._answer(403, f"<Error><Code>Denied</Code><Message>no {key}</Message>".encode())

        def _note(self, body: bytes) -> None:
            headers = {name.lower(): value for name, value in self.headers.items()}
            seen.append((self.path, headers, body))

        def _answer(self, status: int, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Recorder)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        url = f"http://127.0.0.1:{server.server_address[1]}/compatible-mode/v1"
        deposit = Deposit(Endpoint(url, Secret(key)), FLASH)
        with pytest.raises(ServiceError) as caught:
            deposit.stored(LocalSource(b"sound" * 2_000_000, "a.wav"), "audio/wav", ignore)
    finally:
        server.shutdown()
        server.server_close()
    assert caught.value.code == "Denied"
    (asked, headers, _), (stored, sent, body) = seen
    assert asked == f"/api/v1/uploads?action=getPolicy&model={FLASH}"
    assert headers["authorization"] == f"Bearer {key}"
    assert stored == "/store"
    assert "authorization" not in sent
    assert key.encode() not in body
    assert key not in str(sent)
    fields = [
        part.split(b'name="')[1].split(b'"')[0]
        for part in body.split(b"\r\nContent-Disposition")[0:]
        if b'name="' in part
    ]
    assert fields[-1] == b"file"
    assert set(fields) >= {b"key", b"policy", b"Signature", b"OSSAccessKeyId"}
    assert key not in repr(deposit._policy)
    assert POLICY["signature"] not in repr(deposit._policy).replace("store", "")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"upload_host": "http://store.example.com"}, "without https"),
        ({"upload_host": "http://127.0.0.1/store"}, "without https"),
        ({"upload_host": "https://user@store.example.com"}, "did not say where"),
        ({"upload_host": "https://["}, "did not say where"),
        ({"upload_host": 7}, "did not say where"),
        ({"policy": "x" * 9000}, "did not say where"),
        ({"signature": None}, "did not say where"),
        ({"upload_dir": ""}, "did not say where"),
    ],
)
def test_a_policy_is_checked(changes: Any, words: str):
    with pytest.raises(ServiceError, match=words):
        read_policy({"data": POLICY | changes}, 0)


@pytest.mark.parametrize("told", [None, "<html>", [], {}, {"data": 7}, {"data": {}}])
def test_what_is_no_policy_is_said(told: Any):
    with pytest.raises(ServiceError, match="did not say where"):
        read_policy(told, 0)


def test_a_file_over_the_stores_limit_is_not_sent(
    service: StandIn, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(store, "MOST_MEGABYTES", 1)
    with pytest.raises(MediaError, match="at most 1 MB"):
        Deposit(endpoint(service), FLASH).stored(large(), "audio/wav", ignore)


def test_a_service_without_a_store_says_so_in_its_own_words(service: StandIn):
    with pytest.raises(ServiceError, match="Model not exist"):
        Deposit(endpoint(service), "none-such").stored(large(), "audio/wav", ignore)


def test_upload_is_checked_where_it_is_given():
    with pytest.raises(RequestError, match="upload is 'oss'"):
        omni.Chat(upload="s3")  # type: ignore[arg-type]


@pytest.mark.parametrize("dialect", ["openai", "vllm-omni", "sglang-omni"])
def test_other_servers_have_no_store(dialect: Any):
    connection = omni.connect(base_url="http://localhost:1/v1", dialect=dialect)
    with connection, pytest.raises(RequestError, match="own store"):
        omni.ask("What?", model="m", upload="oss", connection=connection, show=False)
