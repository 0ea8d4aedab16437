"""No refusal repeats more than a line of what was given, whichever door it is given to."""

from __future__ import annotations

import pytest

import omni_nb as omni
from omni_nb.errors import OmniError
from omni_nb.media.clip import AudioClip
from omni_nb.rules.formats import AnswerFormat
from omni_nb.rules.tools import Tool, tools_of
from omni_nb.words import check_language

HUGE = {
    "a text": "x!" * 1_500_000,
    "bytes": b"x!" * 1_500_000,
    "a list": [["x!"] * 1000] * 1000,
    "a dict": {f"x{n}": "x!" * 1000 for n in range(1000)},
    "a number": 10**4000,
    "lines": "x\n" * 100_000,
}
DOORS = {
    "image": omni.image,
    "audio": omni.audio,
    "video": omni.video,
    "frames": omni.frames,
    "frames(count)": lambda given: omni.frames("a.mp4", given),
    "as content": lambda given: omni.estimate("?", image=given),
    "shrink": omni.shrink,
    "shrink(model)": lambda given: omni.shrink("a.png", model=given),
    "voice": lambda given: omni.Chat(voice=given),
    "modalities": lambda given: omni.Chat(modalities=given),
    "system": lambda given: omni.Chat(system=given),
    "temperature": lambda given: omni.Chat(temperature=given),
    "stop": lambda given: omni.Chat(stop=given),
    "extra": lambda given: omni.Chat(extra=given),
    "timeout": lambda given: omni.Chat(timeout=given),
    "budget": lambda given: omni.Chat(budget=given),
    "quota": lambda given: omni.Chat(quota=given),
    "money": omni.CNY,
    "show": lambda given: omni.ask("?", show=given),
    "storage": lambda given: omni.ask("?", storage=given, show=False),
    "prebuffer": lambda given: omni.ask("?", prebuffer_seconds=given, show=False),
    "language": check_language,
    "trim": lambda given: omni.Chat().trim(given),
    "undo": lambda given: omni.Chat().undo(given),
    "models": lambda given: omni.models(given),
    "image_tokens": lambda given: omni.image_tokens(64, 48, model=str(type(given)) * 9**5),
    "register_model": lambda given: omni.register_model("m", like=given),
    "save": lambda given: omni.Chat().save(given),
    "load": omni.Chat.load,
    "from_notebook": omni.Chat.from_notebook,
    "resume": lambda given: omni.Chat().resume(given),
    "export": lambda given: omni.Chat().export(given),
    "fps": lambda given: omni.video("https://a.example/a.mp4", fps=given),
    "max_pixels": lambda given: omni.image("https://a.example/a.png", max_pixels=given),
    "response_format": AnswerFormat.of,
    "tools": tools_of,
    "tool": lambda given: tools_of([given]),
    "tool(name)": lambda given: Tool(given, "", {}, len),
    "tool(parameters)": lambda given: Tool("a", "", given, len),
    "clip": lambda given: AudioClip(b"").save(given),
}


@pytest.mark.parametrize("what", HUGE)
@pytest.mark.parametrize("door", DOORS)
def test_a_refusal_is_no_longer_than_a_few_lines(door, what, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    try:
        DOORS[door](HUGE[what])
    except (OmniError, TypeError) as error:
        assert len(str(error)) < 900
