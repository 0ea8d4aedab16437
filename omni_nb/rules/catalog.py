"""The models we know: those of ``models.toml``, and those registered in this session."""

from __future__ import annotations

import sys
from functools import lru_cache
from importlib.resources import files
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from omni_nb.errors import RequestError
from omni_nb.rules.facts import (
    Limits,
    Modality,
    ModelFacts,
    Prices,
    Thinking,
    TokenRules,
    VideoRules,
    Voices,
)
from omni_nb.rules.reading import read

if sys.version_info >= (3, 11):
    import tomllib
else:  # pragma: no cover - the same parser, published for Python 3.10
    import tomli as tomllib

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "Limits",
    "Modality",
    "ModelFacts",
    "Prices",
    "Thinking",
    "TokenRules",
    "VideoRules",
    "Voices",
    "find_model",
    "known_models",
    "register_model",
    "source_names",
]

# The one registry of the package: a model's name is passed around as a string, as the
# service takes it, so the facts of one's own models must be found by name as well.
_registered: dict[str, ModelFacts] = {}


def find_model(name: str) -> ModelFacts | None:
    """Return the facts of a model by its name or an alias, or None when we know none.

    Examples
    --------
    >>> find_model("qwen-omni-turbo-latest").name
    'qwen-omni-turbo'
    """
    for facts in _registered.values():
        if name == facts.name or name in facts.aliases:
            return facts
    known = _built_in().get(name)
    return _registered.get(known.name, known) if known else None


def known_models() -> tuple[ModelFacts, ...]:
    """Return the facts of every model: those of ``models.toml`` in its order, then one's own."""
    models = {facts.name: facts for facts in _built_in().values()}
    return tuple((models | _registered).values())


def register_model(
    name: str, *, like: str | None = None, replace: bool = False, **facts: Any
) -> ModelFacts:
    """Make a model known for the rest of this session: one's own, or one newer than we are.

    Parameters
    ----------
    name
        The name that requests give the model. Registering it again replaces its facts.
    like
        A known model whose facts hold where none is given here. Its aliases and prices are
        not taken over: what your model costs is unknown until you say so.
    replace
        Must be True to take the name of a model that comes with omni_nb.
    **facts
        The facts, named as in `ModelFacts`: ``inputs``, ``modalities``, ``thinking``, ...;
        ``limits``, ``voices`` and ``tokens`` are dicts, ``prices`` is a dict of dicts by
        region, and a list of ``voices`` is taken as their names. What is left out is unknown.

    Returns
    -------
    ModelFacts
        All that is now known of the model.

    Raises
    ------
    RequestError
        A fact has an unknown name or a wrong type, or the name is taken.

    Examples
    --------
    >>> mine = register_model("my-omni", like="qwen3-omni-flash", limits={"audio_seconds": 60})
    >>> mine.limits.audio_seconds, mine.limits.frames_max
    (60, 128)
    """
    taken = [n for n in (name, *facts.get("aliases", ())) if n in _built_in()]
    if taken and not replace:
        raise RequestError(
            f"{taken[0]!r} comes with omni_nb. Register your model under another name, or pass "
            "replace=True to use your facts in its place."
        )
    base = find_model(like) if like else None
    if like and base is None:
        known = ", ".join(facts.name for facts in known_models())
        raise RequestError(f"like={like!r} is not a known model; known are {known}.")
    unpriced: dict[str, Any] = {"aliases": (), "prices": {}} if base else {}
    model = read(ModelFacts, {**unpriced, **facts, "name": name}, where=name, base=base)
    _registered[name] = model
    return model


def source_names() -> Mapping[str, str]:
    """Return what the short names in the facts' sources mean."""
    return MappingProxyType(_document()["sources"])


@lru_cache(maxsize=1)
def _built_in() -> Mapping[str, ModelFacts]:
    tables = {name: table for name, table in _document().items() if name != "sources"}
    models = [read(ModelFacts, {**table, "name": name}, name) for name, table in tables.items()]
    return MappingProxyType({name: m for m in models for name in (m.name, *m.aliases)})


@lru_cache(maxsize=1)
def _document() -> dict[str, Any]:
    return tomllib.loads(files(__package__).joinpath("models.toml").read_text("utf-8"))
