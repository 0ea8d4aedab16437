"""PanelSettings: who answers and how, as the page shows it, and what it may change of that."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast, get_args
from urllib.parse import urlsplit

from omni_nb.errors import OmniError, RequestError, brief, noted_warnings
from omni_nb.media.clip import Storage, check_storage
from omni_nb.render.labels import region_name
from omni_nb.rules.catalog import find_model, known_models
from omni_nb.rules.money import Money
from omni_nb.turns.connection import REGIONS, connection_to, current_connection, missing_key
from omni_nb.turns.estimate import priced_region
from omni_nb.views.panel.protocol import SettingsState
from omni_nb.words import check_language, languages, words

if TYPE_CHECKING:
    from collections.abc import Callable
    from decimal import Decimal

    from omni_nb.chat.conversation import Conversation
    from omni_nb.rules.facts import ModelFacts
    from omni_nb.turns.connection import Connection
    from omni_nb.words import Language

CURRENT, OTHER = "current", "other"
AUTO = "auto"
TEXT, SPEECH = "text", "speech"


class PanelSettings:
    """What can be set in a panel: most of it is the conversation's own.

    Parameters
    ----------
    chat
        The conversation.
    storage
        How the notebook keeps the speech.
    language
        The language of the labels; ``"auto"``: that of the page.
    ask_key
        Called with the service whose key is missing, and `use_key` goes on; with ``""`` when none
        is missing any more.

    Attributes
    ----------
    storage
        How the notebook keeps the speech.
    language
        The language that was chosen, or ``"auto"``.
    """

    storage: Storage
    language: Language

    def __init__(
        self,
        chat: Conversation,
        *,
        storage: Storage,
        language: Language,
        ask_key: Callable[[str], None],
    ) -> None:
        self._chat = chat
        self.storage = storage
        self.language = language
        self._ask_key = ask_key
        self._wanted_service = ""
        self._problems: dict[str, str] = {}

    def change(self, name: str, value: object) -> None:
        """Change a setting; what is wrong with the value is said in the next `state`."""
        self._try(name, lambda: self._use(name, value))

    def use_key(self, key: str) -> bool:
        """Connect to the service that was waiting for its key; return whether it took the key."""
        return self._try("service", lambda: self._use_service(self._wanted_service, key))

    def cancel_key(self) -> None:
        """Ask for no key any more: the service that answers goes on."""
        self._wanted_service = ""
        self._ask_key("")

    def state(self, language: Language) -> SettingsState:
        """Return what the settings are now, in a language."""
        chat, names = self._chat, words("settings", language)
        facts = find_model(chat.model)
        known = [made.name for made in known_models()]
        voices = list(facts.voices.names) if facts else []
        service = self._service()
        return SettingsState(
            model=chat.model,
            models=_named([*([] if chat.model in known else [chat.model]), *known]),
            answers=SPEECH if self._speaks else TEXT,
            voice=chat.voice or "",
            voices=_named([*([] if chat.voice in (None, *voices) else [chat.voice]), *voices]),
            has_other_voices=facts is None or not facts.voices.closed,
            system=chat.system or "",
            as_turns=chat.system_as_turns,
            service=service,
            services=_services(language),
            address=chat.connection.base_url if chat.connection and service == OTHER else "",
            budget=f"{chat.budget.amount:f}" if chat.budget else "",
            currency=self._currency(),
            storage=self.storage,
            storages=[(kind, names[kind]) for kind in get_args(Storage)],
            language=self.language,
            languages=[
                (AUTO, names["auto"]),
                *((name, words("language", name)["name"]) for name in languages()),
            ],
            disabled=self._disabled(facts),
            notes=self._notes(facts, language),
            problems=dict(self._problems),
        )

    def _try(self, name: str, change: Callable[[], None]) -> bool:
        """Make a change; what is wrong with it is said beside its field, until the next one."""
        is_made = False
        try:
            with noted_warnings() as said:
                change()
            is_made, problem = True, " ".join(said)
        except OmniError as error:
            problem = str(error)
        self._problems = {name: problem} if problem else {}
        return is_made

    def _use(self, name: str, value: object) -> None:
        chat = self._chat
        match name, value:
            case "model", str():
                chat.use(value)
            case "answers", "text" | "speech":
                chat.use(modalities=["text"] if value == TEXT else ["text", "audio"])
            case "voice", str() if value.strip():
                chat.use(voice=value.strip(), modalities=chat.modalities)
            case "system", str():
                chat.use(system=value)
            case "as_turns", bool():
                chat.use(system_as_turns=value)
            case "service" | "address", str() if value.strip():
                self._use_service(value.strip())
            case "budget", str():
                budget = Money(cast("Decimal", value.strip() or 0), self._currency())
                chat.budget = budget if budget.amount else None
            case "storage", str():
                self.storage = check_storage(value)
            case "language", str():
                self.language = value if value == AUTO else check_language(value)
            case _:
                raise RequestError(f"{brief(name)} cannot be set to {brief(value)} in the panel.")

    def _use_service(self, service: str, api_key: str | None = None) -> None:
        is_current = service == CURRENT
        name = "" if api_key or is_current else missing_key(service)
        if name:
            self._wanted_service = service
        else:
            self._chat.connection = None if is_current else connection_to(service, api_key=api_key)
        self._ask_key(name)

    @property
    def _speaks(self) -> bool:
        return "audio" in self._chat.modalities

    def _ignores_system(self, facts: ModelFacts | None) -> bool:
        ignores = facts is not None and not facts.system_message_with_audio
        return ignores and self._speaks and not self._chat.system_as_turns

    def _disabled(self, facts: ModelFacts | None) -> list[str]:
        """Return the fields that change nothing as things are."""
        is_mute = facts is not None and bool(facts.modalities) and not facts.speaks
        fields = {
            "answers": is_mute,
            "voice": not self._speaks,
            "system": self._ignores_system(facts),
        }
        return [name for name, is_disabled in fields.items() if is_disabled]

    def _notes(self, facts: ModelFacts | None, language: Language) -> dict[str, str]:
        names, model = words("settings", language), self._chat.model
        notes = {"model": _takes(model, facts, speaks=self._speaks, language=language)}
        if self._ignores_system(facts):
            notes["system"] = names["system ignored"].format(model=model)
        return notes

    def _service(self) -> str:
        connection = self._chat.connection
        if connection is None:
            return CURRENT
        if connection.is_stand_in:
            return "offline"
        return connection.region or OTHER

    def _currency(self) -> str:
        if self._chat.budget:
            return self._chat.budget.currency
        connection = self._chat.connection or current_connection()
        facts = find_model(self._chat.model)
        region = priced_region(connection)
        prices = facts.prices.get(region) if facts and region else None
        return prices.currency if prices else "CNY"


def _named(values: list[Any]) -> list[tuple[str, str]]:
    """Return values that are their own labels."""
    return [(value, value) for value in values]


def _services(language: Language) -> list[tuple[str, str]]:
    names = words("settings", language)
    here = _service_name(current_connection(), language)
    return [
        (CURRENT, names["current"].format(service=here)),
        *((name, f"DashScope · {region_name(name, language)}") for name in REGIONS),
        ("offline", names["offline"]),
        (OTHER, names["other"]),
    ]


def _takes(model: str, facts: ModelFacts | None, *, speaks: bool, language: Language) -> str:
    """Say what a model can take, and how it answers in this conversation."""
    names = words("settings", language)
    if facts is None:
        return names["unknown model"].format(model=model)
    comma = words("labels", language)["list"]
    kinds = comma.join(names.get(kind, kind) for kind in facts.inputs).lower()
    answers = names["speech" if speaks else "text"].lower()
    return names["takes"].format(model=model, inputs=kinds, outputs=answers)


def _service_name(connection: Connection, language: Language) -> str:
    if connection.is_stand_in:
        return words("settings", language)["offline"]
    if connection.region:
        return f"DashScope · {region_name(connection.region, language)}"
    return urlsplit(connection.base_url).netloc
