"""A request as a program: Python, Node.js or curl, to run without omni_nb.

The key is read from ``DASHSCOPE_API_KEY``, as in the service's documentation; media are read
from their files when the program runs.
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING

from omni_nb.errors import RequestError
from omni_nb.wire.dialects import body_for
from omni_nb.wire.files import Files
from omni_nb.wire.literals import JAVASCRIPT, JSON, PYTHON, Writer, split

if TYPE_CHECKING:
    from omni_nb.wire.dialects import Dialect
    from omni_nb.wire.literals import Style
    from omni_nb.wire.request import Request

DEFAULT_BASE_URL = "https://dashscope.aliyuncs.com/compatible-mode/v1"
"""The address of Beijing; a program takes another from ``DASHSCOPE_BASE_URL``."""

SDK_ARGUMENTS = {
    *("model", "messages", "modalities", "audio", "stream", "stream_options"),
    *("frequency_penalty", "logprobs", "max_completion_tokens", "max_tokens", "n"),
    *("parallel_tool_calls", "presence_penalty", "response_format", "seed", "stop"),
    *("temperature", "tool_choice", "tools", "top_logprobs", "top_p"),
}
"""What every supported version of the Python SDK takes by name; more goes in ``extra_body``."""


@dataclass(frozen=True, slots=True)
class _Reading:
    """The lines of a program that read its stream, in the order in which they stand."""

    calls: str
    text: str
    speech: str
    joining: str
    end: str
    printing: str
    saving: str


def as_python(
    request: Request, *, base_url: str = DEFAULT_BASE_URL, dialect: Dialect = "dashscope"
) -> str:
    """Return a Python program for the openai SDK.

    The program prints the text, and writes the speech to a WAV file. It has no function that a
    tool would call: it prints the name and the arguments of each call.

    Parameters
    ----------
    request
        What is asked.
    base_url
        The address that the program asks, unless ``DASHSCOPE_BASE_URL`` is set.
    dialect
        How the server there wants requests written (`body_for`).

    Raises
    ------
    RequestError
        The answer speaks, and no program reads the speech of such a server yet.

    Examples
    --------
    >>> from omni_nb.media.parts import TextPart
    >>> from omni_nb.wire.request import Message, Request
    >>> request = Request("qwen-omni-turbo", (Message("user", (TextPart("Who are you?"),)),))
    >>> print(as_python(request).partition("create(")[2].partition("    stream=")[0].strip())
    model="qwen-omni-turbo",
        messages=[{"role": "user", "content": "Who are you?"}],
        modalities=["text"],
    """
    files = Files(request)
    body = body_for(request, dialect, files.embed)
    writer = _calling(files, PYTHON)
    speech = _speech_name(request, dialect, files)
    extra = {name: value for name, value in body.items() if name not in SDK_ARGUMENTS}
    named = {name: value for name, value in body.items() if name in SDK_ARGUMENTS}
    arguments = {
        **named,
        **({"extra_headers": request.headers} if request.headers else {}),
        **({"extra_body": extra} if extra else {}),
    }
    written = [f"    {name}={writer.value(value, 1)},\n" for name, value in arguments.items()]
    imports = {
        "import base64\n": files or speech,
        "import os\n": True,
        "import wave\n": speech,
        "from pathlib import Path\n": files,
    }
    return (
        '"""Ask once (pip install openai). The key is read from DASHSCOPE_API_KEY."""\n\n'
        + "".join(line for line, is_used in imports.items() if is_used)
        + "\nfrom openai import OpenAI\n\n"
        + (_PYTHON_ENCODED if files else "")
        + _saving(files, "#")
        + "client = OpenAI(\n"
        '    api_key=os.environ["DASHSCOPE_API_KEY"],\n'
        f"    base_url=os.environ.get(\n"
        f'        "DASHSCOPE_BASE_URL", {Writer(PYTHON).text(base_url)}\n'
        "    ),\n)\n"
        f"stream = client.chat.completions.create(\n{''.join(written)})\n\n"
        + _reading(_PYTHON, request, Writer(PYTHON).text(speech) if speech else "")
    )


def as_node(
    request: Request, *, base_url: str = DEFAULT_BASE_URL, dialect: Dialect = "dashscope"
) -> str:
    """Return a program for Node.js, an ES module (``.mjs``); see `as_python`."""
    files = Files(request)
    body = body_for(request, dialect, files.embed)
    speech = _speech_name(request, dialect, files)
    used = {"readFileSync": files, "writeFileSync": speech}
    names = ", ".join(name for name, is_used in used.items() if is_used)
    headers = (
        f", {Writer(JAVASCRIPT).value({'headers': request.headers})}" if request.headers else ""
    )
    return (
        "// Ask once (npm install openai). The key is read from DASHSCOPE_API_KEY.\n"
        + (f'import {{ {names} }} from "node:fs";\n' if names else "")
        + 'import OpenAI from "openai";\n\n'
        + (_NODE_ENCODED if files else "")
        + _saving(files, "//")
        + _NODE_KEY
        + "const client = new OpenAI({\n"
        "  apiKey,\n"
        "  baseURL:\n"
        f"    process.env.DASHSCOPE_BASE_URL ?? {Writer(JAVASCRIPT).text(base_url)},\n"
        "});\n"
        "const stream = await client.chat.completions.create("
        f"{_calling(files, JAVASCRIPT).value(body)}{headers});\n\n"
        + _reading(_NODE, request, Writer(JAVASCRIPT).text(speech) if speech else "")
    )


def as_curl(
    request: Request, *, base_url: str = DEFAULT_BASE_URL, dialect: Dialect = "dashscope"
) -> str:
    """Return a bash script that prints the answer's events; see `as_python`."""
    files = Files(request)
    body = Writer(JSON).value(body_for(request, dialect, files.embed))
    pieces = "".join(
        f"base64 < {shlex.quote(files.tokens[piece])}\n"
        if piece in files.tokens
        else f"cat <<'JSON'\n{piece}\nJSON\n"
        for piece in split(body, files.tokens)
    )
    return (
        "#!/usr/bin/env bash\n"
        "# Ask once. The key is read from DASHSCOPE_API_KEY.\n"
        "set -euo pipefail\n\n"
        + _saving(files, "#")
        + f"base_url=${{DASHSCOPE_BASE_URL:-{shlex.quote(base_url)}}}\n\n"
        + ("# curl drops line breaks, so each file lies within its quotes.\n" if files else "")
        + f"body() {{\n{pieces}}}\n\n"
        'body | curl -sS -N "$base_url/chat/completions" \\\n'
        '  -H "Authorization: Bearer ${DASHSCOPE_API_KEY:?is not set}" \\\n'
        '  -H "Content-Type: application/json" \\\n'
        + "".join(f'  -H "{name}: {value}" \\\n' for name, value in request.headers.items())
        + "  -d @-\n"
    )


def _calling(files: Files, style: Style) -> Writer:
    """Return a writer that reads files where the body has their tokens."""
    quoted = Writer(style).text
    return Writer(
        style, {token: f"encoded({quoted(name)})" for token, name in files.tokens.items()}
    )


def _speech_name(request: Request, dialect: Dialect, files: Files) -> str:
    """Return the name of the file for the speech; empty when the answer does not speak."""
    if "audio" not in request.modalities:
        return ""
    if dialect not in {"dashscope", "openai"}:
        raise RequestError(
            f"There is no program yet that reads the speech of a {dialect} server: ask for text "
            "only, or use as_curl(), which prints the events as they are."
        )
    return files.free_name("answer.wav")


def _reading(style: _Reading, request: Request, speech: str) -> str:
    """Return the lines that read the stream, and what is done at its end."""
    has_calls = bool(request.tools)
    return "".join(
        (
            style.calls if has_calls else "",
            style.speech if speech else style.text,
            style.joining if has_calls else "",
            style.end,
            style.printing if has_calls else "",
            style.saving.replace("NAME", speech) if speech else "",
        )
    )


def _saving(files: Files, mark: str) -> str:
    """Say how to save what only the notebook holds."""
    if not files.unsaved:
        return ""
    calls = "".join(
        f"{mark}     Path({Writer(PYTHON).text(name)}).write_bytes({expression})\n"
        for name, expression in files.unsaved.items()
    )
    return f"{mark} Save these from the notebook first, where `reply` is the answer:\n{calls}\n"


_PYTHON_ENCODED = '''
def encoded(path: str) -> str:
    """Return the base64 of a file."""
    return base64.b64encode(Path(path).read_bytes()).decode("ascii")


'''

_PYTHON = _Reading(
    calls="calls = {}\n",
    text="""\
for chunk in stream:
    for choice in chunk.model_dump().get("choices") or []:
        delta = choice["delta"]
        print(delta.get("content") or "", end="", flush=True)
""",
    speech="""\
speech = bytearray()
for chunk in stream:
    for choice in chunk.model_dump().get("choices") or []:
        delta = choice["delta"]
        audio = delta.get("audio") or {}
        print(delta.get("content") or audio.get("transcript") or "", end="", flush=True)
        speech += base64.b64decode(audio.get("data") or "")  # each piece on its own
""",
    joining="""\
        for piece in delta.get("tool_calls") or []:
            call = calls.setdefault(piece.get("index"), {"name": "", "arguments": ""})
            function = piece.get("function") or {}
            call["name"] = call["name"] or function.get("name") or ""
            call["arguments"] += function.get("arguments") or ""
""",
    end="print()\n",
    printing="""\
for call in calls.values():  # run the function, and send what it returns in a "tool" message
    print(call["name"], call["arguments"])
""",
    saving="""
with wave.open(NAME, "wb") as file:
    file.setnchannels(1)
    file.setsampwidth(2)
    file.setframerate(24000)
    file.writeframes(speech)
""",
)

_NODE_KEY = """\
const apiKey = process.env.DASHSCOPE_API_KEY;
if (!apiKey) throw new Error("Set DASHSCOPE_API_KEY.");
"""

_NODE_ENCODED = """\
/** The base64 of a file. */
const encoded = (path) => readFileSync(path, "base64");

"""

_NODE = _Reading(
    calls="const calls = new Map();\n",
    text="""\
for await (const chunk of stream) {
  for (const { delta } of chunk.choices ?? []) {
    process.stdout.write(delta.content ?? "");
""",
    speech="""\
const pieces = [];
for await (const chunk of stream) {
  for (const { delta } of chunk.choices ?? []) {
    process.stdout.write(delta.content || delta.audio?.transcript || "");
    // Each piece is decoded on its own.
    if (delta.audio?.data) pieces.push(Buffer.from(delta.audio.data, "base64"));
""",
    joining="""\
    for (const piece of delta.tool_calls ?? []) {
      const call = calls.get(piece.index) ?? { name: "", arguments: "" };
      call.name ||= piece.function?.name ?? "";
      call.arguments += piece.function?.arguments ?? "";
      calls.set(piece.index, call);
    }
""",
    end="""\
  }
}
console.log();
""",
    printing="""\
// Run the function of each, and send what it returns in a "tool" message.
for (const call of calls.values()) console.log(call.name, call.arguments);
""",
    saving="""
const speech = Buffer.concat(pieces);
const header = Buffer.alloc(44); // WAV: mono, 16 bit, 24000 samples a second
header.write("RIFF", 0);
header.writeUInt32LE(36 + speech.length, 4);
header.write("WAVEfmt ", 8);
header.writeUInt32LE(16, 16);
header.writeUInt16LE(1, 20);
header.writeUInt16LE(1, 22);
header.writeUInt32LE(24000, 24);
header.writeUInt32LE(48000, 28);
header.writeUInt16LE(2, 32);
header.writeUInt16LE(16, 34);
header.write("data", 36);
header.writeUInt32LE(speech.length, 40);
writeFileSync(NAME, Buffer.concat([header, speech]));
""",
)
