"""``omni-nb serve``: the stand-in as a program that anybody can ask."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import sys
import urllib.request

import pytest

import omni_nb
from omni_nb import cli


def serve(*options: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "omni_nb", "serve", *options]
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8"
    )


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_serve_says_how_to_use_it_and_ends_cleanly(name: str) -> None:
    process = serve("--pace", "0")
    assert process.stdout is not None
    said = "".join(iter(process.stdout.readline, "Ctrl+C stops the stand-in.\n"))
    base_url = found(r"Base URL: (\S+)", said)
    api_key = found(r"API key:  (\S+)", said)

    assert status(base_url, api_key) == 200
    assert f"export DASHSCOPE_BASE_URL={base_url}" in said
    assert f"export DASHSCOPE_API_KEY={api_key}" in said
    process.send_signal(getattr(signal, name))
    _, complaints = process.communicate(timeout=10)
    assert (process.returncode, complaints) == (0, "")


def test_the_printed_curl_line_works() -> None:
    process = serve("--pace", "0")
    assert process.stdout is not None
    said = "".join(iter(process.stdout.readline, "Ctrl+C stops the stand-in.\n"))
    try:
        lines = said[said.index("export DASHSCOPE_BASE_URL") :]
        answer = subprocess.run(["sh", "-c", lines], capture_output=True, text=True, timeout=30)
    finally:
        process.terminate()
        process.communicate(timeout=10)

    assert answer.stdout.rstrip().endswith("data: [DONE]")
    assert "stand-in" in answer.stdout


@pytest.mark.parametrize("port", ["busy", "99999"])
def test_a_port_that_cannot_be_used_is_one_line_and_exit_code_1(
    port: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as busy:
        chosen = str(busy.getsockname()[1]) if port == "busy" else port
        code = cli.main(["serve", "--port", chosen])

    said = capsys.readouterr()
    assert (code, said.out) == (1, "")
    assert said.err.count("\n") == 1
    assert "port" in said.err


def test_a_pace_that_cannot_be_is_one_line_and_exit_code_1(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert cli.main(["serve", "--pace", "-1"]) == 1
    assert "pace is from 0" in capsys.readouterr().err


def test_serve_takes_a_dialect_and_says_how_to_connect() -> None:
    command = [sys.executable, "-m", "omni_nb", "serve", "--dialect", "vllm-omni-next"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, encoding="utf-8") as process:
        said = "".join(iter(process.stdout.readline, "Ctrl+C stops the stand-in.\n"))
        process.terminate()
    line = next(line for line in said.splitlines() if line.startswith("omni.connect("))
    made = eval(line, {"omni": omni_nb})
    assert made.dialect == "vllm-omni"
    assert made.base_url in said
    omni_nb.connect("offline")


def test_serve_knows_no_other_dialect(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit):
        cli.main(["serve", "--dialect", "klingon"])
    assert "sglang-omni" in capsys.readouterr().err


def status(base_url: str, api_key: str) -> int:
    asked = urllib.request.Request(
        f"{base_url}/models", headers={"Authorization": f"Bearer {api_key}"}
    )
    with urllib.request.urlopen(asked, timeout=10) as answer:
        return int(answer.status)


def found(pattern: str, text: str) -> str:
    match = re.search(pattern, text)
    assert match, text
    return match[1]
