"""The cost explorer: what a model costs for many questions of one kind."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import ipywidgets as widgets

from omni_nb.render.html import HTML, join, style, tag
from omni_nb.render.labels import entry_name, money_text, region_name
from omni_nb.render.palette import MODALITY_COLORS, MUTED
from omni_nb.render.tables import Row, Table
from omni_nb.rules.bill import (
    Bill,
    ImaginedQuestion,
    Offer,
    TurnUsage,
    average_turn,
    bill,
    imagined_turn,
)
from omni_nb.rules.catalog import facts_of, known_models
from omni_nb.rules.pricing import entry_modality
from omni_nb.views.explorers.controls import DESCRIPTION, checked_model, number, picker
from omni_nb.views.explorers.frame import Explorer, View, paragraph, warning
from omni_nb.wire.request import DEFAULT_MODEL
from omni_nb.words import plural, words

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from decimal import Decimal

    from omni_nb.chat.conversation import Conversation
    from omni_nb.words import Language

IMAGE_SIZES = ((320, 240), (640, 480), (1280, 800), (1920, 1080), (4032, 3024))
VIDEO_SIZES = ((320, 240), (640, 360), (1280, 720), (1920, 1080))


@dataclass(frozen=True, slots=True)
class CostState:
    """What the controls of a cost explorer say.

    ``counted_by`` is the model that counted the tokens of a turn that was really asked.
    """

    turn: TurnUsage
    offer: Offer
    language: Language
    counted_by: str = ""


def cost_explorer(
    chat: Conversation | None = None,
    *,
    model: str = DEFAULT_MODEL,
    region: str = "beijing",
    language: Language = "en",
) -> CostExplorer:
    """Explore what questions cost, by model, contents and number.

    Parameters
    ----------
    chat
        Begin with its model and its average turn, as the service counted it.
    model, region
        The model and the region to begin with when there is no chat.
    language
        The language of the labels: ``"en"`` or ``"zh"``.

    Returns
    -------
    CostExplorer
        A widget; its ``close()`` ends it.

    Raises
    ------
    RequestError
        The model is not known.

    Examples
    --------
    >>> explorer = cost_explorer()
    >>> explorer.questions.value, explorer.answer_seconds.value = 100, 0
    >>> print(explorer.view.words.splitlines()[0])
    100 questions to qwen-omni-turbo: 0.018 CNY.
    >>> explorer.close()
    """
    return CostExplorer(chat, model=model, region=region, language=language)


def cost_view(state: CostState) -> View:
    """Return what a cost explorer shows of a state."""
    made = _bill(state)
    one, warnings = _one_words(state, made), _warnings(state, made)
    table, sentence = _table(state, made), _sentence(state, made)
    html = join(
        paragraph(tag("b", sentence), size="1.1em"),
        _bar(made),
        table.html(),
        paragraph(one, color=MUTED) if one else None,
        *map(warning, warnings),
    )
    return View(html, "\n".join(filter(None, [sentence, str(table), one, *warnings])))


def _bill(state: CostState) -> Bill:
    offer = state.offer
    return bill(state.turn, offer, facts_of(offer.model).prices.get(offer.region))


def _table(state: CostState, made: Bill) -> Table:
    names, labels = words("cost_explorer", state.language), words("labels", state.language)
    offer, currency = state.offer, made.currency or "?"
    region = region_name(offer.region, state.language)
    terms = names["terms"].format(questions=offer.questions, model=offer.model, region=region)
    caption = names["with batch"].format(terms=terms) if offer.is_batch else terms
    total = (f"{made.tokens:,}", "", _amount(made.total, labels))
    rows = (*_rows(state, made), Row(labels["total"], total, is_total=True))
    note = names["counted"] if state.counted_by else names["estimate"]
    head = (labels["tokens"], names["per million"].format(currency=currency), currency)
    return Table(caption, ("", *head), rows, (note.format(model=state.counted_by),))


def _rows(state: CostState, made: Bill) -> Iterable[Row]:
    names, labels = words("cost_explorer", state.language), words("labels", state.language)
    for entry in made.entries:
        price = names["free"] if entry.is_free else _times(entry.price, made.factor, labels)
        cells = (f"{entry.tokens:,}", price, _amount(entry.amount, labels))
        yield Row(entry_name(entry.entry, state.language), cells, entry_modality(entry.entry))
    for name in made.unknown:
        cells = (names["no rule"], "", labels["unknown"])
        yield Row(entry_name(name, state.language), cells, entry_modality(name))


def _times(price: Decimal | None, factor: Decimal | None, labels: Mapping[str, str]) -> str:
    """Write a price and the factor of Batch, so that a row can be recalculated."""
    if price is None:
        return labels["unknown"]
    if factor == 1:
        return f"{price:f}"
    return f"{price:f} × {labels['unknown'] if factor is None else f'{factor:f}'}"


def _amount(amount: Decimal | None, labels: Mapping[str, str]) -> str:
    """Write an amount below a head that names the currency, to its last digit."""
    if amount is None:
        return labels["unknown"]
    return f"{amount.normalize():f}" if amount else "0"


def _sentence(state: CostState, made: Bill) -> str:
    offer, total = state.offer, words("labels", state.language)["cost unknown"]
    if made.total is not None:
        total = money_text(made.total, made.currency, state.language, exact=True)
    return words("cost_explorer", state.language)["sentence"].format(
        questions=offer.questions, s=plural(offer.questions), model=offer.model, total=total
    )


def _one_words(state: CostState, made: Bill) -> str:
    names, offer = words("cost_explorer", state.language), state.offer
    if made.total is None or offer.questions < 2:
        return ""
    one = made.total / offer.questions
    return names["one"].format(amount=money_text(one, made.currency, state.language, exact=True))


def _warnings(state: CostState, made: Bill) -> list[str]:
    names, facts = words("cost_explorer", state.language), facts_of(state.offer.model)
    said, limit = [], facts.limits.input_tokens
    if limit is not None and made.input_tokens > limit:
        said.append(
            names["too much"].format(tokens=made.input_tokens, model=facts.name, limit=limit)
        )
    is_spoken = any(entry.entry == "audio out" for entry in made.entries)
    if (is_spoken or "audio out" in made.unknown) and not facts.speaks:
        said.append(names["silent"].format(model=facts.name))
    return said


def _bar(made: Bill) -> HTML:
    """Draw the shares of the amounts as a bar; decoration, the table says the same."""
    if not made.total:
        return HTML()
    pieces = (
        tag(
            "div",
            style=style(
                f"width:{100 * entry.amount / made.total:.2f}%",
                "height:0.6em",
                f"background-color:{MODALITY_COLORS[entry_modality(entry.entry)]}",
            ),
        )
        for entry in made.entries
        if entry.amount
    )
    row = "display:flex;gap:1px;max-width:32em;margin:0.25em 0"
    return tag("div", *pieces, aria_hidden="true", style=row)


class CostExplorer(Explorer):
    """What `cost_explorer` returns.

    Attributes
    ----------
    model, region, questions, batch
        The terms.
    turn
        With a chat: whether its average turn or the numbers below are billed.
    text, images, image_size, audio_seconds, video_seconds, video_size, video_audio
        What a question has in it.
    answer_tokens, answer_seconds
        What the answer has: text and speech.
    """

    def __init__(
        self, chat: Conversation | None, *, model: str, region: str, language: Language
    ) -> None:
        self._language = language
        self._names = names = words("cost_explorer", language)
        counted = [] if chat is None else [reply.usage for reply in chat.replies if reply.usage]
        self._average = average_turn(counted)
        self._counted_by = "" if chat is None else chat.model
        models = [facts.name for facts in known_models()]
        first = checked_model(model if chat is None else chat.model, of=models)
        self.model = picker(names["model"], zip(models, models, strict=True), first)
        regions = self._regions()
        if chat is not None and chat.replies:
            region = chat.replies[-1].region or region
        first_region = region if region in dict(regions).values() else regions[0][1]
        self.region = picker(names["region"], regions, first_region)
        self.questions = number(names["questions"], 1000, most=10_000_000)
        self.batch = widgets.Checkbox(description=names["batch"], indent=True)
        self._make_contents()
        self.turn = widgets.ToggleButtons(
            options=[
                (names["imagined"], "imagined"),
                (names["average"].format(count=len(counted)), "average"),
            ],
            value="average" if self._average else "imagined",
            description=names["turn"],
            style={**DESCRIPTION, "button_width": "auto"},
        )
        terms = [self.model, self.region, self.questions, self.batch]
        choice = [self.turn] if self._average else []
        super().__init__(names["title"], [*terms, *choice, self._contents], language)
        self.watch(self.model, self._take_model)
        for control in (self.region, self.questions, self.batch, self.turn, *self._numbers):
            self.watch(control)
        self.refresh()

    @property
    def question(self) -> ImaginedQuestion:
        """What the controls say of a question and its answer."""
        return ImaginedQuestion(
            text_tokens=self.text.value,
            images=self.images.value,
            image_size=self.image_size.value,
            audio_seconds=self.audio_seconds.value,
            video_seconds=self.video_seconds.value,
            video_size=self.video_size.value,
            has_video_audio=self.video_audio.value,
            answer_tokens=self.answer_tokens.value,
            answer_seconds=self.answer_seconds.value,
        )

    @property
    def state(self) -> CostState:
        """What the controls say."""
        offer = Offer(self.model.value, self.region.value, self.batch.value, self.questions.value)
        if self.turn.value == "average" and self._average is not None:
            return CostState(self._average, offer, self._language, self._counted_by)
        turn = imagined_turn(self.question, facts_of(offer.model))
        return CostState(turn, offer, self._language)

    def look(self) -> View:
        """Write the bill."""
        self._contents.layout.display = "none" if self.turn.value == "average" else None
        return cost_view(self.state)

    def _make_contents(self) -> None:
        names = self._names
        tokens, seconds = words("labels", self._language)["tokens"], names["seconds"]
        self.text = number(names["text"], 50, most=1_000_000, unit=tokens)
        self.images = number(names["images"], 0, most=1000)
        self.image_size = _sizes(names["size"], IMAGE_SIZES, (1920, 1080))
        self.audio_seconds = number(names["audio"], 0, most=100_000, unit=seconds)
        self.video_seconds = number(names["video"], 0, most=100_000, unit=seconds)
        self.video_size = _sizes(names["size"], VIDEO_SIZES, (1280, 720))
        self.video_audio = widgets.Checkbox(
            value=True, description=names["video sound"], indent=True
        )
        self.answer_tokens = number(names["answer"], 100, most=1_000_000, unit=tokens)
        self.answer_seconds = number(names["speech"], 10, most=100_000, unit=seconds)
        self._numbers = [
            self.text,
            self.images,
            self.image_size,
            self.audio_seconds,
            self.video_seconds,
            self.video_size,
            self.video_audio,
            self.answer_tokens,
            self.answer_seconds,
        ]
        rows = [
            _with_unit(self.text, tokens),
            _in_a_row(self.images, self.image_size),
            _with_unit(self.audio_seconds, seconds),
            _in_a_row(_with_unit(self.video_seconds, seconds), self.video_size),
            self.video_audio,
            _with_unit(self.answer_tokens, tokens),
            _with_unit(self.answer_seconds, seconds),
        ]
        self._contents = widgets.VBox(rows)

    def _regions(self) -> list[tuple[str, str]]:
        priced = list(facts_of(self.model.value).prices)
        named = [(region_name(name, self._language), name) for name in priced]
        return named or [(self._names["no region"], "")]

    def _take_model(self, _change: Any) -> None:
        """Offer the regions of the new model, and stay in the same one if it is there."""
        before, regions = self.region.value, self._regions()
        with self.together():
            self.region.options = regions
            if before in dict(regions).values():
                self.region.value = before


def _sizes(name: str, sizes: Iterable[tuple[int, int]], value: tuple[int, int]) -> widgets.Dropdown:
    options = [(f"{width:,} × {height:,}", (width, height)) for width, height in sizes]
    made = picker(name, options, value)
    made.style = {"description_width": "3em"}
    made.layout = {"width": "13em", "max_width": "100%"}
    return made


def _with_unit(control: widgets.Widget, unit: str) -> widgets.Widget:
    return _in_a_row(control, widgets.Label(unit))


def _in_a_row(*controls: widgets.Widget) -> widgets.Widget:
    return widgets.HBox(controls, layout={"flex_flow": "row wrap"})
