"""Bytes from the kernel to the front end for a spoken answer.

Counted in a real kernel at the pace of speech, because the number of packets depends on time. The
way that most libraries show growing sound, all of it again at each piece, sends the same at any
pace; it is run on a shorter answer because its bytes grow with the square of the length.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .kernel import running_kernel
from .table import Row

if TYPE_CHECKING:
    from .kernel import Kernel, Published

LONG_SECONDS, SHORT_SECONDS = 60, 10
GOAL = 1.1

OURS = """
reply = omni.ask("Speak for {seconds} seconds.", voice="Cherry", connection=standing_in())
"""

AGAIN_AND_AGAIN = """
from omni_nb.wire.events import AudioDelta

chat = omni.Chat("qwen-omni-turbo", voice="Cherry", connection=standing_in(pace=0))
handle = display(HTML(""), display_id=True)
with chat.stream("Speak for {seconds} seconds.") as stream:
    reply = stream.reply
    for event in stream:
        if isinstance(event, AudioDelta):
            speech = Audio(reply.audio.to_wav())
            handle.update(HTML(f"<p>{{escape(reply.text)}}</p>{{speech._repr_html_()}}"))
"""


def run() -> list[Row]:
    """Count our bytes for a long and a short answer, and the others' for the short one."""
    with running_kernel() as kernel:
        long = kernel.run(OURS.format(seconds=LONG_SECONDS))
        content = _content_bytes(kernel)
        short = kernel.run(OURS.format(seconds=SHORT_SECONDS))
        again = kernel.run(AGAIN_AND_AGAIN.format(seconds=SHORT_SECONDS))
    live = [message for message in long if not _is_static_result(message)]
    speech = f"{LONG_SECONDS} s of speech"
    return [
        Row(f"Bytes while streaming {speech} (text + PCM)", _kilobytes(live), content, "kB", GOAL),
        Row(f"Bytes of {speech} with the static result", _kilobytes(long), content, "kB"),
        Row(
            f"Bytes of {SHORT_SECONDS} s, all in all (<audio> of all so far, again and again)",
            _kilobytes(short),
            _kilobytes(again),
            "kB",
        ),
    ]


def _content_bytes(kernel: Kernel) -> float:
    """What has to be sent at least, in kB: the text and the PCM of the latest reply."""
    return float(kernel.printed("print((len(reply.text.encode()) + len(reply.pcm)) / 1000)"))


def _is_static_result(message: Published) -> bool:
    return message.kind == "update_display_data"


def _kilobytes(published: list[Published]) -> float:
    return sum(message.total_bytes for message in published) / 1000
