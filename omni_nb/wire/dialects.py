"""Write a request for each kind of server: DashScope, OpenAI, vLLM-Omni, SGLang-Omni."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal, get_args

from omni_nb.errors import RequestError
from omni_nb.media.parts import (
    AudioPart,
    AudioURLPart,
    FramesPart,
    TextPart,
    VideoPart,
    VideoURLPart,
)
from omni_nb.media.sampling import keys_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from omni_nb.media.parts import ImagePart, ImageURLPart, Part
    from omni_nb.media.sources import Embed, HeldSource
    from omni_nb.wire.request import Message, Request

Dialect = Literal["dashscope", "openai", "vllm-omni", "sglang-omni"]
"""The kinds of server that we can ask; answers of all of them are read alike."""

DIALECTS: tuple[Dialect, ...] = get_args(Dialect)

OPENAI_AUDIO_FORMATS = ("wav", "mp3")
"""The audio formats that OpenAI's ``input_audio`` takes."""


def body_for(request: Request, dialect: Dialect, embed: Embed) -> dict[str, Any]:
    """Return a request's body in the dialect of a server.

    Parameters
    ----------
    request
        What is asked; already checked by the rules of its model.
    dialect
        ``"dashscope"``: as documented (`Request.payload`).

        ``"openai"``: audio as bare base64, wav or mp3 only; speech as ``pcm16``, the one
        format that OpenAI streams; no audio by its URL and no video.

        ``"vllm-omni"``: audio and video as ``audio_url`` and ``video_url``, whose data URL
        names its MIME type (one without is refused there); frames as images, in order.

        ``"sglang-omni"``: text in the messages; media in the lists ``audios``, ``images`` and
        ``videos`` beside them, as URLs or data URLs; frames as images, in order. A list does
        not say which message a medium belongs to, so only one message may carry media.
    embed
        How a held source becomes a data URL.

    Raises
    ------
    RequestError
        The dialect cannot express the request; the message says what it can.

    Notes
    -----
    From the projects' code and issues, read 2026-11-22; measured against none of these servers.
    No source says how frames travel to vLLM-Omni and SGLang-Omni: images are what every
    server understands.

    Examples
    --------
    >>> from omni_nb.media.parts import AudioPart
    >>> from omni_nb.media.sources import LocalSource, embed
    >>> from omni_nb.wire.request import Message, Request
    >>> audio = AudioPart(LocalSource(b"sound", "a.wav"), "wav", "audio/wav", 1.0, 16000, 1)
    >>> request = Request("gpt-audio", (Message("user", (audio,)),))
    >>> body_for(request, "openai", embed)["messages"][0]["content"]
    [{'type': 'input_audio', 'input_audio': {'data': 'c291bmQ=', 'format': 'wav'}}]
    >>> body_for(request, "vllm-omni", embed)["messages"][0]["content"]
    [{'type': 'audio_url', 'audio_url': {'url': 'data:audio/wav;base64,c291bmQ='}}]
    """
    if dialect != "dashscope":
        _check_sampling(request)
    return _WRITERS[dialect](request, embed)


def check_dialect(request: Request, dialect: Dialect) -> None:
    """Check that a dialect can express a request, without reading a file.

    Raises
    ------
    RequestError
        The dialect cannot express the request.
    """
    if request.upload is not None and dialect != "dashscope":
        raise RequestError(
            f"upload={request.upload!r} is DashScope's own store; a server of the dialect "
            f"{dialect} has none. Leave it out, or pass a URL that the server can fetch."
        )
    body_for(request, dialect, lambda source, mime: "data:,")


def _check_sampling(request: Request) -> None:
    """Refuse what only DashScope heeds: without it the same question would cost more."""
    for part in (part for message in request.messages for part in message.parts):
        if keys := keys_of(getattr(part, "sampling", None)):
            raise RequestError(
                f"Only a DashScope service heeds {', '.join(keys)} of {part.modality}; make the "
                "part without, or connect to one."
            )


def _documented(request: Request, embed: Embed) -> dict[str, Any]:
    return request.payload(embed)


def _openai(request: Request, embed: Embed) -> dict[str, Any]:
    body = (
        request.payload(_nothing)
        | request.formatted("openai")
        | {"messages": _messages(request.outgoing("openai"), _openai_part, embed)}
    )
    if "audio" in body:
        body["audio"] = {**body["audio"], "format": "pcm16"}
    return body


def _vllm_omni(request: Request, embed: Embed) -> dict[str, Any]:
    return request.payload(_nothing) | {
        "messages": _messages(request.outgoing(), _vllm_part, embed)
    }


def _sglang_omni(request: Request, embed: Embed) -> dict[str, Any]:
    messages = [
        _written(replace(m, parts=tuple(p for p in m.parts if isinstance(p, TextPart))), embed)
        for m in request.outgoing()
    ]
    media = _only_media(request.messages)
    return request.payload(_nothing) | {"messages": messages} | _lists(media, embed)


_WRITERS: dict[str, Callable[[Request, Embed], dict[str, Any]]] = {
    "dashscope": _documented,
    "openai": _openai,
    "vllm-omni": _vllm_omni,
    "sglang-omni": _sglang_omni,
}


def _nothing(source: HeldSource, mime: str) -> str:
    """Embed nothing: of this payload all but the messages is used."""
    return ""


def _messages(
    messages: Sequence[Message], write: Callable[[Part, Embed], list[dict[str, Any]]], embed: Embed
) -> list[dict[str, Any]]:
    return [
        _written(message, embed)
        if all(isinstance(part, TextPart) for part in message.parts)
        else {
            "role": message.role,
            "content": [p for part in message.parts for p in write(part, embed)],
        }
        for message in messages
    ]


def _written(message: Message, embed: Embed) -> dict[str, Any]:
    """Return a message of words; only DashScope's calls are numbered."""
    payload = message.payload(embed)
    for call in payload.get("tool_calls", ()):
        del call["index"]
    return payload


def _openai_part(part: Part, embed: Embed) -> list[dict[str, Any]]:
    match part:
        case AudioPart(source=source, format=form, mime=mime):
            if form not in OPENAI_AUDIO_FORMATS:
                raise RequestError(
                    f"OpenAI takes sound as {' or '.join(OPENAI_AUDIO_FORMATS)}, not {form} "
                    f"({part.name}). Save it in one of these and ask with that file."
                )
            # Without the head only: what follows it may be a placeholder for a long upload.
            bare = embed(source, mime).partition(",")[2]
            return [{"type": "input_audio", "input_audio": {"data": bare, "format": form}}]
        case AudioURLPart(url=url):
            raise RequestError(
                f"OpenAI takes no sound by its URL ({_short(url)}). Download it and pass the file."
            )
        case VideoPart() | VideoURLPart() | FramesPart():
            raise RequestError(
                f"OpenAI takes no video ({part.name}). Pass pictures of it with image=[...]; "
                "omni.frames(path, count=8).images draws them from a file."
            )
        case _:
            return [part.payload(embed)]


def _vllm_part(part: Part, embed: Embed) -> list[dict[str, Any]]:
    match part:
        case AudioPart(source=source, mime=mime):
            return [{"type": "audio_url", "audio_url": {"url": embed(source, mime)}}]
        case AudioURLPart(url=url):
            return [{"type": "audio_url", "audio_url": {"url": url}}]
        case VideoPart(source=source, mime=mime):
            return [{"type": "video_url", "video_url": {"url": embed(source, mime)}}]
        case FramesPart(images=images):
            return [image.payload(embed) for image in images]
        case _:
            return [part.payload(embed)]


def _only_media(messages: Sequence[Message]) -> list[Part]:
    """Return the media of the one message that has some."""
    shown = [media for m in messages if (media := [p for p in m.parts if p.modality != "text"])]
    if len(shown) > 1:
        raise RequestError(
            f"SGLang-Omni takes the media of one message, and {len(shown)} messages of this "
            "conversation carry some: its lists do not say which belongs where. "
            "Begin a new Chat for the next picture, sound or video."
        )
    return shown[0] if shown else []


def _lists(media: Sequence[Part], embed: Embed) -> dict[str, list[str]]:
    lists: dict[str, list[str]] = {}
    for part in media:
        match part:
            case AudioPart(source=source, mime=mime):
                lists.setdefault("audios", []).append(embed(source, mime))
            case AudioURLPart(url=url):
                lists.setdefault("audios", []).append(url)
            case VideoPart(source=source, mime=mime):
                lists.setdefault("videos", []).append(embed(source, mime))
            case VideoURLPart(url=url):
                lists.setdefault("videos", []).append(url)
            case FramesPart(images=images):
                lists.setdefault("images", []).extend(_image_url(i, embed) for i in images)
            case TextPart():
                pass
            case image:
                lists.setdefault("images", []).append(_image_url(image, embed))
    return lists


def _image_url(image: ImagePart | ImageURLPart, embed: Embed) -> str:
    url: str = image.payload(embed)["image_url"]["url"]
    return url


def _short(url: str) -> str:
    return url if len(url) <= 80 else f"{url[:79]}…"
