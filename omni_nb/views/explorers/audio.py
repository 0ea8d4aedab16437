"""The audio explorer: seconds of audio, their tokens in and out, and the model's limits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from omni_nb.errors import MediaError
from omni_nb.media.extract import read_audio
from omni_nb.media.parts import AudioPart
from omni_nb.media.parts import audio as as_audio
from omni_nb.media.sources import not_here
from omni_nb.render.html import join, tag
from omni_nb.render.labels import join_sentences, money_text, sentence, share_text, tokens_text
from omni_nb.render.palette import MUTED
from omni_nb.render.tables import dot
from omni_nb.render.waveform import waveform
from omni_nb.rules.catalog import facts_of
from omni_nb.rules.images import token_rules
from omni_nb.rules.pricing import Usage
from omni_nb.rules.tokens import audio_tokens
from omni_nb.views.explorers.controls import (
    CHOOSE,
    Measure,
    checked_model,
    picker,
    weighing_models,
)
from omni_nb.views.explorers.drawing import AUDIO_BOX, draw_audio, peaks_of
from omni_nb.views.explorers.frame import Explorer, ImageFile, View, paragraph, warning
from omni_nb.wire.request import DEFAULT_MODEL
from omni_nb.words import plural, words

if TYPE_CHECKING:
    from collections.abc import Mapping
    from decimal import Decimal

    from omni_nb.words import Language

BEYOND = 1.25
"""How far the scale goes beyond the model's limit, to show it."""

_SHORTEST = 0.1  # seconds, of the slider; the box takes 0, too
_LONGEST = 3600.0  # of a model whose limit is not known
_SPANS = (2, 5, 10, 20, 60, 120, 300, 600, 1800, 3600, 7200, 14_400)
_HEARD_SECONDS = 20 * 60  # of longer audio no waveform is drawn
_START = 4.0
_EXAMPLES: Mapping[str, float] = {"click": 0.2, "second": 1, "question": 4.3, "minute": 60}


@dataclass(frozen=True, slots=True)
class AudioState:
    """What the controls of an audio explorer say."""

    seconds: float
    model: str
    region: str
    language: Language


@dataclass(frozen=True, slots=True)
class Shape:
    """A clip's waveform (PNG) and its length."""

    drawn: bytes
    seconds: float


def audio_explorer(
    clip: Any = None,
    *,
    model: str = DEFAULT_MODEL,
    region: str = "beijing",
    language: Language = "en",
) -> AudioExplorer:
    """Explore how seconds of audio become tokens, in and out.

    Parameters
    ----------
    clip
        Audio to begin with: anything that `omni_nb.audio` takes.
    model
        The model to begin with.
    region
        The region whose prices are shown.
    language
        The language of the labels: ``"en"`` or ``"zh"``.

    Returns
    -------
    AudioExplorer
        A widget; its ``close()`` ends it.

    Raises
    ------
    MediaError
        ``clip`` is no audio that can be read here.
    RequestError
        The model's token rules are not known.

    Examples
    --------
    >>> explorer = audio_explorer()
    >>> explorer.duration.value = 0.2
    >>> explorer.view.words[:28]
    'As a question: 25 tokens (0.'
    >>> explorer.close()
    """
    return AudioExplorer(clip, model=model, region=region, language=language)


def why(state: AudioState) -> str:
    """Say in words how the tokens of a question's audio come about.

    Examples
    --------
    >>> why(AudioState(0.2, "qwen-omni-turbo", "beijing", "en"))
    'Less than a second counts as one second. 25 tokens per second × 1 s = 25.'
    """
    language = state.language
    names, labels = words("audio_explorer", language), words("labels", language)
    if state.seconds == 0:
        return names["none"]
    rates = _rates(state.model)
    counted = max(1.0, state.seconds)
    exact = round(float(rates[0]) * counted, 6)
    tokens = audio_tokens(state.seconds, model=state.model)
    rule = names["rule"].format(rate=rates[0], seconds=_plain(counted), exact=f"{exact:,.10g}")
    if exact != tokens:
        rule = labels["comma"].join((rule, names["rounded"].format(tokens=tokens)))
    return join_sentences(
        names["minimum"] if state.seconds < 1 else "",
        sentence(rule, language),
        names["rest"].format(rate_out=rates[1]) if rates[0] != rates[1] else "",
        language=language,
    )


def limit_words(state: AudioState) -> tuple[str, bool]:
    """Say how long audio the model takes, and whether this is too long."""
    names, limit = (
        words("audio_explorer", state.language),
        facts_of(state.model).limits.audio_seconds,
    )
    if limit is None:
        return names["no limit"].format(model=state.model), False
    is_too_long = state.seconds > limit
    said = names["too long" if is_too_long else "limit"]
    return said.format(model=state.model, limit=_long(limit, names)), is_too_long


def audio_view(state: AudioState, shape: Shape | None = None) -> View:
    """Return what an audio explorer shows of a state."""
    language, reason = state.language, why(state)
    question, answer = _question_words(state), _answer_words(state)
    limit, is_too_long = limit_words(state)
    html = join(
        paragraph(_scale_words(state, shape), color=MUTED, size="0.85em"),
        paragraph(dot("audio"), tag("b", question), size="1.25em"),
        paragraph(_share_words(state), color=MUTED),
        paragraph(dot("audio"), answer),
        paragraph(reason),
        warning(limit) if is_too_long else paragraph(limit, color=MUTED),
    )
    facts = (sentence(fact, language) for fact in (question, answer))
    said = join_sentences(*facts, reason, limit, language=language)
    return View(html, said, _drawn(state, shape))


def _question_words(state: AudioState) -> str:
    tokens = audio_tokens(state.seconds, model=state.model)
    said = words("audio_explorer", state.language)["in"].format(
        count=tokens_text(tokens, state.language)
    )
    return _with_cost(said, Usage(input={"audio": tokens}), state)


def _answer_words(state: AudioState) -> str:
    names = words("audio_explorer", state.language)
    if not facts_of(state.model).speaks:
        return names["no speech"].format(model=state.model)
    tokens = audio_tokens(state.seconds, model=state.model, output=True)
    said = names["out"].format(count=tokens_text(tokens, state.language))
    return _with_cost(said, Usage(output={"audio": tokens}), state)


def _with_cost(said: str, usage: Usage, state: AudioState) -> str:
    labels, cost = words("labels", state.language), usage.cost(state.model, region=state.region)
    price = labels["cost unknown"]
    if cost is not None:
        price = money_text(cost.total, cost.currency, state.language, exact=True)
    return labels["aside"].format(words=said, more=price)


def _share_words(state: AudioState) -> str:
    tokens = audio_tokens(state.seconds, model=state.model)
    return share_text(tokens, facts_of(state.model).limits.input_tokens, state.language)


def _scale_words(state: AudioState, shape: Shape | None) -> str:
    names, span = words("audio_explorer", state.language), _span(state, shape)
    limit = facts_of(state.model).limits.audio_seconds
    mark = names["mark"] if limit is not None and limit < span else ""
    return join_sentences(names["scale"].format(span=span), mark, language=state.language)


def _drawn(state: AudioState, shape: Shape | None) -> ImageFile:
    span = _span(state, shape)
    data = draw_audio(
        state.seconds,
        max(1.0, state.seconds) if state.seconds else 0.0,
        span,
        limit=facts_of(state.model).limits.audio_seconds,
        peaks=None if shape is None else peaks_of(shape.drawn, shape.seconds, span),
    )
    names = words("audio_explorer", state.language)
    said = names["drawn"].format(seconds=_plain(state.seconds), span=span)
    return ImageFile(data, "image/png", *AUDIO_BOX, said)


def _span(state: AudioState, shape: Shape | None) -> int:
    """Return the seconds of the drawing's scale, in steps, so that it changes seldom."""
    needed = max(state.seconds, shape.seconds if shape else 0.0)
    return next((span for span in _SPANS if span > needed), int(needed * BEYOND) + 1)


def _rates(model: str) -> tuple[Decimal, Decimal]:
    rules = token_rules(model)
    return rules.audio_per_second_in, rules.audio_per_second_out


def _plain(seconds: float) -> float | int:
    return int(seconds) if seconds == int(seconds) else seconds


def _long(seconds: float, names: Mapping[str, str]) -> str:
    units = {"hours": 3600, "minutes": 60, "s": 1}
    name = next((name for name, unit in units.items() if seconds >= unit), "s")
    count = seconds / units[name]
    return names[name].format(count=count, s=plural(count))


class AudioExplorer(Explorer):
    """What `audio_explorer` returns.

    Attributes
    ----------
    duration
        The seconds: a `Measure`.
    model, example
        The other controls, stock widgets.
    """

    def __init__(self, clip: Any, *, model: str, region: str, language: Language) -> None:
        self._names = names = words("audio_explorer", language)
        self._region = region
        part = None if clip is None else _heard(clip)
        self._shape = None if part is None else _shape_of(part)
        self._own_seconds = None if part is None else round(part.seconds, 3)
        models = weighing_models()
        self.model = picker(
            names["model"], zip(models, models, strict=True), checked_model(model, of=models)
        )
        self.duration = Measure(
            names["duration"],
            names["seconds"],
            min(_START if self._own_seconds is None else self._own_seconds, self._most()),
            least=_SHORTEST,
            most=self._most(),
            zero=True,
            digits=1,
        )
        own = CHOOSE if self._own_seconds is None else self._own_seconds
        self.example = picker(names["example"], self._examples(), own)
        rows = [self.model, self.example, self.duration.row]
        super().__init__(names["title"], rows, language)
        self.watch(self.model, self._take_model)
        self.watch(self.example, self._take_example)
        self.watch(self.duration.box)
        self.refresh()

    @property
    def state(self) -> AudioState:
        """What the controls say."""
        return AudioState(self.duration.value, self.model.value, self._region, self._language)

    def look(self) -> View:
        """Count the tokens of audio of this length."""
        if self.example.value not in (CHOOSE, self.duration.value):
            self.example.value = CHOOSE
        return audio_view(self.state, self._shape)

    def _most(self) -> float:
        """Return the end of the scale: beyond the limit, and not before the clip's end."""
        limit = facts_of(self.model.value).limits.audio_seconds
        return max(BEYOND * (limit or _LONGEST / BEYOND), self._own_seconds or 0.0)

    def _examples(self) -> list[tuple[str, Any]]:
        limit = facts_of(self.model.value).limits.audio_seconds
        own = {} if self._own_seconds is None else {"yours": self._own_seconds}
        most = {} if limit is None else {"most": float(limit)}
        lengths = {**own, **_EXAMPLES, **most}
        unit = self._names["seconds"]
        named = [(f"{self._names[n]} · {_plain(s):,} {unit}", s) for n, s in lengths.items()]
        return [(self._names["choose"], CHOOSE), *named]

    def _take_model(self, _change: Any) -> None:
        with self.together():
            self.example.options = self._examples()
            self.duration.reach(self._most())

    def _take_example(self, change: Any) -> None:
        if change["new"] != CHOOSE:
            with self.together():
                self.duration.value = change["new"]


def _heard(clip: Any) -> AudioPart:
    part = as_audio(clip)
    if not isinstance(part, AudioPart):
        raise not_here(part.name, unknown="duration", instead="no clip and set its duration")
    return part


def _shape_of(part: AudioPart) -> Shape | None:
    """Return the waveform, where the audio can be decoded and is not too long."""
    if part.seconds > _HEARD_SECONDS:
        return None
    try:
        return Shape(waveform(read_audio(part.source).samples), part.seconds)
    except MediaError:  # damaged audio is for the service to refuse; here the waveform is missing
        return None
