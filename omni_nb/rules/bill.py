"""A bill: the tokens and the cost of many like questions, entry by entry."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING

from omni_nb.errors import RequestError
from omni_nb.rules.pricing import ENTRIES, MEDIA, Usage, entries
from omni_nb.rules.tokens import audio_tokens, image_tokens, video_tokens
from omni_nb.rules.weigh import Weight

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from omni_nb.rules.facts import ModelFacts, Prices

VIDEO_FPS = 30
"""Frames per second of the video that is asked about; what most cameras make."""


@dataclass(frozen=True, slots=True)
class ImaginedQuestion:
    """An imagined question and its answer; sizes are (width, height) in pixels.

    Examples
    --------
    >>> from omni_nb.rules.catalog import find_model
    >>> asked = ImaginedQuestion(text_tokens=100, images=1, image_size=(640, 480))
    >>> asked.weight(find_model("qwen-omni-turbo")).tokens
    mappingproxy({'text': 100, 'image': 393})
    """

    text_tokens: int = 0
    images: int = 0
    image_size: tuple[int, int] = (1920, 1080)
    audio_seconds: float = 0
    video_seconds: float = 0
    video_size: tuple[int, int] = (1280, 720)
    has_video_audio: bool = True
    answer_tokens: int = 0
    answer_seconds: float = 0

    def weight(self, facts: ModelFacts) -> Weight:
        """Estimate the question's tokens by the model's rules."""
        return sum(
            (
                Weight({"text": self.text_tokens} if self.text_tokens else {}),
                _weight("image", self.images, lambda: self._image_tokens(facts)),
                _audio(self.audio_seconds, facts),
                _weight("video", self.video_seconds, lambda: self._video_tokens(facts)),
                _audio(self.video_seconds if self.has_video_audio else 0, facts),
            ),
            Weight(),
        )

    def answer(self, facts: ModelFacts) -> Weight:
        """Estimate the tokens of the answer."""
        text = Weight({"text": self.answer_tokens} if self.answer_tokens else {})
        return text + _weight(
            "audio",
            self.answer_seconds,
            lambda: audio_tokens(self.answer_seconds, model=facts, output=True),
        )

    def _image_tokens(self, facts: ModelFacts) -> int:
        return self.images * image_tokens(*self.image_size, model=facts).tokens

    def _video_tokens(self, facts: ModelFacts) -> int:
        return video_tokens(*self.video_size, self.video_seconds, VIDEO_FPS, model=facts).tokens


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry of a bill: tokens × price = amount.

    Attributes
    ----------
    entry
        What is counted, named as in `Cost`.
    tokens
        Tokens of all questions.
    price
        Price per million tokens, without the factor of Batch; None: unknown.
    amount
        Amount with that factor; None: unknown.
    is_free
        Whether the entry is the text of a spoken answer, which is not billed.
    """

    entry: str
    tokens: int
    price: Decimal | None
    amount: Decimal | None
    is_free: bool = False


@dataclass(frozen=True, slots=True)
class Bill:
    """The cost of a number of questions.

    Attributes
    ----------
    unknown
        Entries whose tokens are not known; with one of them the total is unknown.
    factor
        The factor of Batch on every price: 1 without Batch, None when it is unknown.
    total
        The sum of the amounts; None: unknown.
    """

    entries: tuple[Entry, ...]
    unknown: tuple[str, ...]
    currency: str
    factor: Decimal | None
    total: Decimal | None
    input_tokens: int = 0

    @property
    def tokens(self) -> int:
        """The tokens of all entries."""
        return sum(entry.tokens for entry in self.entries)


@dataclass(frozen=True, slots=True)
class Offer:
    """The terms of asking: model, region, Batch and number of questions."""

    model: str
    region: str = "beijing"
    is_batch: bool = False
    questions: int = 1


@dataclass(frozen=True, slots=True)
class TurnUsage:
    """The tokens of one question and its answer, and the entries whose tokens are unknown."""

    usage: Usage
    unknown: tuple[str, ...] = field(default=())


def imagined_turn(question: ImaginedQuestion, facts: ModelFacts) -> TurnUsage:
    """Estimate the tokens of an imagined question and answer."""
    asked, answered = question.weight(facts), question.answer(facts)
    unknown = [
        entry
        for entry, is_there, side in (
            ("image in", question.images, asked),
            ("audio in", question.audio_seconds, asked),
            ("video in", question.video_seconds, asked),
            ("audio out", question.answer_seconds, answered),
        )
        if is_there and side.has_unknown and entry.partition(" ")[0] not in side.tokens
    ]
    return TurnUsage(Usage(input=asked.tokens, output=answered.tokens), tuple(unknown))


def average_turn(usages: Iterable[Usage]) -> TurnUsage | None:
    """Return the mean usage in whole tokens; None without any usage.

    Examples
    --------
    >>> average_turn([Usage({"text": 10}, {"text": 4}), Usage({"text": 21}, {"text": 5})]).usage
    Usage(input={'text': 16}, output={'text': 5}, total=21)
    """
    counted = list(usages)
    if not counted:
        return None
    total = sum(counted, Usage())
    means = [
        {name: _mean(tokens, len(counted)) for name, tokens in side.items()}
        for side in (total.input, total.output)
    ]
    return TurnUsage(Usage(input=means[0], output=means[1]))


def bill(turn: TurnUsage, offer: Offer, prices: Prices | None) -> Bill:
    """Write the bill of a turn, asked on an offer's terms.

    Examples
    --------
    >>> from omni_nb.rules.catalog import find_model
    >>> turn = TurnUsage(Usage({"text": 1000, "image": 1000}, {"text": 1000, "audio": 1000}))
    >>> prices = find_model("qwen-omni-turbo").prices["beijing"]
    >>> str(bill(turn, Offer("qwen-omni-turbo", is_batch=True), prices).total)
    '0.02595'
    """
    usage = Usage(
        input={name: n * offer.questions for name, n in turn.usage.input.items()},
        output={name: n * offer.questions for name, n in turn.usage.output.items()},
    )
    cost = usage.cost(offer.model, region=offer.region, batch=offer.is_batch)
    amounts: Mapping[str, Decimal] = {} if cost is None else cost.amounts
    tokens = entries(usage)
    return Bill(
        entries=tuple(
            Entry(
                entry,
                tokens[entry],
                _price(entry, usage, prices),
                amounts.get(entry),
                is_free=entry == "text out" and _is_spoken(usage),
            )
            for entry in ENTRIES
            if entry in tokens
        ),
        unknown=turn.unknown,
        currency="" if prices is None else prices.currency,
        factor=_factor(offer, prices),
        total=None if cost is None or turn.unknown else cost.total,
        input_tokens=turn.usage.input_total,
    )


def _price(entry: str, usage: Usage, prices: Prices | None) -> Decimal | None:
    if prices is None:
        return None
    name, side = entry.split()
    price: Decimal | None = getattr(prices, f"{name}_{side}")
    if entry != "text out":
        return price
    if _is_spoken(usage):
        return Decimal(0)
    return prices.text_out_after_media if any(map(usage.input.get, MEDIA)) else price


def _is_spoken(usage: Usage) -> bool:
    return bool(usage.output.get("audio"))


def _factor(offer: Offer, prices: Prices | None) -> Decimal | None:
    if not offer.is_batch:
        return Decimal(1)
    return None if prices is None else prices.batch_factor


def _audio(seconds: float, facts: ModelFacts) -> Weight:
    return _weight("audio", seconds, lambda: audio_tokens(seconds, model=facts))


def _weight(modality: str, amount: float, tokens: Callable[[], int]) -> Weight:
    """Count the tokens of a medium; unknown where the model has no rule for it."""
    if not amount:
        return Weight()
    try:
        return Weight({modality: tokens()})
    except RequestError:
        return Weight(has_unknown=True)


def _mean(tokens: int, turns: int) -> int:
    """Return the mean; half a token counts as one."""
    return (2 * tokens + turns) // (2 * turns)
