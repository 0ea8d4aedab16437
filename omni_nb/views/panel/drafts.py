"""Drafts: what a person is about to ask, with its attachments, before anything is sent."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from omni_nb.errors import MediaError, OmniError, RequestError
from omni_nb.media import heic
from omni_nb.media.parts import AudioPart, ImagePart, TextPart, VideoPart, as_parts
from omni_nb.media.textfile import NO_TEXT, TEXT_BYTES, TOO_LARGE, is_text_file, text_file
from omni_nb.render.errors import advice_text, error_text
from omni_nb.render.labels import cost_text, money_text, seconds_text, size_text, tokens_text
from omni_nb.render.parts import part_chip_html
from omni_nb.rules.catalog import find_model
from omni_nb.rules.limits import check_part, check_parts
from omni_nb.rules.pricing import Usage
from omni_nb.rules.shrink import shrink
from omni_nb.rules.weigh import weigh
from omni_nb.views.panel.protocol import DraftItem
from omni_nb.words import words

if TYPE_CHECKING:
    from pathlib import Path

    from omni_nb.chat.conversation import Conversation
    from omni_nb.media.parts import Part
    from omni_nb.rules.estimate import Estimate
    from omni_nb.words import Language


@dataclass(slots=True)
class Attachment:
    """An attachment: a part of the question to be, and the name of its file."""

    key: str
    part: Part
    name: str


@dataclass(slots=True)
class Draft:
    """The words and the attachments of a question that is being written."""

    text: str = ""
    attachments: list[Attachment] = field(default_factory=list)

    @property
    def parts(self) -> tuple[Part, ...]:
        """The question as it would be asked."""
        text = (TextPart(self.text),) if self.text.strip() else ()
        return (*(one.part for one in self.attachments), *text)

    def attach(self, upload: str, path: Path, language: Language) -> None:
        """Attach a file that has arrived, whatever its name says it is.

        Raises
        ------
        MediaError
            The file is no image, audio, video or text that can be opened here.
        """
        try:
            (part,) = (text_file(path),) if is_text_file(path) else as_parts(path)
        except MediaError as error:
            said = _unusable(path, error, language)
            raise MediaError(said, hint=error.hint or "unreadable") from error
        self.attachments.append(Attachment(upload, part, path.name))

    def remove(self, key: str) -> None:
        """Take an attachment away."""
        self.attachments = [one for one in self.attachments if one.key != key]

    def shrink(self, key: str, model: str) -> str:
        """Bring an attachment under the model's limits, and say what that changed.

        Raises
        ------
        MediaError, RequestError
            The attachment cannot be shrunk.
        """
        said: list[str] = []
        for one in self.attachments:
            if one.key == key:
                one.part = shrink(one.part, model=model, say=said.append)
        return " ".join(said)


def refusals(draft: Draft, model: str) -> dict[str, OmniError]:
    """Return why attachments cannot be sent, each by itself and then together with those before.

    What no attachment can help, such as a model that is not known, is not said here.
    """
    facts = find_model(model)
    found: dict[str, OmniError] = {}
    if facts is None:
        return found
    good: list[Part] = []
    for one in draft.attachments:
        try:
            check_part(one.part, facts)
            check_parts([*good, one.part], facts)
        except (MediaError, RequestError) as error:
            found[one.key] = error
        else:
            good.append(one.part)
    return found


def item_records(
    draft: Draft, chat: Conversation, region: str | None, language: Language
) -> list[DraftItem]:
    """Return the attachments as the browser shows them."""
    refused = refusals(draft, chat.model)
    return [
        DraftItem(
            item=one.key,
            kind=one.part.modality,
            name=getattr(one.part, "name", one.name),
            html=part_chip_html(one.part, language),
            facts=_facts(one.part, chat.model, region, language),
            refusal=_refusal(refused.get(one.key), language),
            can_shrink=isinstance(refused.get(one.key), MediaError),
        )
        for one in draft.attachments
    ]


def draft_words(
    draft: Draft, made: Estimate, history: int, language: Language, *, is_free: bool
) -> str:
    """Say the tokens and the cost of a question, with the conversation before it.

    Parameters
    ----------
    made
        The estimate of the whole request.
    history
        How many tokens of it are the conversation so far.
    is_free
        Whether the stand-in answers.
    """
    if not draft.parts:
        return ""
    names, key = words("panel", language), "least count" if made.has_unknown else "about count"
    said = [tokens_text(made.tokens - history, language, key=key)]
    if (cost := made.cost) is not None:
        amount = cost_text(cost, language)
        if "audio" in made.modalities and made.speech_price is not None:
            price = money_text(made.speech_price, cost.currency, language)
            amount = f"{amount} {names['per second'].format(price=price)}"
        free = words("labels", language)["would cost"].format(amount=amount)
        said.append(free if is_free else amount)
    if made.input_limit and history:
        said.append(names["with"].format(tokens=made.tokens, limit=made.input_limit))
    return " · ".join(said)


def _unusable(path: Path, error: MediaError, language: Language) -> str:
    """Say why a file cannot be attached, and what can be done about it."""
    if error.hint == heic.HINT:  # the photo is whole, and something is missing here
        return f"{path.name}: {advice_text(error, language)}"
    names = words("panel", language)
    if error.hint in (TOO_LARGE, NO_TEXT):
        size = path.stat().st_size
        return names[error.hint].format(name=path.name, size=size / 1e3, most=TEXT_BYTES / 1e3)
    return names["unreadable"].format(name=repr(path.name))


def _refusal(error: OmniError | None, language: Language) -> str:
    return "" if error is None else error_text(error, language)


def _facts(part: Part, model: str, region: str | None, language: Language) -> str:
    """Say the size, length, tokens and cost of a medium."""
    match part:
        case ImagePart():
            said = [f"{part.width} × {part.height}", size_text(part.total_bytes, language)]
        case AudioPart() | VideoPart():
            said = [_seconds(part, language), size_text(part.total_bytes, language)]
        case TextPart():
            said = [size_text(len(part.text.encode()), language)]
        case _:
            said = []
    facts = find_model(model)
    weight = weigh(part, facts) if facts else None
    if weight is not None and not weight.has_unknown:
        said.append(tokens_text(weight.total, language))
        cost = Usage(input=dict(weight.tokens)).cost(model, region=region) if region else None
        if cost is not None:
            said.append(cost_text(cost, language))
    return " · ".join(said)


def _seconds(part: AudioPart | VideoPart, language: Language) -> str:
    return words("labels", language)["seconds"].format(seconds=seconds_text(part.seconds))
