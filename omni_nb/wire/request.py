"""Request: the model, the messages and what is wanted of the answer, checked."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, Literal

from omni_nb.errors import RequestError, brief, warn
from omni_nb.media.parts import FramesPart, TextPart, join_text
from omni_nb.media.shown import Shown
from omni_nb.media.sources import embed
from omni_nb.rules.catalog import find_model, known_models
from omni_nb.rules.limits import (
    check_effort,
    check_modalities,
    check_parts,
    check_voice,
    without_base64,
)
from omni_nb.wire import code
from omni_nb.words import language_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from omni_nb.media.parts import Part
    from omni_nb.media.sources import Embed
    from omni_nb.rules.catalog import ModelFacts
    from omni_nb.rules.facts import Structured
    from omni_nb.rules.formats import AnswerFormat
    from omni_nb.rules.tools import Tool
    from omni_nb.wire.dialects import Dialect

Role = Literal["system", "user", "assistant", "tool"]
DEFAULT_MODEL = "qwen-omni-turbo"
_FROM_STORE = {"X-DashScope-OssResourceResolve": "enable"}
"""Has the service look into its own store for the ``oss://`` URLs of a request."""

_OURS = {
    *("model", "messages", "modalities", "audio", "stream", "stream_options"),
    *("tools", "response_format"),
}


@dataclass(frozen=True, slots=True)
class Call:
    """A call as the model made it, in the history.

    Attributes
    ----------
    id, name
        The call's id, and the tool's name.
    arguments
        JSON, as the model wrote it.
    """

    id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a conversation.

    Attributes
    ----------
    role
        Who says it.
    parts
        What it says.
    calls
        The tools that an assistant message calls.
    call_id
        The call whose result a tool message is; else ``""``.
    """

    role: Role
    parts: tuple[Part, ...]
    calls: tuple[Call, ...] = ()
    call_id: str = ""

    def payload(self, embed: Embed = embed) -> dict[str, Any]:
        """Return the message as the service takes it; words alone travel as a string."""
        is_text = all(part.modality == "text" for part in self.parts)
        content = join_text(self.parts) if is_text else [part.payload(embed) for part in self.parts]
        calls = [
            {
                "id": call.id,
                "type": "function",
                "index": index,
                "function": {"name": call.name, "arguments": call.arguments},
            }
            for index, call in enumerate(self.calls)
        ]
        return {
            "role": self.role,
            "content": content,
            **({"tool_calls": calls} if calls else {}),
            **({"tool_call_id": self.call_id} if self.call_id else {}),
        }


@dataclass(frozen=True, slots=True)
class Request(Shown):
    """A request that may be sent: making one checks everything that can be checked here.

    Parameters
    ----------
    model
        A model's name. The rules of a model that we do not know are not checked.
    messages
        The conversation so far and the question, a user message, at its end; or what tools
        returned for it.
    modalities
        ``("text",)`` or ``("text", "audio")``.
    voice
        The voice of the speech; needed with ``"audio"``.
    options
        More fields of the body, such as ``max_tokens`` or ``temperature``.
    tools
        The tools that the model may call.
    response_format
        The form that the answer shall have.
    upload
        ``"oss"``: local media that are too large for base64 are stored at the service for two
        days, and sent by their addresses. Documented for Beijing; for sound UNVERIFIED.

    Raises
    ------
    RequestError
        The combination is not allowed (spec, "输入", "输出", "多轮对话").
    MediaError
        A part breaks a limit of the model.

    Examples
    --------
    >>> from omni_nb.media.parts import TextPart
    >>> request = Request("qwen-omni-turbo", (Message("user", (TextPart("Who are you?"),)),))
    >>> request.payload()["messages"]
    [{'role': 'user', 'content': 'Who are you?'}]
    """

    model: str
    messages: tuple[Message, ...]
    modalities: tuple[str, ...] = ("text",)
    voice: str | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    tools: tuple[Tool, ...] = ()
    response_format: AnswerFormat | None = None
    upload: Literal["oss"] | None = None

    def __post_init__(self) -> None:
        if self.upload not in (None, "oss"):
            raise RequestError(f"upload is 'oss' or None, not {brief(self.upload)}.")
        if not self.messages or self.messages[-1].role not in ("user", "tool"):
            raise RequestError("A request ends with a user message: the question.")
        if any(
            part.modality != "text" for m in self.messages if m.role != "user" for part in m.parts
        ):
            raise RequestError("Only user messages carry media; other messages carry text only.")
        if taken := sorted(_OURS & self.options.keys()):
            raise RequestError(
                f"{', '.join(taken)} cannot be set through options: use the arguments model=, "
                "modalities=, voice=, tools= and response_format=; every request is streamed with "
                "its usage."
            )
        if "audio" in self.modalities and not self.voice:
            raise RequestError(
                f"Speech needs a voice: pass voice=, such as 'Cherry' ({self.model})."
            )
        if "audio" in self.modalities and self.response_format is not None:
            raise RequestError(
                "An answer in a form of yours is data, which nobody reads aloud: leave out voice=, "
                "or pass modalities=['text']. A second question can have the result spoken."
            )
        self._check_facts()

    def _check_facts(self) -> None:
        facts = find_model(self.model)
        if facts is None:
            return
        if self.tools and facts.tools is False:
            able = ", ".join(other.name for other in known_models() if other.tools)
            raise RequestError(f"{facts.name} calls no tools; of the models known here {able} do.")
        check_modalities(self.modalities, facts)
        self._check_switches(facts)
        check_effort(self.options, facts)
        if self.voice and "audio" in self.modalities:
            check_voice(self.voice, facts)
        taken = facts if self.upload is None else without_base64(facts)
        for message in self.messages:
            if message.role == "user":
                check_parts(message.parts, taken)

    def _check_switches(self, facts: ModelFacts) -> None:
        thinks = self.options.get("enable_thinking", facts.thinking == "on")
        if thinks and facts.thinking == "no":
            raise RequestError(f"{facts.name} does not think: leave out enable_thinking.")
        if thinks and "audio" in self.modalities:
            raise RequestError(
                f"{facts.name} does not speak while it thinks: leave out voice= and ask "
                "for text, or leave out enable_thinking."
            )
        if self.options.get("enable_search") and not facts.search:
            raise RequestError(f"{facts.name} does not search the web: leave out enable_search.")

    @property
    def question(self) -> tuple[Part, ...]:
        """The parts of the last user message."""
        return next((m.parts for m in reversed(self.messages) if m.role == "user"), ())

    def structured(self, dialect: Dialect = "dashscope") -> Structured | None:
        """Return how the form of the answer is asked for; None without one.

        What a model takes is a fact of it. Of an unknown one nothing is assumed but at OpenAI's
        own service, which takes a schema.
        """
        if self.response_format is None:
            return None
        facts = find_model(self.model)
        if facts is not None:
            return facts.structured
        return "json_schema" if dialect == "openai" else "prompt"

    def outgoing(self, dialect: Dialect = "dashscope") -> tuple[Message, ...]:
        """Return the messages as they are sent: where the words have to, they ask for the form."""
        wanted = self.response_format
        if wanted is None or self.structured(dialect) == "json_schema":
            return self.messages
        at = max(n for n, message in enumerate(self.messages) if message.role == "user")
        asked = self.messages[at]
        words = TextPart(wanted.instructions(language_of(asked.parts)))
        return (
            *self.messages[:at],
            replace(asked, parts=(*asked.parts, words)),
            *self.messages[at + 1 :],
        )

    @property
    def headers(self) -> dict[str, str]:
        """The HTTP headers that this request needs beside those of every request."""
        if self.upload == "oss":
            return dict(_FROM_STORE)
        parts = [part for message in self.messages for part in message.parts]
        each = [one for p in parts for one in (p.images if isinstance(p, FramesPart) else (p,))]
        urls = [getattr(one, "url", "") for one in each]
        return dict(_FROM_STORE) if any(url[:6].lower() == "oss://" for url in urls) else {}

    def payload(self, embed: Embed = embed) -> dict[str, Any]:
        """Return the body of the request, always streaming and with usage.

        Parameters
        ----------
        embed
            How a source becomes a data URL.

        Notes
        -----
        Spec, "输出": only streaming is supported; ``audio.format`` is always ``"wav"``.
        """
        speech = (
            {"audio": {"voice": self.voice, "format": "wav"}} if "audio" in self.modalities else {}
        )
        return {
            "model": self.model,
            "messages": [message.payload(embed) for message in self.outgoing()],
            "modalities": list(self.modalities),
            **speech,
            "stream": True,
            "stream_options": {"include_usage": True},
            **self._called(),
            **self.formatted(),
            **self.options,
        }

    def _called(self) -> dict[str, Any]:
        """Return the fields of the tools; by default the service makes one call at a time."""
        if not self.tools:
            return {}
        return {"tools": [tool.payload() for tool in self.tools], "parallel_tool_calls": True}

    def formatted(self, dialect: Dialect = "dashscope") -> dict[str, Any]:
        """Return the field that asks for the form of the answer, where there is one."""
        how = self.structured(dialect)
        wanted = self.response_format.payload(how) if self.response_format and how else None
        return {"response_format": wanted} if wanted else {}

    def as_python(
        self, *, base_url: str = code.DEFAULT_BASE_URL, dialect: Dialect = "dashscope"
    ) -> str:
        """Return this request as a Python program (`omni_nb.wire.code.as_python`)."""
        return code.as_python(self, base_url=base_url, dialect=dialect)

    def as_node(
        self, *, base_url: str = code.DEFAULT_BASE_URL, dialect: Dialect = "dashscope"
    ) -> str:
        """Return this request as a Node.js program (`omni_nb.wire.code.as_node`)."""
        return code.as_node(self, base_url=base_url, dialect=dialect)

    def as_curl(
        self, *, base_url: str = code.DEFAULT_BASE_URL, dialect: Dialect = "dashscope"
    ) -> str:
        """Return this request as a script for curl (`omni_nb.wire.code.as_curl`)."""
        return code.as_curl(self, base_url=base_url, dialect=dialect)


def choose_modalities(
    modalities: Sequence[str] | None, voice: str | None, model: str
) -> tuple[tuple[str, ...], str | None]:
    """Choose modalities and voice where they are not given.

    A voice asks for speech, and speech has a voice. Without either the answer is text, the
    service's own default (spec, "支持的输出模态").

    Raises
    ------
    RequestError
        The modalities are a str, not a list.

    Examples
    --------
    >>> choose_modalities(None, "Cherry", "qwen-omni-turbo")
    (('text', 'audio'), 'Cherry')
    """
    if isinstance(modalities, str):
        raise RequestError(
            f"modalities is a list, such as ['text', 'audio'], not {brief(modalities)}."
        )
    wanted = tuple(modalities or (("text", "audio") if voice else ("text",)))
    facts = find_model(model)
    if "audio" in wanted and facts and facts.voices.names:
        voice = voice or facts.voices.names[0]
        _warn_of_unknown_voice(voice, facts)
    return wanted, voice


def _warn_of_unknown_voice(voice: str, facts: ModelFacts) -> None:
    """Warn of a voice that an open list does not have; the service decides."""
    voices = facts.voices
    if voices.closed or voice in voices.names:
        return
    near = get_close_matches(voice, voices.names)
    known = f"near it: {', '.join(near)}" if near else f"among them: {', '.join(voices.names[:6])}"
    warn(
        f"{brief(voice)} is not among the {len(voices.names)} voices listed for {facts.name} on "
        f"{voices.date} ({known}). It is sent as it is; the service decides.",
    )
