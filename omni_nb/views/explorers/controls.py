"""Controls: a slider with a box for the exact number, and pickers of models."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import ipywidgets as widgets

from omni_nb.errors import RequestError, brief
from omni_nb.rules.catalog import find_model, known_models

if TYPE_CHECKING:
    from collections.abc import Iterable


SLIDER_STEPS = 400
SNAP = 0.501  # of a step: half, and a little for the arithmetic
CHOOSE = ()
"""The value of a list's first entry, which asks to choose; None would leave the list blank."""

DESCRIPTION = {"description_width": "8em"}
_FULL = {"width": "auto", "max_width": "100%"}


class Measure:
    """A slider and a box for the exact number, which follow each other.

    The slider's scale is logarithmic: 10 and 20,000 pixels are both in reach. The box has the
    value, which may lie between two steps of the slider.

    Parameters
    ----------
    name, unit
        What is measured; the unit is for the box's tooltip.
    value
        The number to begin with.
    least, most
        The ends of the slider's scale.
    zero
        Whether the box may also hold 0.
    digits
        The digits after the decimal point.

    Attributes
    ----------
    box
        Observe its ``value``.
    row
        What to show.
    """

    def __init__(
        self,
        name: str,
        unit: str,
        value: float,
        *,
        least: float,
        most: float,
        zero: bool = False,
        digits: int = 0,
    ) -> None:
        self._digits = digits
        self._is_following = False
        low, high = math.log10(least), math.log10(most)
        self.slider = widgets.FloatLogSlider(
            value=value,
            min=low,
            max=high,
            step=(high - low) / SLIDER_STEPS,
            description=name,
            tooltip=f"{name} ({unit})",
            readout=False,
            style=DESCRIPTION,
            layout={"flex": "1 1 12em", "width": "auto", "min_width": "0"},
        )
        make = widgets.BoundedFloatText if digits else widgets.BoundedIntText
        self.box = make(
            value=value,
            min=0 if zero else least,
            max=most,
            step=10**-digits,
            tooltip=f"{name} ({unit})",
            layout={"flex": "0 0 6.5em", "width": "6.5em"},
        )
        self.slider.observe(self._follow_slider, "value")
        self.box.observe(self._follow_box, "value")
        self.row = widgets.HBox([self.slider, self.box], layout={**_FULL, "flex_flow": "row wrap"})

    @property
    def value(self) -> Any:
        """The exact number."""
        return self.box.value

    @value.setter
    def value(self, value: float) -> None:
        self.box.value = min(max(value, self.box.min), self.box.max)

    def reach(self, most: float) -> None:
        """Move the end of the scale; a value beyond is lowered to it."""
        high = math.log10(most)
        self.box.max = most
        self.slider.max = high
        self.slider.step = (high - self.slider.min) / SLIDER_STEPS

    def _follow_slider(self, change: Any) -> None:
        if not self._is_following and not self._is_snap(change["new"]):
            self.value = round(change["new"], self._digits or None)

    def _is_snap(self, position: float) -> bool:
        """Return whether the browser has only moved the slider to the nearest step.

        The browser reports that as if a person had moved the slider.
        """
        exact = max(float(self.value), 10.0 ** float(self.slider.min))
        return abs(math.log10(position / exact)) <= SNAP * float(self.slider.step)

    def _follow_box(self, change: Any) -> None:
        if change["new"] == round(self.slider.value, self._digits or None):
            return
        self._is_following = True
        try:
            self.slider.value = change["new"]
        finally:
            self._is_following = False


def picker(
    name: str, options: Iterable[tuple[str, Any]], value: Any = CHOOSE, *, tooltip: str = ""
) -> widgets.Dropdown:
    """Return a list to pick from."""
    return widgets.Dropdown(
        options=list(options),
        value=value,
        description=name,
        tooltip=tooltip or name,
        style=DESCRIPTION,
        layout=_FULL,
    )


def number(
    name: str, value: float, *, most: int, unit: str = "", step: float = 1
) -> widgets.BoundedIntText:
    """Return a box for a whole number from 0 on."""
    return widgets.BoundedIntText(
        value=value,
        min=0,
        max=most,
        step=step,
        description=name,
        tooltip=f"{name} ({unit})" if unit else name,
        style=DESCRIPTION,
        layout={"width": "17em", "max_width": "100%"},
    )


def weighing_models() -> list[str]:
    """Return the names of the models whose token rules are known."""
    return [facts.name for facts in known_models() if facts.tokens is not None]


def checked_model(model: str, *, of: Iterable[str]) -> str:
    """Return the model's own name for a name or an alias.

    Raises
    ------
    RequestError
        The model is not one of those that can be explored.
    """
    facts, names = find_model(model), list(of)
    if facts is None or facts.name not in names:
        raise RequestError(
            f"{brief(model)} is not among the models that can be explored: {', '.join(names)}. "
            "Your own become known by omni.register_model(...)."
        )
    return facts.name
