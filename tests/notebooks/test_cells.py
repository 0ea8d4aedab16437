"""What a cell keeps: one static result per answer, whatever happened on the way."""

from __future__ import annotations

import json

import pytest

WIDGET = "application/vnd.jupyter.widget-view+json"


def kinds(outputs) -> list[str]:
    return [output["output_type"] for output in outputs]


def html(output) -> str:
    assert set(output["data"]) == {"text/html", "text/plain"}
    return output["data"]["text/html"]


@pytest.mark.parametrize("voice", ['voice="Cherry", ', ""])
@pytest.mark.parametrize("call", ["omni.ask", "await omni.ask_async"])
def test_an_answer_is_one_static_output(kernel, call, voice):
    outputs = kernel.run(f'reply = {call}("你是谁?", {voice}connection=quick)')
    assert kinds(outputs) == ["display_data"]
    assert ("<audio " in html(outputs[0])) == bool(voice)
    assert "离线模拟服务" in outputs[0]["data"]["text/plain"]
    assert kernel.printed("print(reply.finish_reason, bool(reply.audio))") == f"stop {bool(voice)}"


def test_a_reply_that_is_the_cells_value_is_not_shown_twice(kernel):
    assert kinds(kernel.run('omni.ask("Who?", connection=quick)')) == ["display_data"]
    assert kinds(kernel.run('r = omni.ask("Who?", connection=quick)\nr')) == ["display_data"]
    two = 'a = omni.ask("Who?", connection=quick)\nomni.ask("Why?", connection=quick)\na'
    assert kinds(kernel.run(two)) == ["display_data", "display_data"]
    shown = kernel.run("r")
    assert kinds(shown) == ["display_data"]
    assert "Who?" in html(shown[0])
    assert kinds(kernel.run("display(r)")) == ["display_data"]
    assert kinds(kernel.run("r.audio, r.usage")) == ["execute_result"]


def test_other_outputs_of_the_cell_stay_where_they_are(kernel):
    ask = 'omni.ask("Who?", voice="Ethan", connection=quick)\n'
    outputs = kernel.run(f'print("one")\n{ask}print("two")\n{ask}')
    assert kinds(outputs) == ["stream", "display_data", "stream", "display_data"]


def test_a_silent_ask_shows_nothing(kernel):
    assert kernel.run('omni.ask("Who?", connection=quick, show=False);') == []


def test_the_exact_samples_can_be_stored(kernel):
    outputs = kernel.run('r = omni.ask("Who?", voice="Ethan", connection=quick, storage="wav")')
    assert "data:audio/wav;base64," in html(outputs[0])
    seconds = float(kernel.printed("print(r.audio.seconds)"))
    assert len(html(outputs[0])) > seconds * 64_000


def test_a_saved_second_of_speech_is_small(kernel):
    outputs = kernel.run('r = omni.ask("Speak for 20 seconds.", voice="Ethan", connection=quick)')
    seconds = float(kernel.printed("print(r.audio.seconds)"))
    assert seconds > 15
    assert len(json.dumps(outputs)) / seconds < 10_000


@pytest.mark.parametrize("voice", ['voice="Ethan", ', ""])
def test_a_broken_answer_shows_what_came_and_raises(kernel, voice):
    broken = f'omni.ask("Who?", {voice}connection=standing_in(fault="drop", fault_after=9))'
    outputs = kernel.run(broken, may_fail=True)
    assert kinds(outputs) == ["display_data", "error"]
    assert "broke off" in html(outputs[0])
    assert "stand-in" in html(outputs[0]) or "Hi" in html(outputs[0])
    assert outputs[1]["ename"] == "ServiceError"
    said = outputs[1]["evalue"].splitlines()[0]
    assert said in html(outputs[0])
    (line,) = outputs[1]["traceback"]
    assert "The reason is in the answer above." in line
    assert said not in line, "the reason is said once"


def test_a_broken_answer_that_is_not_shown_says_its_reason(kernel):
    broken = 'omni.ask("Who?", show=False, connection=standing_in(fault="drop", fault_after=9))'
    (error,) = kernel.run(broken, may_fail=True)
    assert error["evalue"].splitlines()[0] in error["traceback"][0]


def test_what_is_refused_before_sending_shows_no_answer(kernel):
    outputs = kernel.run('omni.ask("Who?", voice="Bob", connection=quick)', may_fail=True)
    assert kinds(outputs) == ["error"]
    assert "Cherry, Serena, Ethan and Chelsie" in outputs[0]["traceback"][0]


@pytest.mark.parametrize("call", ["chat.ask", "await chat.ask_async"])
@pytest.mark.parametrize("voice", ['"Cherry"', "None"])
def test_an_interrupted_answer_is_returned_with_what_came(kernel, call, voice):
    kernel.run(f"chat = omni.Chat(voice={voice}, connection=standing_in(pace=1))")

    interrupting = (
        "import os, signal, threading, time\n"
        "def interrupt():\n"
        "    while not (chat.replies and chat.replies[0].text): time.sleep(0.05)\n"
        "    time.sleep(0.5)  # long enough to be shown\n"
        "    os.kill(os.getpid(), signal.SIGINT)\n"
        "threading.Thread(target=interrupt).start()\n"
    )
    asking = f'answer = {call}("Speak for 60 seconds.")\nprint("goes on")'
    outputs = kernel.run(interrupting + asking)
    assert kinds(outputs) == ["display_data", "stream"]
    assert "Interrupted" in html(outputs[0])
    facts = kernel.printed(
        "import time\n"
        "while standin.active_requests: time.sleep(0.01)\n"
        "print(answer is chat.replies[0], answer.finish_reason, bool(answer.text))\n"
        "print(chat.messages[-1]['role'])"
    )
    assert facts == "True interrupted True\nassistant"


def test_asyncio_tasks_go_on_while_an_answer_streams(kernel):
    counted = kernel.printed(
        "import asyncio\n"
        "async def count():\n"
        "    n = 0\n"
        "    while True:\n"
        "        await asyncio.sleep(0.01); n += 1; counts[0] = n\n"
        "counts = [0]; task = asyncio.create_task(count())\n"
        'await omni.ask_async("Who?", connection=standing_in(pace=4), show=False)\n'
        "task.cancel(); print(counts[0])"
    )
    assert int(counted) > 5


def test_the_stand_in_is_announced_once_with_how_to_set_a_key(fresh_kernel):
    fresh_kernel.run("import omni_nb as omni")
    first = fresh_kernel.run('omni.ask("Who are you?", max_tokens=9)')
    second = fresh_kernel.run('omni.ask("And you?", max_tokens=9)')
    assert kinds(first) == kinds(second) == ["display_data"]
    assert "DASHSCOPE_API_KEY" in html(first[0])
    assert "DASHSCOPE_API_KEY" not in html(second[0])
    assert "no model answered" in html(second[0])


def test_a_key_is_in_no_output_and_no_saved_widget_state(fresh_kernel):
    fresh_kernel.run(
        "import omni_nb as omni\n"
        "omni.connect(base_url=omni.connect('offline').base_url, api_key='sk-nobody-may-see')"
    )
    fresh_kernel.run("%xmode Verbose")
    fresh_kernel.run('chat = omni.Chat(voice="Cherry"); chat.ask("Who?")', may_fail=True)
    fresh_kernel.run("display(chat, chat.replies, omni.connect('offline'))")
    outputs = json.dumps([cell.outputs for cell in fresh_kernel.client.nb.cells])
    assert "invalid_api_key" in outputs
    assert "sk-nobody-may-see" not in outputs
    assert "sk-nobody-may-see" not in json.dumps(fresh_kernel.client.widget_state)


def test_only_deltas_travel_while_an_answer_streams(fresh_kernel):
    fresh_kernel.run("import omni_nb as omni")
    sent = fresh_kernel.printed(
        "from omni_nb.views.player import AudioPlayer\n"
        "sizes, send = [], AudioPlayer.send\n"
        "def count(self, content, buffers=None):\n"
        "    sizes.append(len(str(content)) + sum(map(len, buffers or ())))\n"
        "    send(self, content, buffers)\n"
        "AudioPlayer.send = count\n"
        'r = omni.ask("Who are you?", voice="Cherry", max_tokens=30)\n'
        "print(sum(sizes), len(r.pcm) + len(r.text.encode()))"
    )
    messages, content = map(int, sent.splitlines()[-1].split())
    assert messages < 1.1 * content
