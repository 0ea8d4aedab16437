"""Settings of a conversation: model, voice, modalities, system message and options."""

from __future__ import annotations

import copy
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

from omni_nb.errors import RequestError, brief, warn
from omni_nb.media.text import well_formed
from omni_nb.rules.catalog import find_model
from omni_nb.rules.formats import AnswerFormat
from omni_nb.rules.limits import check_modalities, check_voice
from omni_nb.rules.options import OF_TOOLS, OptionDict
from omni_nb.rules.tools import tools_of
from omni_nb.turns import history
from omni_nb.turns.rounds import MOST_ROUNDS, ToolRules
from omni_nb.wire.request import DEFAULT_MODEL, Message, Request, choose_modalities

if TYPE_CHECKING:
    from collections.abc import Mapping, MutableMapping, Sequence

    from omni_nb.media.parts import Part
    from omni_nb.rules.tools import Tool
    from omni_nb.turns.line import Line
    from omni_nb.turns.rounds import Approve


@dataclass(frozen=True, slots=True)
class Settings:
    """How a conversation asks, from its next question on.

    Attributes
    ----------
    model, voice, modalities
        Who answers, and how.
    system
        A system message, or None.
    system_as_turns
        Whether the system message is sent as a question that the model agreed to.
    options
        More fields of the request's body.
    tools
        The tools that the model may call.
    tool_rules
        Who approves a call, and how many rounds may call.
    response_format
        The form of the answers.
    upload
        ``"oss"``: store large media at the service.
    """

    model: str = DEFAULT_MODEL
    voice: str | None = None
    modalities: tuple[str, ...] = ("text",)
    system: str | None = None
    system_as_turns: bool = False
    options: MutableMapping[str, Any] = field(default_factory=OptionDict)
    tools: tuple[Tool, ...] = ()
    tool_rules: ToolRules = field(default_factory=ToolRules)
    response_format: AnswerFormat | None = None
    upload: Literal["oss"] | None = None

    @classmethod
    def chosen(
        cls,
        model: str,
        *,
        voice: str | None = None,
        modalities: Sequence[str] | None = None,
        system: str | None = None,
        system_as_turns: bool = False,
        options: Mapping[str, Any] | None = None,
        tools: Sequence[Any] | None = None,
        approve: Approve = False,
        max_rounds: int = MOST_ROUNDS,
        response_format: Any = None,
        upload: Literal["oss"] | None = None,
    ) -> Settings:
        """Return settings as a person chose them; what was not given is filled in.

        Raises
        ------
        RequestError
            A setting has the wrong type, or the model does not answer like that.
        """
        model, voice = _text("model", model), _text("voice", voice, or_none=True)
        wanted, chosen = choose_modalities(modalities, voice, model)
        made = cls(model, chosen, wanted, _text("system", system, or_none=True) or None)
        made = replace(
            made,
            system_as_turns=_switch("system_as_turns", system_as_turns),
            options=OptionDict(options),
            tools=tools_of(tools),
            tool_rules=ToolRules(approve, max_rounds),
            response_format=format_of(response_format),
            upload=_upload(upload),
        )
        made.check()
        if not made.tools and (given := sorted(OF_TOOLS & made.options.keys())):
            raise RequestError(f"Without tools there is no {' and no '.join(given)}: pass tools=.")
        made.warn_of_system_message()
        return made

    def changed(
        self,
        model: str | None = None,
        *,
        voice: str | None = None,
        modalities: Sequence[str] | None = None,
        system: str | None = None,
        system_as_turns: bool | None = None,
        options: Mapping[str, Any] | None = None,
        tools: Sequence[Any] | None = None,
        approve: Approve | None = None,
        max_rounds: int | None = None,
        response_format: Any = None,
    ) -> Settings:
        """Return these settings with what is given; what is not given stays where it fits.

        A voice asks for speech. One that was chosen earlier and that the new model does not have
        gives way to its first; ``system=""`` takes the system message away.

        Raises
        ------
        RequestError
            The model does not answer like that.
        """
        model = _text("model", model or self.model)
        facts = find_model(model)
        wanted: Sequence[str] = modalities or (("text", "audio") if voice else self.modalities)
        if facts and facts.modalities and not facts.speaks and not (modalities or voice):
            wanted = ("text",)
        kept = voice or self.voice
        if facts and facts.voices.names and voice is None and kept not in facts.voices.names:
            kept = None
        now, chosen = choose_modalities(wanted, kept, model)
        made = replace(
            self,
            model=model,
            voice=chosen,
            modalities=now,
            system=self.system if system is None else _text("system", system) or None,
            system_as_turns=self.system_as_turns
            if system_as_turns is None
            else _switch("system_as_turns", system_as_turns),
            options=OptionDict(self.options if options is None else options),
            tools=self.tools if tools is None else tools_of(tools),
            tool_rules=ToolRules(
                self.tool_rules.approve if approve is None else approve,
                self.tool_rules.max_rounds if max_rounds is None else max_rounds,
            ),
            response_format=format_of(response_format) or self.response_format,
        )
        made.check()
        return made

    def copy(self) -> Settings:
        """Return the same settings with options of their own."""
        return replace(self, options=OptionDict(copy.deepcopy(dict(self.options))))

    def check(self) -> None:
        """Check modalities and voice against what the model can do.

        Raises
        ------
        RequestError
            The model does not answer like that.
        """
        facts = find_model(self.model)
        if facts is None:
            return
        check_modalities(self.modalities, facts)
        if self.voice and "audio" in self.modalities:
            check_voice(self.voice, facts)

    def warn_of_system_message(self) -> None:
        """Warn where the model will not read the system message."""
        facts = find_model(self.model)
        if (
            self.system
            and not self.system_as_turns
            and "audio" in self.modalities
            and facts
            and not facts.system_message_with_audio
        ):
            warn(
                f"{self.model} ignores the system message when it speaks. What works: "
                "system_as_turns=True sends its words as a question and answer in front, or ask "
                "for text only.",
            )

    def history(self, line: Line, *, until: int | None = None) -> tuple[Message, ...]:
        """Return what the model will read of a line before the next question."""
        opening = history.opening(self.system, as_turns=self.system_as_turns)
        return (*opening, *history.turns(line.replies[:until], line.trimming))

    def _sent_options(self) -> dict[str, Any]:
        """Return a record of the options, which later changes do not reach.

        Those of tools are not sent without any, as after a chat was loaded.
        """
        left_out = frozenset() if self.tools else OF_TOOLS
        kept = {name: value for name, value in self.options.items() if name not in left_out}
        return copy.deepcopy(kept)

    def request(
        self,
        line: Line,
        question: tuple[Part, ...],
        *,
        until: int | None = None,
        response_format: Any = None,
    ) -> Request:
        """Return the request that asks a question after a line's replies.

        Raises
        ------
        MediaError, RequestError
            The model does not take the question.
        """
        return Request(
            self.model,
            (*self.history(line, until=until), Message("user", question)),
            self.modalities,
            self.voice,
            self._sent_options(),
            self.tools,
            format_of(response_format) or self.response_format,
            self.upload,
        )


def format_of(given: Any) -> AnswerFormat | None:
    """Return the form of an answer; None where none was given.

    Raises
    ------
    RequestError
        It is no type and no JSON schema.
    """
    return None if given is None else AnswerFormat.of(given)


def _text(name: str, value: Any, *, or_none: bool = False) -> Any:
    if isinstance(value, str):
        return well_formed(value)
    if or_none and value is None:
        return value
    raise RequestError(f"{name} is a str, not {type(value).__name__} ({str(value)[:40]!r}).")


def _upload(given: Any) -> Literal["oss"] | None:
    if given in (None, "oss"):
        return "oss" if given else None
    raise RequestError(
        f"upload is 'oss' (large media are stored at the service for two days) or None (they are "
        f"sent as base64), not {brief(given)}."
    )


def _switch(name: str, value: Any) -> bool:
    if isinstance(value, bool):
        return value
    raise RequestError(f"{name} is True or False, not {brief(value)}.")
