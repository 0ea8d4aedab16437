"""A cell of marimo, which has no IPython: what is shown there, and replaced."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from omni_nb.turns.reply import Reply

_VIEW = "application/vnd.jupyter.widget-view+json"


def is_here() -> bool:
    """Whether this thread runs a cell of marimo."""
    marimo = sys.modules.get("marimo")
    return marimo is not None and bool(marimo.running_in_notebook())


class Display:
    """A place in the output of the running cell."""

    def __init__(self, bundle: Mapping[str, Any]) -> None:
        import marimo

        self._place = _count_outputs()
        marimo.output.append(_Shown(bundle))

    def update(self, bundle: Mapping[str, Any], **_: Any) -> None:
        """Show something else in this place; a cell that is over keeps what it has."""
        import marimo

        marimo.output.replace_at_index(_Shown(bundle), self._place)


def show_replies_as(bundle_of: Callable[[Reply], Mapping[str, str]]) -> None:
    """Show a reply that is a cell's value as this: in marimo the value takes the output's place."""
    from omni_nb.turns.reply import Reply

    # marimo asks the object itself; its table of formatters is not public.
    Reply._display_ = lambda reply: _Shown(bundle_of(reply))  # type: ignore[attr-defined]


class _Shown:
    """A MIME bundle as marimo takes it: a widget by its bundle, all else as HTML of the page."""

    def __init__(self, bundle: Mapping[str, Any]) -> None:
        self._bundle = bundle

    def _display_(self) -> Any:
        return _View(self._bundle) if _VIEW in self._bundle else _Page(self._bundle["text/html"])


class _View:
    def __init__(self, bundle: Mapping[str, Any]) -> None:
        self._bundle = bundle

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        return dict(self._bundle)


class _Page:
    def __init__(self, html: str) -> None:
        self._html = html

    def _mime_(self) -> tuple[str, str]:
        return "text/html", self._html


def _count_outputs() -> int:
    """Count what the running cell has shown so far."""
    from marimo._runtime.context import get_context

    context = get_context().execution_context
    return len(context.output) if context else 0
