"""Every program that a request can be written as, run for real for every kind of input.

Each sends exactly the body that our own client sends, and prints the words that it gets.
"""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import sys
import wave
from pathlib import Path
from types import SimpleNamespace
from typing import Literal

import openai
import pytest
from PIL import Image

import omni_nb as omni
from omni_nb.errors import RequestError
from omni_nb.media import parts
from omni_nb.media.parts import TextPart
from omni_nb.media.sources import FileSource, LocalSource
from omni_nb.rules.formats import AnswerFormat
from omni_nb.rules.tools import Tool
from omni_nb.turns.connection import REGIONS, Connection
from omni_nb.turns.reply import Reply
from omni_nb.wire.client import Endpoint, EventStream, Secret
from omni_nb.wire.code import DEFAULT_BASE_URL, as_curl, as_node, as_python
from omni_nb.wire.deposit import Deposit
from omni_nb.wire.request import Message, Request
from tests import media_files
from tests.protocol.documented import program

NODE_MODULES = Path(__file__).parents[2] / "node_modules"
URL = "https://help-static-aliyun-doc.aliyuncs.com/file-manage-files/zh-CN/dog_and_girl.jpeg"
NASTY = (
    "你是谁? \"quoted\" 'single' \\back\\slash\\n $HOME ${DASHSCOPE_API_KEY} $(id) `id` %s {x} "
    "</script> 👩‍👩‍👧 \u202e turned \x00\x1b\u2028\u2029\r\nJSON\nEOF\n\tomni-file-0 \\u0041 \\"
)


def picture(color: str = "skyblue", size: tuple[int, int] = (64, 48)) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", size, color).save(file, "PNG")
    return file.getvalue()


def saved(folder: Path, name: str, data: bytes) -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


def text(_: Path):
    return [TextPart("你是谁?")]


def nasty_text(_: Path):
    return [TextPart(NASTY)]


def image_file(folder: Path):
    image = parts.image(saved(folder, "it's a $dog `1`.png", picture()))
    return [image, TextPart("图中描绘的是什么景象?")]


def image_url(_: Path):
    return [parts.image(URL), TextPart("图中描绘的是什么景象?")]


def images_in_memory(_: Path):
    images = [parts.image(picture(color)) for color in ("red", "blue")]
    return [*images, TextPart("What differs?")]


def audio_file(folder: Path):
    path = saved(folder, "answer.wav", media_files.audio_file("wav", 8, 48000, 2))
    return [parts.audio(path), TextPart("这段音频在说什么?")]


def audio_in_memory(_: Path):
    return [parts.audio(media_files.audio_file("mp3")), TextPart("这段音频在说什么?")]


def audio_url(_: Path):
    return [parts.audio("https://example.com/cherry.wav"), TextPart("这段音频在说什么?")]


def video_file(folder: Path):
    data = media_files.video_file("mp4")
    path = saved(folder, "clip's $HOME 短片.mp4", data + bytes(max(0, 2**20 + 1 - len(data))))
    return [parts.video(path), TextPart("视频的内容是什么?")]


def video_in_memory(_: Path):
    return [parts.video(media_files.video_file("mp4")), TextPart("视频的内容是什么?")]


def video_url(_: Path):
    return [parts.video("https://example.com/clip.mp4"), TextPart("视频的内容是什么?")]


def image_in_the_services_store(_: Path, url: str = "oss://dashscope-instant/a/dog.jpg"):
    return [parts.image(url), TextPart("图中描绘的是什么景象?")]


def frames(folder: Path):
    colors = ["red", "green", "blue", "white"]
    paths = [saved(folder, f"{n}.png", picture(color)) for n, color in enumerate(colors)]
    return [parts.frames(paths), TextPart("描述这个视频的具体过程")]


INPUTS = [
    text,
    nasty_text,
    image_file,
    image_url,
    images_in_memory,
    audio_file,
    audio_in_memory,
    audio_url,
    video_file,
    video_in_memory,
    video_url,
    image_in_the_services_store,
    frames,
]


def run(command: list[str], standin, folder: Path) -> str:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("OPENAI_")}
    done = subprocess.run(
        command,
        capture_output=True,
        cwd=folder,
        env={
            **kept,
            "DASHSCOPE_API_KEY": standin.api_key,
            "DASHSCOPE_BASE_URL": standin.base_url,
            "PYTHONIOENCODING": "utf-8",
        },
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    assert done.stderr == b""
    return done.stdout.decode()


def run_python(request: Request, standin, folder: Path) -> str:
    (folder / "ask.py").write_text(as_python(request), encoding="utf-8")
    return run([sys.executable, "ask.py"], standin, folder)


def run_node(request: Request, standin, folder: Path) -> str:
    if not (NODE_MODULES / "openai").is_dir():
        pytest.fail("The Node.js SDK is not installed: run `npm ci` in the root of the repository.")
    (folder / "node_modules").symlink_to(NODE_MODULES)
    (folder / "ask.mjs").write_text(as_node(request), encoding="utf-8")
    return run([program("node"), "ask.mjs"], standin, folder)


def run_curl(request: Request, standin, folder: Path) -> str:
    program("curl")
    (folder / "ask.sh").write_text(as_curl(request), encoding="utf-8")
    events = run([program("bash"), "ask.sh"], standin, folder).split("\n\n")
    assert events[-2:] == ["data: [DONE]", ""]
    chunks = [json.loads(event.removeprefix("data: ")) for event in events[:-2]]
    deltas = [choice["delta"] for chunk in chunks for choice in chunk["choices"]]
    words = [
        delta.get("content") or (delta.get("audio") or {}).get("transcript") or ""
        for delta in deltas
    ]
    return "".join(words) + "\n"


PROGRAMS = [
    pytest.param(run_python, id="python"),
    pytest.param(run_node, id="node"),
    pytest.param(run_curl, id="curl"),
]


def ours(request: Request, standin) -> Reply:
    reply = Reply(request)
    for event in EventStream(Endpoint(standin.base_url, Secret(standin.api_key)), request):
        reply.feed(event)
    return reply


def save_as_the_comment_says(source: str, reply: Reply, folder: Path) -> None:
    """Run the calls that a program's comment asks for, where the program will run."""
    names = {"reply": reply, "Path": lambda name: folder / name}
    for call in re.findall(r"^(?:#|//)     (Path\(.*)$", source, re.M):
        eval(call, dict(names))


@pytest.mark.slow
@pytest.mark.once  # the speech below says whether a program gets on with the SDK
@pytest.mark.parametrize("run_program", PROGRAMS)
@pytest.mark.parametrize("make", INPUTS, ids=lambda make: make.__name__)
def test_a_program_sends_the_same_request_and_prints_the_same_answer(
    standin, tmp_path, make, run_program
):
    files, folder = tmp_path / "files", tmp_path / "program"
    files.mkdir()
    folder.mkdir()
    voice = "Cherry" if make in {text, audio_file} else None
    modalities = ("text", "audio") if voice else ("text",)
    model, given = "qwen-omni-turbo", [files]
    if make is image_in_the_services_store:
        image = parts.image(picture())
        deposit = Deposit(Endpoint(standin.base_url, Secret(standin.api_key)), model)
        source = LocalSource(image.data, image.name)
        given.append(deposit.stored(source, image.mime, lambda *_: None)[0])
    request = Request(model, (Message("user", tuple(make(*given))),), modalities, voice)
    reply = ours(request, standin)
    sent = standin.requests[-1]
    save_as_the_comment_says(as_python(request), reply, folder)
    assert run_program(request, standin, folder) == reply.text + "\n"
    assert standin.requests[-1] == sent == request.payload()


@pytest.mark.parametrize("run_program", PROGRAMS)
def test_several_turns_and_all_options_arrive(standin, tmp_path, run_program):
    image = parts.image(picture())
    turns = (
        Message("system", (TextPart("You are a 'helpful' assistant."),)),
        Message("user", (image, TextPart("What is this?"))),
        Message("assistant", (TextPart("A blue\nrectangle."),)),
        Message("user", (image, TextPart("And this?"))),
    )
    options = {"temperature": 0.5, "max_tokens": 300, "seed": 7, "top_k": 3, "stop": ["§"]}
    request = Request("qwen3-omni-flash", turns, ("text",), None, options)
    reply = ours(request, standin)
    save_as_the_comment_says(as_python(request), reply, tmp_path)
    assert len(list(tmp_path.iterdir())) == 1, "one picture, though it is sent twice"
    assert run_program(request, standin, tmp_path) == reply.text + "\n"
    assert standin.requests[-1] == request.payload()


@pytest.mark.parametrize("run_program", PROGRAMS[:2])
@pytest.mark.parametrize("model", ["qwen-omni-turbo", "qwen3-omni-flash"])
def test_a_program_writes_the_speech(standin, tmp_path, run_program, model):
    request = Request(
        model, (Message("user", (TextPart("你是谁?"),)),), ("text", "audio"), "Cherry"
    )
    reply = ours(request, standin)
    assert run_program(request, standin, tmp_path) == reply.text + "\n"
    with wave.open(str(tmp_path / "answer.wav")) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, 24000)
        # The synthesizer keeps a state of its own: two runs are almost as long.
        assert abs(file.getnframes() - len(reply.pcm) // 2) < 2400
        assert any(file.readframes(24000))


def weather(city: str, unit: str = "C") -> dict:
    """The weather now. `city`: "its" $name in English."""
    return {"city": city, "degrees": 21, "unit": unit}


def plot(name: str):
    """Draw the plot."""
    return Image.new("RGB", (80, 60), "red")


def asked_of(run_program, request: Request, standin, folder: Path) -> list[str]:
    """The lines that a program of text prints, those of a script for curl without its events."""
    if run_program is not run_curl:
        return run_program(request, standin, folder).splitlines()
    reply = ours(request, standin)
    run_curl(request, standin, folder)
    return [reply.text, *(f"{call.name} {call.arguments}" for call in reply.rounds[-1].calls)]


@pytest.mark.parametrize("run_program", PROGRAMS)
@pytest.mark.parametrize("count", [1, 2])
def test_a_program_prints_the_calls_that_the_answer_is(standin, tmp_path, run_program, count):
    tools = tuple(map(Tool.of, [weather, plot][:count]))
    words = "How is the weather in Hangzhou? Draw the plot, too."
    request = Request(
        "qwen3-omni-flash", (Message("user", (TextPart(words),)),), ("text",), tools=tools
    )
    reply = ours(request, standin)
    calls = reply.rounds[-1].calls
    assert len(calls) == count
    printed = asked_of(run_program, request, standin, tmp_path)
    assert [line.split() for line in printed] == [
        [],
        *(f"{call.name} {call.arguments}".split() for call in calls),
    ]
    assert standin.requests[-1] == request.payload()


@pytest.mark.parametrize("run_program", PROGRAMS)
def test_the_program_of_a_round_sends_the_calls_and_what_they_returned(
    standin, tmp_path, run_program
):
    here = Connection(Endpoint(standin.base_url, Secret(standin.api_key)), is_stand_in=True)
    chat = omni.Chat("qwen3-omni-flash", tools=[weather, plot], voice="Cherry", connection=here)
    reply = chat.ask("How is the weather in Hangzhou? Draw the plot.", show=False)
    called = reply.rounds[1].request
    assert [message.role for message in called.messages[-4:]] == [
        *("assistant", "tool", "tool", "user")
    ]
    save_as_the_comment_says(as_python(called), reply, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["image.png"]
    printed = asked_of(run_program, called, standin, tmp_path)
    assert printed[0] == reply.rounds[1].text
    assert standin.requests[-1] == called.payload()
    again = chat.ask("And who are you?", show=False).request
    (tmp_path / "again").mkdir()
    save_as_the_comment_says(as_python(again), chat[-1], tmp_path / "again")
    assert [path.name for path in (tmp_path / "again").iterdir()] == ["image.png"]


@pytest.mark.parametrize("run_program", PROGRAMS[:2])
def test_a_program_may_speak_and_have_tools(standin, tmp_path, run_program):
    request = Request(
        "qwen3-omni-flash",
        (Message("user", (TextPart("你是谁?"),)),),
        ("text", "audio"),
        "Cherry",
        tools=(Tool.of(weather),),
    )
    assert run_program(request, standin, tmp_path).strip()
    assert (tmp_path / "answer.wav").stat().st_size > 10_000


@pytest.mark.parametrize("run_program", PROGRAMS)
@pytest.mark.parametrize("model", ["qwen3.5-omni-plus", "qwen3-omni-flash"])
def test_a_program_asks_for_data_and_prints_the_json(standin, tmp_path, run_program, model):
    form = AnswerFormat.of(dict[Literal["it's", '"quoted"', "$HOME"], list[int]])
    question = (parts.image(saved(tmp_path, "dog.png", picture())), TextPart("Describe it."))
    request = Request(model, (Message("user", question),), response_format=form)
    printed = asked_of(run_program, request, standin, tmp_path)
    form.read("\n".join(printed))
    assert standin.requests[-1] == request.payload()
    assert ("response_format" in request.payload()) == (model == "qwen3.5-omni-plus")


def test_a_question_named_as_the_answer_is_not_written_over(tmp_path):
    request = Request(
        "qwen-omni-turbo",
        (Message("user", tuple(audio_file(tmp_path))),),
        ("text", "audio"),
        "Cherry",
    )
    for source in (as_python(request), as_node(request)):
        assert '/answer.wav")' in source
        assert '"answer-2.wav"' in source


@pytest.mark.parametrize("write", [as_python, as_node, as_curl])
def test_the_address_of_a_region_is_written_and_a_key_never(write):
    request = Request("qwen-omni-turbo", (Message("user", (TextPart("你是谁?"),)),))
    assert DEFAULT_BASE_URL == REGIONS["beijing"] in write(request)
    elsewhere = write(request, base_url=REGIONS["singapore"])
    assert REGIONS["singapore"] in elsewhere
    assert "sk-" not in elsewhere
    assert "DASHSCOPE_API_KEY" in elsewhere


@pytest.mark.parametrize(
    ("write", "written"),
    [
        (as_python, 'extra_headers={"X-DashScope-OssResourceResolve": "enable"},\n'),
        (as_node, '{ headers: { "X-DashScope-OssResourceResolve": "enable" } });\n'),
        (as_curl, '  -H "X-DashScope-OssResourceResolve: enable" \\\n'),
    ],
)
def test_a_program_asks_for_what_is_in_the_services_store(write, written):
    request = Request("m", (Message("user", tuple(image_in_the_services_store(Path()))),))
    assert written in write(request)
    other = Request("m", (Message("user", tuple(image_url(Path()))),))
    assert "OssResource" not in write(other)


def test_a_node_program_without_a_key_sends_nobody_elses(standin, tmp_path):
    request = Request("qwen-omni-turbo", (Message("user", (TextPart("你是谁?"),)),))
    before = len(standin.requests)
    keyless = SimpleNamespace(api_key="", base_url=standin.base_url)
    with pytest.raises(AssertionError, match="Set DASHSCOPE_API_KEY"):
        run_node(request, keyless, tmp_path)
    assert len(standin.requests) == before


def test_the_programs_are_made_to_be_read():
    request = Request("qwen-omni-turbo", (Message("user", (TextPart("Who are you?"),)),))
    for write in (as_python, as_node, as_curl):
        source = write(request)
        assert max(map(len, source.splitlines())) <= 100
        assert len(source.splitlines()) < 40
        assert source.endswith("\n")
        assert "encoded" not in source
    assert "import base64" not in as_python(request)


def test_a_program_for_another_dialect_writes_its_body(tmp_path):
    request = Request("gpt-audio", (Message("user", tuple(audio_file(tmp_path))),))
    assert '"data": encoded("' in as_python(request, dialect="openai")
    speaking = Request("q", (Message("user", (TextPart("?"),)),), ("text", "audio"), "Cherry")
    with pytest.raises(RequestError, match="vllm-omni"):
        as_python(speaking, dialect="vllm-omni")
    assert '"q"' in as_curl(speaking, dialect="vllm-omni")


def test_a_long_file_is_named_where_it_lies(tmp_path):
    question = audio_file(tmp_path)
    assert isinstance(question[0].source, FileSource)
    source = as_python(Request("qwen-omni-turbo", (Message("user", tuple(question)),)))
    assert f'encoded("{tmp_path}/answer.wav")' in source
    assert "write_bytes" not in source


def test_what_is_only_in_memory_gets_the_name_of_its_kind(tmp_path):
    said = [parts.audio(media_files.audio_file(form)) for form in ("wav", "mp3")]
    shown = [parts.image(picture("red")), parts.image(picture("blue"))]
    messages = (Message("user", (one, TextPart("?"))) for one in (*said, *shown))
    source = as_python(Request("a-model-of-nobody", tuple(messages)))
    assert re.findall(r'Path\("(.*?)"\)\.write_bytes\((.*)\)', source) == [
        ("audio.wav", "reply.request.messages[0].parts[0].source.data"),
        ("audio.mp3", "reply.request.messages[1].parts[0].source.data"),
        ("image.png", "reply.request.messages[2].parts[0].data"),
        ("image-2.png", "reply.request.messages[3].parts[0].data"),
    ]


def test_the_sdk_takes_every_argument_that_is_written_by_name():
    import inspect

    from omni_nb.wire.code import SDK_ARGUMENTS

    create = openai.resources.chat.completions.Completions.create
    assert inspect.signature(create).parameters.keys() >= SDK_ARGUMENTS
