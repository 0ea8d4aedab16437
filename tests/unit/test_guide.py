"""The examples of the guide's sections on data and tools: they run, and give what they say."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import omni_nb as omni

GUIDE = (Path(__file__).parents[2] / "docs/guide.md").read_text("utf-8")
CLIPS = ("welcome.mp3", "one.mp3", "two.mp3")


@pytest.fixture
def names(tmp_path, monkeypatch):
    """What is in the notebook that runs an example, with the files that the guide names."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OMNI_NB_LANGUAGE", "en")
    hum = omni.AudioClip.from_samples(0.3 * np.sin(np.arange(24_000) / 10), 24_000)
    for name in CLIPS:
        hum.save(name)
    with omni.stand_in(pace=0):
        yield {"omni": omni}


def run(section: str, names: dict[str, Any]) -> list[str]:
    """Run the blocks of a section one after the other, and return them."""
    [text] = re.findall(rf"^## {section}\n(.*?)(?=^## )", GUIDE, re.M | re.S)
    blocks = [
        textwrap.dedent(one) for one in re.findall(r"^ *```python\n(.*?)^ *```", text, re.M | re.S)
    ]
    for block in blocks:
        exec(compile(block, section, "exec", dont_inherit=True), names)
    return blocks


def test_an_answer_as_data_is_a_value_of_the_class(names):
    run("Answers as data", names)
    assert isinstance(names["reply"].parsed, names["Clip"])
    assert [type(row) for row in names["rows"]] == [names["Clip"]] * 2


def test_a_tool_is_called_and_gives_what_the_guide_says(names):
    blocks = run("Tools", names)
    said = re.search(r"reply\.tool_calls\s+# (.*)", blocks[0])
    assert repr(names["reply"].tool_calls) == said[1]
    assert [one.request.modalities for one in names["reply"].rounds] == [
        *(("text",), ("text",), ("text", "audio"))
    ]
    chat = names["chat"]
    refused, run_again = (
        chat.ask(f"How warm is it in {city}?", show=False).tool_calls[0]
        for city in ("Atlantis", "Rome")
    )
    assert refused.state == "failed"
    assert run_again.result["city"] == "Rome"
