"""`%%omni` in a real kernel, and in IPython as a terminal shows it."""

from __future__ import annotations

import os
import re
import sys
from typing import TYPE_CHECKING

import pexpect
import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

ASK_HERE = "%load_ext omni_nb\nomni.connect(standin.base_url, api_key=standin.api_key);"


def kinds(outputs) -> list[str]:
    return [output["output_type"] for output in outputs]


def html(output) -> str:
    assert set(output["data"]) == {"text/html", "text/plain"}
    return output["data"]["text/html"]


@pytest.fixture(scope="module", autouse=True)
def magics(kernel):
    kernel.run(ASK_HERE)


@pytest.mark.parametrize("options", ["--voice Cherry", "--text"])
def test_an_answer_is_one_static_output_and_no_value(kernel, options):
    outputs = kernel.run(f"%%omni {options} --to answer\n你是谁?")
    assert kinds(outputs) == ["display_data"]
    assert ("<audio " in html(outputs[0])) == ("Cherry" in options)
    assert kernel.run("%omni_chat reset")[0]["text"].startswith("Forgot 1 turn;")
    assert kernel.printed("print(answer is _omni, answer.finish_reason)") == "True stop"


def test_a_dry_run_and_a_conversation_are_one_static_output_each(kernel):
    kernel.run("%omni Who are you?")
    dry = kernel.run("%omni --dry-run Who are you?")
    assert kinds(dry) == ["display_data"]
    assert "nothing was sent" in html(dry[0])
    shown = kernel.run("%omni_chat show")
    assert kinds(shown) == ["display_data"]
    assert html(shown[0]).count('class="omni-turn"') == 1
    kernel.run("%omni_chat reset")


def test_errors_are_short(kernel):
    outputs = kernel.run("%omni --vioce Cherry Hi", may_fail=True)
    text = "".join(output.get("text", "") for output in outputs)
    assert text.startswith("UsageError: There is no option --vioce.")
    assert text.count("\n") == 1
    outputs = kernel.run("%omni --image no.png Hi", may_fail=True)
    assert [len(one["traceback"]) for one in outputs if one["output_type"] == "error"] == [1]


def test_the_stop_button_keeps_what_came(kernel):
    kernel.run("standing_in(pace=1)\n" + ASK_HERE)
    interrupting = (
        "import os, signal, threading, time\n"
        "talk = omni.Chat()\n"
        "def interrupt():\n"
        "    while not (talk.replies and talk.replies[0].text): time.sleep(0.05)\n"
        "    os.kill(os.getpid(), signal.SIGINT)\n"
        "threading.Thread(target=interrupt).start()\n"
        "%omni --chat talk --voice Cherry Speak for 60 seconds.\n"
        'print("goes on", _omni.finish_reason, bool(_omni.text), _omni is talk.replies[0])'
    )
    outputs = kernel.run(interrupting)
    assert kinds(outputs) == ["display_data", "stream"]
    assert "Interrupted" in html(outputs[0])
    assert outputs[1]["text"] == "goes on interrupted True True\n"


class Terminal:
    """IPython on a pseudo-terminal, with a person who types."""

    def __init__(self, folder) -> None:
        environment = {
            **os.environ,
            "IPYTHONDIR": str(folder / "ipython"),
            "PROMPT_TOOLKIT_NO_CPR": "1",  # nobody here says where the cursor is
            "OMNI_NB_STAND_IN_PACE": "4",
            "TERM": "xterm",
        }
        command = ["-m", "IPython", "--no-banner", "--colors=nocolor", "--no-confirm-exit"]
        self.child = pexpect.spawn(
            sys.executable,
            command,
            env=environment,
            cwd=str(folder),
            dimensions=(50, 120),
            encoding="utf-8",
            timeout=60,
        )
        self._number = 1
        self.child.expect(r"In \[1\]:")

    def run(self, *lines: str) -> str:
        """Type lines and Enter, and return what is on the screen until the next prompt."""
        for line in lines:
            self.child.send(f"{line}\r")
        return self.wait()

    def wait(self) -> str:
        """Wait for the next prompt."""
        self._number += 1
        self.child.expect(rf"In \[{self._number}\]:")
        return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", self.child.before)

    def type(self, keys: str, until: str) -> None:
        """Press keys, and wait until something is on the screen."""
        self.child.send(keys)
        self.child.expect(until)


@pytest.fixture
def terminal(tmp_path) -> Iterator[Terminal]:
    started = Terminal(tmp_path)
    started.run("%load_ext omni_nb")
    yield started
    started.child.sendeof()
    started.child.close(force=True)


def test_a_person_asks_and_completes_in_a_terminal(terminal):
    shown = terminal.run("%%omni --to answer", "Who are you?", "", "")
    assert "stand-in" in shown
    assert "Out[" not in shown
    assert "<stop 1>" in terminal.run(
        'print(f"<{answer.finish_reason} {len(_omni_chat.replies)}>")'
    )
    terminal.type("%omni --vo\t", "ice")
    terminal.type(" Chel\t", "sie")
    assert "stand-in" in terminal.run(" Who?")
    assert "<Chelsie>" in terminal.run('print(f"<{_omni.request.voice}>")')
    assert "UsageError: There is no option --vioce." in terminal.run("%omni --vioce X Hi")


def test_control_c_in_a_terminal_keeps_what_came(terminal):
    terminal.type("%omni --voice Cherry Speak for 3 minutes.\r", "180 seconds")
    terminal.child.sendintr()
    terminal.wait()
    assert "<interrupted True>" in terminal.run(
        'print(f"<{_omni.finish_reason} {bool(_omni.text)}>")'
    )
