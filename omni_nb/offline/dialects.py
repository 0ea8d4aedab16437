"""Rewrite requests to other servers in the documented form.

What the projects' code and issues say of these servers, no more. The words of the refusals are
ours, except where a source has the server's own.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from omni_nb.offline.refusals import Refusal
from omni_nb.rules.catalog import find_model
from omni_nb.wire.dialects import OPENAI_AUDIO_FORMATS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from omni_nb.offline.behaviour import ServerDialect

    Body = dict[str, Any]

MODEL: Final = "qwen3-omni-flash"
"""Whose rules count where a name is unknown, such as gpt-audio: its list of voices is open."""

_LISTS: Final = {"images": "image_url", "audios": "input_audio", "videos": "video_url"}
_FORMATS: Final = {"mpeg": "mp3", "x-wav": "wav", "wave": "wav", "x-m4a": "m4a", "mp4": "m4a"}


def documented(body: bytes, dialect: ServerDialect) -> bytes:
    """Return the body of a request to this kind of server as DashScope documents it.

    What is no request at all is returned as it is: the checks after this one refuse it.

    Raises
    ------
    Refusal
        That kind of server does not take the request, though DashScope might.

    Examples
    --------
    >>> documented(b'{"model": "m", "audios": ["data:audio/mpeg;base64,AA=="], "messages":'
    ...            b' [{"role": "user", "content": "?"}]}', "sglang-omni").decode()[30:]
    '"messages": [{"role": "user", "content": [{"type": "text", "text": "?"}, {"type": \
"input_audio", "input_audio": {"data": "data:audio/mpeg;base64,AA==", "format": "mp3"}}]}]}'
    """
    if dialect == "dashscope":
        return body
    try:
        asked = json.loads(body)
    except (ValueError, RecursionError):
        return body
    if not isinstance(asked, dict) or not isinstance(asked.get("messages"), list):
        return body
    asked = _READERS[dialect](asked)
    if not isinstance(asked.get("model"), str) or find_model(asked["model"]) is None:
        asked["model"] = MODEL
    return json.dumps(asked).encode()


def _from_openai(asked: Body) -> Body:
    for name in ("enable_search", "enable_thinking"):
        if name in asked:
            raise Refusal(f"Unrecognized request argument supplied: {name}")
    audio = asked.get("audio")
    if isinstance(audio, dict):
        if audio.get("format") != "pcm16":
            raise Refusal(
                f"audio.format {audio.get('format')!r} cannot be streamed; the one that can is "
                "'pcm16'."
            )
        asked = asked | {"audio": audio | {"format": "wav"}}
    return asked | {"messages": _rewritten(asked["messages"], _openai_part)}


def _openai_part(part: Mapping[str, Any]) -> Mapping[str, Any]:
    match part:
        case {"type": "input_audio", "input_audio": {"data": str(data), "format": form}}:
            if _is_url(data):
                raise Refusal("input_audio.data is base64 without a head, not a URL or data URL.")
            if form not in OPENAI_AUDIO_FORMATS:
                raise Refusal(f"input_audio.format is one of {', '.join(OPENAI_AUDIO_FORMATS)}.")
            return _audio(f"data:;base64,{data}", str(form))
        case {"type": str(kind)} if kind not in ("text", "image_url", "input_audio"):
            raise Refusal(f"Invalid value: {kind!r}. Accepted: text, image_url, input_audio.")
    return part


def _from_vllm(asked: Body) -> Body:
    return asked | {"messages": _rewritten(asked["messages"], _vllm_part)}


def _vllm_part(part: Mapping[str, Any]) -> Mapping[str, Any]:
    match part:
        case {"type": "audio_url", "audio_url": {"url": str(url)}}:
            _check_mime(url)
            return _audio(url, _format_of(url))
        case {"type": "image_url", "image_url": {"url": str(url)}}:
            _check_mime(url)
        case {"type": "video_url", "video_url": {"url": str(url)}}:
            _check_mime(url)
        case {"type": "input_audio", "input_audio": {"data": str(data), "format": form}}:
            if _is_url(data):
                raise Refusal("Incorrect padding")
            return _audio(f"data:;base64,{data}", str(form))
        case {"type": str(kind)} if kind not in ("text", "image_url", "video_url", "audio_url"):
            raise Refusal(f"Unknown part type: {kind}")
    return part


def _from_sglang(asked: Body) -> Body:
    messages = _rewritten(asked["messages"], _only_text)
    media = [part for name in _LISTS for part in _listed(asked.get(name), name)]
    if media:
        last = next((m for m in reversed(messages) if m.get("role") == "user"), None)
        if last is None:
            raise Refusal(f"{', '.join(_LISTS)} belong to a user message, and there is none.")
        said = last.get("content")
        words = [{"type": "text", "text": said}] if isinstance(said, str) else said or []
        last["content"] = [*words, *media]
    return {k: v for k, v in asked.items() if k not in (*_LISTS, "messages")} | {
        "messages": messages
    }


def _only_text(part: Mapping[str, Any]) -> Mapping[str, Any]:
    if part.get("type") != "text":
        raise Refusal(
            f"A message is text; the part {part.get('type')!r} goes into the lists "
            f"{', '.join(_LISTS)} beside the messages."
        )
    return part


def _listed(urls: Any, name: str) -> Iterable[Mapping[str, Any]]:
    if urls is None:
        return
    if not isinstance(urls, list) or not all(isinstance(url, str) for url in urls):
        raise Refusal(f"{name} is a list of URLs or data URLs.")
    kind = _LISTS[name]
    for url in urls:
        yield (
            _audio(url, _format_of(url))
            if kind == "input_audio"
            else {
                "type": kind,
                kind: {"url": url},
            }
        )


_READERS: Final[Mapping[str, Callable[[Body], Body]]] = {
    "openai": _from_openai,
    "vllm-omni": _from_vllm,
    "vllm-omni-next": _from_vllm,
    "sglang-omni": _from_sglang,
}


def _rewritten(
    messages: list[Any], write: Callable[[Mapping[str, Any]], Mapping[str, Any]]
) -> list[Any]:
    """Return the messages with every part of the user's rewritten."""
    return [_message(message, write) if isinstance(message, dict) else message
            for message in messages]  # fmt: skip


def _message(
    message: Mapping[str, Any], write: Callable[[Mapping[str, Any]], Mapping[str, Any]]
) -> Mapping[str, Any]:
    match message:
        case {"role": "user", "content": list(parts)}:
            written = [write(part) if isinstance(part, dict) else part for part in parts]
            return {**message, "content": written}
        case {"role": "assistant", "tool_calls": list(), "content": None}:
            return {**message, "content": ""}  # these servers take what the SDK has
    return dict(message)


def _audio(url: str, form: str) -> Mapping[str, Any]:
    return {"type": "input_audio", "input_audio": {"data": url, "format": form}}


def _is_url(text: str) -> bool:
    return text[:8].lower().startswith(("data:", "http://", "https://", "oss://"))


def _check_mime(url: str) -> None:
    """Refuse a data URL without a MIME type, in the words of vLLM 0.20."""
    if url[:6].lower() in ("data:;", "data:,"):
        raise Refusal("Incorrect padding")


def _format_of(url: str) -> str:
    """Return the audio format that a data URL's MIME type or a URL's ending names."""
    if url[:5].lower() == "data:":
        kind = url[5:80].partition(",")[0].partition(";")[0].rpartition("/")[2].lower()
    else:
        kind = url.partition("?")[0].rpartition("/")[2].rpartition(".")[2].lower()
    return _FORMATS.get(kind, kind)
