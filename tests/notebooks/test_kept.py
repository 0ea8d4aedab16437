"""A conversation that a notebook keeps goes on in another kernel; an exported one runs."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

import nbformat
import numpy as np
from nbclient import NotebookClient

from omni_nb import Chat
from tests.nursery import KERNEL_NAME

if TYPE_CHECKING:
    from pathlib import Path

PICTURE = "import numpy as np; picture = np.full((40, 60, 3), 200, 'uint8')"


def test_answers_of_a_saved_notebook_go_on(kernel, tmp_path: Path):
    kernel.run(f'{PICTURE}\nchat = omni.Chat(voice="Cherry", connection=quick, max_tokens=40)')
    kernel.run('chat.ask("What is this?", image=picture, storage="wav")')
    kernel.run('await chat.ask_async("你是谁?", storage="wav")')
    kernel.run("chat.replies[0]")  # shown again, as MP3, and still one turn
    path = tmp_path / "talk.ipynb"
    nbformat.write(kernel.client.nb, path)
    again = Chat.from_notebook(path)
    said = kernel.printed("import json; print(json.dumps(chat.messages))")
    assert again.messages == json.loads(said)
    assert (again.voice, again.options) == ("Cherry", {"max_tokens": 40})
    sizes = kernel.printed("print([len(reply.pcm) for reply in chat.replies])")
    assert [len(reply.pcm) for reply in again.replies] == json.loads(sizes)
    digests = kernel.printed(
        "import hashlib; print(hashlib.sha256(chat.replies[1].pcm).hexdigest())"
    )
    assert hashlib.sha256(again.replies[1].pcm).hexdigest() == digests
    assert again.ask("And?", show=False).finish_reason == "length"


def test_a_second_of_speech_with_what_brings_it_back_is_small(kernel):
    for storage, most in (("mp3", 10_000), ("opus", 7_000)):
        outputs = kernel.run(
            f'r = omni.ask("Speak for 10 seconds.", voice="Ethan", connection=quick, '
            f'storage="{storage}")'
        )
        seconds = float(kernel.printed("print(r.audio.seconds)"))
        assert outputs[0]["metadata"]["omni_nb"]["replies"]
        assert len(json.dumps(outputs)) / seconds < most


def test_an_exported_notebook_runs_on_the_stand_in(tmp_path: Path, monkeypatch):
    monkeypatch.setenv("OMNI_NB_STAND_IN_PACE", "0")
    chat = Chat("qwen-omni-turbo", voice="Cherry", max_tokens=20)
    chat.ask("What is this?", image=np.full((40, 60, 3), 200, "uint8"), show=False)
    chat.ask("And this?", audio=(np.zeros(8000), 16000), show=False)
    (tmp_path / "sent").mkdir()
    (tmp_path / "sent" / "talk.ipynb").write_bytes(chat.exported("ipynb"))
    for path in (chat.export(tmp_path / "talk.ipynb"), tmp_path / "sent" / "talk.ipynb"):
        notebook = nbformat.read(path, as_version=4)
        nbformat.validate(notebook)
        folder = {"metadata": {"path": str(path.parent)}}
        client = NotebookClient(notebook, timeout=120, kernel_name=KERNEL_NAME, resources=folder)
        client.execute()
        nbformat.write(notebook, path)
        again = Chat.from_notebook(path)
        assert [reply.finish_reason for reply in again.replies] == ["length", "length"]
        assert [part.modality for part in again.replies[0].question] == ["image", "text"]
        assert again.replies[1].audio.seconds > 0.5


def test_a_panel_that_runs_where_nobody_looks_leaves_its_conversation(kernel, tmp_path: Path):
    kernel.run('talk = omni.Chat(voice="Cherry", connection=quick, max_tokens=12)')
    kernel.run('talk.ask("Who are you?", show=False); talk.ask("And what can you do?", show=False)')
    live, *kept = kernel.run("talk.panel()")
    assert "application/vnd.jupyter.widget-view+json" in live["data"]
    shown = "".join(output["data"]["text/html"] for output in kept)
    assert shown.count("<audio ") == 2
    assert all(set(output["data"]) == {"text/html", "text/plain"} for output in kept)
    path = tmp_path / "panel.ipynb"
    notebook = nbformat.v4.new_notebook(cells=[kernel.client.nb.cells[-1]])
    nbformat.write(notebook, path)
    again = Chat.from_notebook(path)
    said = kernel.printed("import json; print(json.dumps(talk.messages))")
    assert again.messages == json.loads(said)
    assert all(reply.audio.seconds > 1 for reply in again.replies)
