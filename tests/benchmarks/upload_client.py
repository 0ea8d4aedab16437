"""One upload in a fresh process: ``upload_client ours|documented path base_url``.

Prints the CPU seconds of this process and its peak memory above the start of the upload as JSON.
Imports, the client and its TLS context are paid by a first question without media.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

Ask = Callable[[Path | None], None]
"""Ask about a video, or with None only say hello; read the answer to its end."""


def ours(base_url: str) -> Ask:
    """Our line, below the checks of a real video: the file is noise."""
    from omni_nb.media.parts import TextPart, VideoPart
    from omni_nb.media.sources import FileSource
    from omni_nb.wire.client import Endpoint, EventStream, Secret
    from omni_nb.wire.request import Message, Request

    def ask(path: Path | None) -> None:
        parts = [TextPart("What is this?")]
        if path:
            facts = path.stat()
            source = FileSource(path, path.name, facts.st_size, facts.st_mtime_ns)
            parts.insert(0, VideoPart(source, "video/mp4", 10, 64, 48, 25, 250, True, path.name))
        request = Request("benchmark", (Message("user", tuple(parts)),))
        for _ in EventStream(Endpoint(base_url, Secret("sk-none")), request):
            pass

    return ask


def documented(base_url: str) -> Ask:
    """The documentation's way, "输入 Base64 编码的本地文件": all of the file in an f-string."""
    import base64

    from openai import OpenAI

    client = OpenAI(api_key="sk-none", base_url=base_url)

    def encode_video(path: Path) -> str:
        with open(path, "rb") as video_file:
            return base64.b64encode(video_file.read()).decode("utf-8")

    def ask(path: Path | None) -> None:
        content = [{"type": "text", "text": "What is this?"}]
        if path:
            base64_video = encode_video(path)
            url = {"url": f"data:;base64,{base64_video}"}
            content.insert(0, {"type": "video_url", "video_url": url})
        completion = client.chat.completions.create(
            model="benchmark",
            messages=[{"role": "user", "content": content}],
            modalities=["text"],
            stream=True,
            stream_options={"include_usage": True},
        )
        for _ in completion:
            pass

    return ask


WAYS = {"ours": ours, "documented": documented}


def main(way: str, path: str, base_url: str) -> None:
    """Say hello, then measure the upload."""
    ask = WAYS[way](base_url)
    ask(None)
    before_bytes, started = _restarted_peak_bytes(), time.process_time()
    ask(Path(path))
    cpu_seconds = time.process_time() - started
    peak_bytes = _memory_bytes("VmHWM") - before_bytes
    print(json.dumps({"cpu_seconds": cpu_seconds, "peak_bytes": peak_bytes}))


def _restarted_peak_bytes() -> int:
    """Forget the highest memory so far (Linux), and return what is in use now."""
    Path("/proc/self/clear_refs").write_text("5")
    return _memory_bytes("VmRSS")


def _memory_bytes(name: str) -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(f"{name}:"))


if __name__ == "__main__":
    main(*sys.argv[1:])
