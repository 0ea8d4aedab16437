"""SettingsForm: who answers and how, as stock widgets over a conversation."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import ipywidgets as widgets

from omni_nb.errors import OmniError, noted_warnings
from omni_nb.render.html import HTML, tag
from omni_nb.render.labels import region_name
from omni_nb.render.palette import MUTED, WARN
from omni_nb.rules.catalog import find_model, known_models
from omni_nb.rules.money import Money
from omni_nb.turns.connection import REGIONS, connection_to, current_connection, missing_key
from omni_nb.words import words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from omni_nb.chat.conversation import Conversation
    from omni_nb.media.clip import Storage
    from omni_nb.rules.facts import ModelFacts
    from omni_nb.turns.connection import Connection
    from omni_nb.words import Language

CURRENT, OTHER = "current", "other"
TEXT, SPEECH = ("text",), ("text", "audio")
_DESCRIBED = {"description_width": "10em"}
_WIDE = {"width": "auto", "max_width": "40em"}


class SettingsForm(widgets.VBox):  # type: ignore[misc]
    """Controls that change a conversation at once, and follow what a cell changes of it.

    Parameters
    ----------
    chat
        The conversation.
    storage
        How the notebook keeps the speech.
    language
        The language of the labels.
    on_change
        Called after a change.
    ask_key
        Called with the service whose key is missing; ``use_key`` goes on.

    Attributes
    ----------
    storage
        How the notebook keeps the speech.
    """

    storage: Storage

    def __init__(
        self,
        chat: Conversation,
        *,
        storage: Storage,
        language: Language,
        on_change: Callable[[], None],
        ask_key: Callable[[str], None],
    ) -> None:
        self._chat = chat
        self.storage = storage
        self._on_change = on_change
        self._ask_key = ask_key
        self._wanted_service = ""
        self._is_following = False
        self._lock = threading.RLock()  # the sync follows while a person changes something
        self._language = language
        self.model = _picker([])
        self.model_note = widgets.HTML()
        self.answers = widgets.ToggleButtons(style={**_DESCRIBED, "button_width": "auto"})
        self.voice = widgets.Combobox(continuous_update=False, style=_DESCRIBED, layout=_WIDE)
        self.system = widgets.Textarea(
            rows=2, continuous_update=False, style=_DESCRIBED, layout=_WIDE
        )
        self.system_note = widgets.HTML()
        self.as_turns = widgets.Checkbox(indent=True, style=_DESCRIBED, layout=_WIDE)
        self.service = _picker([])
        self.address = widgets.Text(
            placeholder="http://localhost:8000/v1",
            continuous_update=False,
            style=_DESCRIBED,
            layout=_WIDE,
        )
        self.budget = widgets.BoundedFloatText(
            min=0,
            max=1e6,
            step=0.1,
            style=_DESCRIBED,
            layout={"width": "18em", "max_width": "100%"},
        )
        self.kept = _picker([])
        self.problem = widgets.HTML()
        super().__init__(
            [
                *(self.model, self.model_note, self.answers, self.voice),
                *(self.system, self.system_note, self.as_turns),
                *(self.service, self.address, self.budget, self.kept, self.problem),
            ],
            layout={"display": "none", "width": "auto", "padding": "0.5em 0"},
        )
        self.add_class("omni-panel-settings")
        self._label()
        self.follow()
        for control in (self.model, self.answers, self.voice, self.system, self.as_turns):
            control.observe(self._use, "value")
        self.service.observe(self._choose_service, "value")
        self.address.observe(self._use_address, "value")
        self.budget.observe(self._set_budget, "value")
        self.kept.observe(self._set_storage, "value")

    @property
    def is_shown(self) -> bool:
        """Whether the settings can be seen."""
        return bool(self.layout.display != "none")

    def toggle(self) -> None:
        """Show or hide the settings."""
        self.layout.display = "none" if self.is_shown else None

    def speak(self, language: Language) -> None:
        """Change the language of the labels."""
        if language != self._language:
            self._language = language
            self._label()
            self.follow()

    def follow(self) -> None:
        """Show what the conversation's settings are now."""
        with self._following():
            self._follow()

    @contextmanager
    def _following(self) -> Iterator[None]:
        """Set controls without taking that for a person's change."""
        with self._lock:
            was_following, self._is_following = self._is_following, True
            try:
                yield
            finally:
                self._is_following = was_following

    def use_key(self, key: str) -> None:
        """Connect to the service that was waiting for its key."""
        self._connect(self._wanted_service, api_key=key)

    def _label(self) -> None:
        names = words("settings", self._language)
        labelled = [
            (self.model, "model"),
            (self.answers, "answers"),
            (self.voice, "voice"),
            (self.system, "system"),
            (self.as_turns, "as turns"),
            (self.service, "service"),
            (self.address, "address"),
            (self.budget, "budget"),
            (self.kept, "storage"),
        ]
        with self._following():
            for control, word in labelled:
                control.description = control.tooltip = names[word]
            self.system.placeholder = names["system placeholder"]
            self.budget.tooltip = names["budget hint"]
            self.answers.options = [(names["text"], TEXT), (names["speech"], SPEECH)]
            self.service.options = self._services()
            self.kept.options = [(names[name], name) for name in ("mp3", "opus", "wav")]

    def _services(self) -> list[tuple[str, str]]:
        names = words("settings", self._language)
        here = _service_name(current_connection(), self._language)
        return [
            (names["current"].format(service=here), CURRENT),
            *((f"DashScope · {region_name(name, self._language)}", name) for name in REGIONS),
            (names["offline"], "offline"),
            (names["other"], OTHER),
        ]

    def _follow(self) -> None:
        chat, names = self._chat, words("settings", self._language)
        facts = find_model(chat.model)
        known = [made.name for made in known_models()]
        self.model.options = known if chat.model in known else [chat.model, *known]
        self.model.value = chat.model
        self.model_note.value = _note(_takes(chat, facts, self._language), MUTED)
        self.answers.value = SPEECH if "audio" in chat.modalities else TEXT
        self.answers.disabled = facts is not None and bool(facts.modalities) and not facts.speaks
        self.voice.options = list(facts.voices.names) if facts else []
        self.voice.value = chat.voice or ""
        self.voice.disabled = "audio" not in chat.modalities
        is_ignored = bool(
            facts and not facts.system_message_with_audio and "audio" in chat.modalities
        )
        self.system.value = chat.system or ""
        self.as_turns.value = chat.system_as_turns
        self.system.disabled = is_ignored and not chat.system_as_turns
        ignored = names["system ignored"].format(model=chat.model) if self.system.disabled else ""
        self.system_note.value = _note(ignored, MUTED)
        self.service.value = self._service_value()
        self.address.layout.display = None if self.service.value == OTHER else "none"
        self.budget.value = float(chat.budget.amount) if chat.budget else 0.0
        self.budget.description = words("labels", self._language)["aside"].format(
            words=names["budget"], more=self._currency()
        )
        self.kept.value = self.storage

    def _service_value(self) -> str:
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
        region = "beijing" if connection.is_stand_in else connection.region
        prices = facts.prices.get(region) if facts and region else None
        return prices.currency if prices else "CNY"

    def _use(self, change: Any) -> None:
        control, value = change["owner"], change["new"]
        if control is self.model:
            self._change(lambda: self._chat.use(value))
        elif control is self.answers:
            self._change(lambda: self._chat.use(modalities=list(value)))
        elif control is self.voice and value:
            self._change(lambda: self._chat.use(voice=value, modalities=self._chat.modalities))
        elif control is self.system:
            self._change(lambda: self._chat.use(system=value))
        elif control is self.as_turns:
            self._change(lambda: self._chat.use(system_as_turns=value))

    def _choose_service(self, change: Any) -> None:
        service = change["new"]
        if service == OTHER:
            self.address.layout.display = None
        else:
            self._connect(service)

    def _connect(self, service: str, *, api_key: str | None = None) -> None:
        self._change(lambda: self._use_service(service, api_key))

    def _use_address(self, change: Any) -> None:
        if address := change["new"].strip():
            self._connect(address)

    def _use_service(self, service: str, api_key: str | None) -> None:
        if service == CURRENT:
            self._chat.connection = None
        elif not api_key and (name := missing_key(service)):
            self._wanted_service = service
            self._ask_key(name)
        else:
            self._chat.connection = connection_to(service, api_key=api_key)

    def _set_budget(self, change: Any) -> None:
        self._change(lambda: self._use_budget(Decimal(str(change["new"]))))

    def _use_budget(self, amount: Decimal) -> None:
        self._chat.budget = Money(amount, self._currency()) if amount > 0 else None

    def _set_storage(self, change: Any) -> None:
        self._change(lambda: setattr(self, "storage", change["new"]))

    def _change(self, change: Callable[[], None]) -> None:
        """Make a person's change; what is wrong with it is said below the controls."""
        with self._lock:
            if self._is_following:
                return
            try:
                with noted_warnings() as said:
                    change()
                problem = " ".join(said)
            except OmniError as error:
                problem = str(error)
        self.problem.value = _note(problem, WARN, role="alert")
        self.follow()
        self._on_change()


def _picker(options: list[Any]) -> widgets.Dropdown:
    return widgets.Dropdown(options=options, style=_DESCRIBED, layout=_WIDE)


def _note(said: str, color: str, *, role: str = "note") -> HTML:
    if not said:
        return HTML()
    return tag("div", said, class_="omni-panel-settings-note", role=role, style=f"color:{color}")


def _takes(chat: Conversation, facts: ModelFacts | None, language: Language) -> str:
    """Say what a model can take, and how it answers in this conversation."""
    names, model = words("settings", language), chat.model
    if facts is None:
        return names["unknown model"].format(model=model)
    comma = words("labels", language)["list"]
    kinds = comma.join(names.get(kind, kind) for kind in facts.inputs).lower()
    answers = names["speech" if "audio" in chat.modalities else "text"].lower()
    return names["takes"].format(model=model, inputs=kinds, outputs=answers)


def _service_name(connection: Connection, language: Language) -> str:
    if connection.is_stand_in:
        return words("settings", language)["offline"]
    if connection.region:
        return f"DashScope · {region_name(connection.region, language)}"
    return urlsplit(connection.base_url).netloc
