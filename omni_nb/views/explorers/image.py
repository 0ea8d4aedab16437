"""The image explorer: an image's size, its grid of tokens, and why it is that grid."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import ipywidgets as widgets

from omni_nb.errors import MediaError
from omni_nb.media.parts import ImagePart
from omni_nb.media.parts import image as as_image
from omni_nb.media.sources import not_here
from omni_nb.render.html import join, tag
from omni_nb.render.labels import (
    join_sentences,
    labelled,
    money_text,
    sentence,
    share_text,
    tokens_text,
)
from omni_nb.render.palette import MUTED
from omni_nb.render.tables import dot
from omni_nb.rules.catalog import facts_of
from omni_nb.rules.pricing import Usage
from omni_nb.rules.tokens import image_rule
from omni_nb.views.explorers.controls import (
    CHOOSE,
    Measure,
    checked_model,
    picker,
    weighing_models,
)
from omni_nb.views.explorers.drawing import draw_grid, draw_photo, fitted, is_fine, read_photo
from omni_nb.views.explorers.frame import Explorer, ImageFile, View, paragraph, warning
from omni_nb.views.filedrop import FileDrop
from omni_nb.wire.request import DEFAULT_MODEL
from omni_nb.words import words

if TYPE_CHECKING:
    from collections.abc import Mapping

    import PIL.Image

    from omni_nb.rules.images import ImageRule
    from omni_nb.rules.pricing import Cost
    from omni_nb.words import Language

SIDES = (10, 20_000)
"""The shortest and the longest side that can be explored (pixels)."""

UPLOAD_MEGABYTES = 9
"""What fits into one message of a notebook's connection, which breaks at 10 MiB."""

_PHOTO_PIXELS = 480
_START = (1920, 1080)
_EXAMPLES: Mapping[str, tuple[int, int]] = {
    "phone": (4032, 3024),
    "full hd": (1920, 1080),
    "screen": (1280, 800),
    "thumbnail": (320, 240),
    "icon": (16, 16),
    "banner": (1600, 200),
    "scroll": (1080, 12_000),
    "scan": (2480, 3508),
}


@dataclass(frozen=True, slots=True)
class ImageState:
    """What the controls of an image explorer say."""

    width: int
    height: int
    model: str
    region: str
    language: Language


def image_explorer(
    image: Any = None,
    *,
    model: str = DEFAULT_MODEL,
    region: str = "beijing",
    language: Language = "en",
) -> ImageExplorer:
    """Explore how the size of an image becomes tokens.

    Drag or type a size, or pick an example or an image of your own.

    Parameters
    ----------
    image
        An image to begin with: anything that `omni_nb.image` takes. By default an outline.
    model
        The model to begin with.
    region
        The region whose prices are shown.
    language
        The language of the labels: ``"en"`` or ``"zh"``.

    Returns
    -------
    ImageExplorer
        A widget; its ``close()`` ends it.

    Raises
    ------
    MediaError
        ``image`` is no image that can be read here.
    RequestError
        The model's token rules are not known.

    Examples
    --------
    >>> explorer = image_explorer()
    >>> explorer.width.value, explorer.height.value = 4000, 3000
    >>> explorer.view.words[:12]
    '1,232 tokens'
    >>> explorer.close()
    """
    return ImageExplorer(image, model=model, region=region, language=language)


def why(rule: ImageRule, width: int, height: int, language: Language) -> str:
    """Say in words which branch of the rule an image took.

    Examples
    --------
    >>> why(image_rule(280, 280, model="qwen-omni-turbo"), 280, 280, "en")
    'Rounded to squares of 28 × 28 pixels, the image has 10 × 10 = 100. That is within 4–1,280: \
the image keeps this size. 2 marks are added.'
    """
    names, side = words("image_explorer", language), rule.side
    columns, rows = rule.rounded_width // side, rule.rounded_height // side
    rounded = names["rounded"].format(side=side, columns=columns, rows=rows, grid=columns * rows)
    branch = names[rule.branch].format(
        least=rule.tokens_min,
        most=rule.tokens_max,
        scale=f"{rule.scale:.3g}",
        columns=rule.columns,
        rows=rule.rows,
        grid=rule.grid_tokens,
    )
    halves = [n for n in dict.fromkeys((width, height)) if 2 * n % side == 0 and n % side]
    sentences = [rounded, *(names["half"].format(pixels=n) for n in halves), branch]
    marks = names["marks"].format(marks=rule.marks)
    return join_sentences(*sentences, marks, language=language)


def refusal(state: ImageState) -> str:
    """Say why the model would refuse an image of this size, or nothing."""
    limits, names = facts_of(state.model).limits, words("image_explorer", state.language)
    short, long = sorted((state.width, state.height))
    if limits.image_min_side_pixels is not None and short < limits.image_min_side_pixels:
        return names["small"].format(model=state.model, least=limits.image_min_side_pixels - 1)
    if limits.image_max_ratio is not None and long > limits.image_max_ratio * short:
        return names["long"].format(model=state.model, most=limits.image_max_ratio)
    return ""


def image_view(state: ImageState, photo: PIL.Image.Image | None = None) -> View:
    """Return what an image explorer shows of a state."""
    rule = image_rule(state.width, state.height, model=state.model)
    names = words("image_explorer", state.language)
    tokens = tokens_text(rule.tokens, state.language)
    share = share_text(rule.tokens, facts_of(state.model).limits.input_tokens, state.language)
    sizes = names["sizes"].format(
        width=state.width,
        height=state.height,
        seen_width=rule.columns * rule.side,
        seen_height=rule.rows * rule.side,
    )
    made_of = names["sum"].format(columns=rule.columns, rows=rule.rows, marks=rule.marks)
    cost = _cost_words(state, rule.tokens)
    reason = why(rule, state.width, state.height, state.language)
    refused = refusal(state)
    details = " · ".join(filter(None, [made_of, share]))
    lines = [
        paragraph(dot("image"), tag("b", tokens), size="1.25em"),
        paragraph(details, color=MUTED),
        paragraph(sizes),
        paragraph(cost),
        paragraph(reason),
        paragraph(names["fine"], color=MUTED) if is_fine(rule.columns, rule.rows) else None,
        warning(refused),
    ]
    facts = [sentence(fact, state.language) for fact in (tokens, sizes, cost)]
    said = join_sentences(*facts, reason, refused, language=state.language)
    return View(join(*lines), said, _drawn(rule, photo, state.language))


def _drawn(rule: ImageRule, photo: PIL.Image.Image | None, language: Language) -> ImageFile:
    said = words("image_explorer", language)["drawn"].format(columns=rule.columns, rows=rule.rows)
    width, height = fitted(rule.columns, rule.rows)
    if photo is None:
        return ImageFile(_outline(rule.columns, rule.rows), "image/png", width, height, said)
    data = draw_photo(photo, rule.columns, rule.rows, rule.side)
    return ImageFile(data, "image/jpeg", width, height, said)


_outline = lru_cache(maxsize=64)(draw_grid)


def _cost_words(state: ImageState, tokens: int) -> str:
    names, cost = words("image_explorer", state.language), _cost(tokens, state)
    if cost is None:
        return words("labels", state.language)["cost unknown"]
    one, many = (
        money_text(amount, cost.currency, state.language, exact=True)
        for amount in (cost.total, cost.total * 1000)
    )
    return names["price"].format(one=one, many=many)


def _cost(tokens: int, state: ImageState) -> Cost | None:
    return Usage(input={"image": tokens}).cost(state.model, region=state.region)


class ImageExplorer(Explorer):
    """What `image_explorer` returns.

    Attributes
    ----------
    width, height
        The size in pixels: each a `Measure`.
    model, example, upload
        The other controls.
    """

    def __init__(self, image: Any, *, model: str, region: str, language: Language) -> None:
        self._names = names = words("image_explorer", language)
        self._region = region
        self._photo: PIL.Image.Image | None = None
        models = weighing_models()
        self.width, self.height = (
            Measure(names[side], names["pixels"], pixels, least=SIDES[0], most=SIDES[1])
            for side, pixels in zip(("width", "height"), _START, strict=True)
        )
        self.model = picker(
            names["model"], zip(models, models, strict=True), checked_model(model, of=models)
        )
        self.example = picker(names["example"], self._examples())
        limit = names["upload limit"].format(size=UPLOAD_MEGABYTES)
        self.upload = FileDrop(
            self._take_upload,
            accept="image/*",
            label=names["upload"],
            most_bytes=UPLOAD_MEGABYTES * 1_000_000,
            too_large=f"⚠ {labelled('{name}', limit, language)}",
        )
        self._upload_words = widgets.HTML(layout={"width": "auto", "margin": "0 2px"})
        self._limit_html = paragraph(limit, color=MUTED, size="0.85em")
        self._upload_words.value = self._limit_html
        rows = [
            self.model,
            self.example,
            self.width.row,
            self.height.row,
            self.upload,
            self._upload_words,
        ]
        super().__init__(names["title"], rows, language)
        if image is not None:
            self._take(image)
        for control in (self.model, self.width.box, self.height.box):
            self.watch(control)
        self.watch(self.example, self._take_example)
        self.refresh()

    @property
    def state(self) -> ImageState:
        """What the controls say."""
        return ImageState(
            self.width.value, self.height.value, self.model.value, self._region, self._language
        )

    def look(self) -> View:
        """Count the tokens of an image of this size."""
        if self.example.value not in (CHOOSE, (self.width.value, self.height.value)):
            self.example.value = CHOOSE
        return image_view(self.state, self._photo)

    def _examples(self, own: tuple[int, int] | None = None) -> list[tuple[str, Any]]:
        sizes = {self._names[name]: size for name, size in _EXAMPLES.items()}
        if own is not None:
            sizes = {self._names["yours"]: own, **sizes}
        named = [(f"{name} · {w:,} × {h:,}", (w, h)) for name, (w, h) in sizes.items()]
        return [(self._names["choose"], CHOOSE), *named]

    def _take_example(self, change: Any) -> None:
        if change["new"] != CHOOSE:
            with self.together():
                self.width.value, self.height.value = change["new"]

    def _take_upload(self, _name: str, data: bytes) -> None:
        """Show an image that was opened or dropped."""
        try:
            with self.together():
                self._take(data)
            self._upload_words.value = self._limit_html
        except MediaError as error:
            self._upload_words.value = warning(str(error))

    def _take(self, given: Any) -> None:
        part = as_image(given)
        if not isinstance(part, ImagePart):
            raise not_here(part.name, unknown="size", instead="no image and set its size")
        self._photo = read_photo(part.thumbnail(_PHOTO_PIXELS))
        self.example.options = self._examples((part.width, part.height))
        self.width.value, self.height.value = part.width, part.height
        self.example.value = (part.width, part.height)
