"""The clients that the documentation names, run for real against the stand-in."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import openai
import pytest

if TYPE_CHECKING:
    from omni_nb.offline.server import StandIn

CLIENTS = Path(__file__).parent / "clients"


@dataclass(frozen=True)
class Heard:
    """What a client got: all chunks as JSON, and the audio decoded as way 1 says."""

    chunks: list[dict[str, Any]]
    way_1: bytes

    @property
    def deltas(self) -> list[dict[str, Any]]:
        return [choice["delta"] for chunk in self.chunks for choice in chunk["choices"]]

    @property
    def content(self) -> str:
        return "".join(delta.get("content") or "" for delta in self.deltas)

    @property
    def transcript(self) -> str:
        return "".join((delta.get("audio") or {}).get("transcript") or "" for delta in self.deltas)

    @property
    def way_2(self) -> bytes:
        """Each piece decoded on its own."""
        pieces = [(delta.get("audio") or {}).get("data") or "" for delta in self.deltas]
        return b"".join(base64.b64decode(piece, validate=True) for piece in pieces)

    @property
    def usage(self) -> dict[str, Any]:
        *before, last = self.chunks
        assert last["choices"] == []
        assert all(not chunk.get("usage") for chunk in before)
        usage: dict[str, Any] = last["usage"]
        return usage


def ask_python_sdk(standin: StandIn, request: dict[str, Any]) -> Heard:
    client = openai.OpenAI(api_key=standin.api_key, base_url=standin.base_url, max_retries=0)
    completion = client.chat.completions.create(**request)
    chunks = [chunk.model_dump(exclude_unset=True) for chunk in completion]
    audio_string = ""
    for chunk in chunks:
        if chunk["choices"]:
            audio_string += (chunk["choices"][0]["delta"].get("audio") or {}).get("data") or ""
    return Heard(chunks, base64.b64decode(audio_string))


def ask_node_sdk(standin: StandIn, request: dict[str, Any]) -> Heard:
    heard = run_node(standin, request)
    assert "error" not in heard, heard
    return Heard(heard["chunks"], base64.b64decode(heard["joined"]))


def run_node(standin: StandIn, request: dict[str, Any]) -> Any:
    answer = run(
        [program("node"), str(CLIENTS / "documented.mjs")],
        json.dumps(request),
        {"DASHSCOPE_API_KEY": standin.api_key, "DASHSCOPE_BASE_URL": standin.base_url},
    )
    return json.loads(answer)


def ask_curl(standin: StandIn, request: dict[str, Any]) -> Heard:
    events = run_curl(standin, request).split("\n\n")
    assert events[-2:] == ["data: [DONE]", ""]
    chunks = [json.loads(event.removeprefix("data: ")) for event in events[:-2]]
    joined = "".join(
        (choice["delta"].get("audio") or {}).get("data") or ""
        for chunk in chunks
        for choice in chunk["choices"]
    )
    return Heard(chunks, base64.b64decode(joined))


def run_curl(standin: StandIn, request: dict[str, Any]) -> str:
    url = f"{standin.base_url}/chat/completions"
    headers = [f"Authorization: Bearer {standin.api_key}", "Content-Type: application/json"]
    options = [option for header in headers for option in ("-H", header)]
    command = [program("curl"), "-sS", "-X", "POST", url, *options, "-d", "@-"]
    return run(command, json.dumps(request))


def run(command: list[str], given: str, environment: dict[str, str] | None = None) -> str:
    done = subprocess.run(
        command,
        input=given.encode(),
        capture_output=True,
        env={**os.environ, **(environment or {})},
        timeout=120,
        check=False,
    )
    if "ERR_MODULE_NOT_FOUND" in done.stderr.decode():
        pytest.fail("The Node.js SDK is not installed: run `npm ci` in the root of the repository.")
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode()


def program(name: str) -> str:
    path = shutil.which(name)
    if path is None:
        pytest.fail(f"{name} is not installed; the documented clients include it.")
    return path


CLIENT_PARAMETERS = [
    pytest.param(ask_python_sdk, id="python-sdk"),
    pytest.param(ask_node_sdk, id="node-sdk"),
    pytest.param(ask_curl, id="curl"),
]
