"""One run of one loop in a fresh process: ``cpu_client ours|documented function|cell base_url``.

Prints the CPU seconds of this process as JSON. Imports, the client and its TLS context are paid by
a first, short answer.
"""

from __future__ import annotations

import json
import os
import sys
import textwrap
import time
from typing import Any

from .burst_server import TOTAL_BYTES

OURS = """
with Conversation(model, voice="Cherry", connection=connection).stream("Who are you?") as stream:
    for event in stream:
        if isinstance(event, TranscriptDelta):
            print(event.text, file=nowhere)
print(stream.reply.usage, file=nowhere)
speech = stream.reply.pcm
"""

# The service's documentation, "解析输出的 Base64 编码的音频数据", first way: keep a string, decode
# at the end. Its `delta.audio["data"]` raises since openai 3.25, so attributes are read.
DOCUMENTED = """
completion = client.chat.completions.create(
    model=model,
    messages=[{"role": "user", "content": "Who are you?"}],
    modalities=["text", "audio"],
    audio={"voice": "Cherry", "format": "wav"},
    stream=True,
    stream_options={"include_usage": True},
)
speech_base64 = ""
for chunk in completion:
    if chunk.choices:
        audio = getattr(chunk.choices[0].delta, "audio", None)
        if data := getattr(audio, "data", None):
            speech_base64 += data
        elif audio:
            print(audio.transcript, file=nowhere)
    else:
        print(chunk.usage, file=nowhere)
speech = base64.b64decode(speech_base64)
"""


def our_names(base_url: str) -> dict[str, Any]:
    """What our loop finds in its notebook."""
    from omni_nb.chat.conversation import Conversation
    from omni_nb.turns.connection import Connection
    from omni_nb.wire.client import Endpoint, Secret
    from omni_nb.wire.events import TranscriptDelta

    return {
        "Conversation": Conversation,
        "TranscriptDelta": TranscriptDelta,
        "connection": Connection(Endpoint(base_url, Secret("sk-none"))),
    }


def documented_names(base_url: str) -> dict[str, Any]:
    """What the documentation's loop finds in its notebook."""
    import base64

    from openai import OpenAI

    return {"client": OpenAI(api_key="sk-none", base_url=base_url), "base64": base64}


LOOPS = {"ours": (OURS, our_names), "documented": (DOCUMENTED, documented_names)}


def main(loop: str, place: str, base_url: str) -> None:
    """Run a loop on a short answer, then measure it on the long one."""
    source, names = LOOPS[loop]
    code = compile(source if place == "cell" else as_function(source), loop, "exec")
    with open(os.devnull, "w") as nowhere:
        notebook = {**names(base_url), "nowhere": nowhere, "model": "warm-up"}
        exec(code, notebook)
        notebook["model"] = "benchmark"
        started = time.process_time()
        exec(code, notebook)
        cpu_seconds = time.process_time() - started
    assert len(notebook["speech"]) == TOTAL_BYTES, "some speech was lost"
    print(json.dumps({"cpu_seconds": cpu_seconds}))


def as_function(source: str) -> str:
    """The same loop with local names."""
    body = textwrap.indent(source, "    ")
    return f"def answer():\n{body}\n    return speech\nspeech = answer()"


if __name__ == "__main__":
    main(*sys.argv[1:])
