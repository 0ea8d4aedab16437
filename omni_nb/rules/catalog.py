"""The known models: those of ``models.toml``, and those registered in this session."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from omni_nb.errors import RequestError, brief
from omni_nb.media.shown import Shown
from omni_nb.rules.facts import (
    Efforts,
    Limits,
    Modality,
    ModelFacts,
    Prices,
    Rates,
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
    from collections.abc import Iterator, Mapping

__all__ = [
    "Efforts",
    "Limits",
    "Modality",
    "ModelFacts",
    "ModelTable",
    "Prices",
    "Rates",
    "Thinking",
    "TokenRules",
    "VideoRules",
    "Voices",
    "find_model",
    "known_models",
    "models",
    "register_model",
    "source_names",
]


@dataclass(frozen=True, slots=True, repr=False)
class ModelTable(Shown):
    """Models and their facts, as a table in a notebook and as text in a terminal.

    Iterating gives the `ModelFacts` of each.

    Attributes
    ----------
    models
        The facts of the models, in the order of the table.
    """

    models: tuple[ModelFacts, ...]

    def __len__(self) -> int:
        return len(self.models)

    def __iter__(self) -> Iterator[ModelFacts]:
        return iter(self.models)

    def __repr__(self) -> str:
        names = ", ".join(facts.name for facts in self.models)
        return f"<ModelTable of {names}: print() shows their facts>"


# The one registry of the package: a model's name is passed around as a string, as the
# service takes it, so the facts of one's own models must be found by name as well.
_registered: dict[str, ModelFacts] = {}


def find_model(name: str) -> ModelFacts | None:
    """Return a model's facts by its name or an alias; None when unknown.

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


def facts_of(name: str) -> ModelFacts:
    """Return a model's facts by its name or an alias.

    Raises
    ------
    RequestError
        The model is unknown.
    """
    facts = find_model(name)
    if facts is None:
        raise RequestError(
            f"The model {brief(name)} is not known. omni_nb.models() lists the known ones, and "
            "omni_nb.register_model(...) adds others."
        )
    return facts


def known_models() -> tuple[ModelFacts, ...]:
    """Return all models' facts: those of ``models.toml``, then the registered ones."""
    known = {facts.name: facts for facts in _built_in().values()}
    return tuple((known | _registered).values())


def models(*names: str) -> ModelTable:
    """Show which model can do what; then their limits, voices, token rules and prices.

    Parameters
    ----------
    *names
        The models to show, by name or alias; all known ones when none is given.

    Returns
    -------
    ModelTable
        Shown as a table; iterating gives the `ModelFacts` of each. Every fact has its source
        and the date on which it was read; what is not published is "unknown".

    Raises
    ------
    RequestError
        A model is not known.

    Examples
    --------
    >>> models("qwen-omni-turbo", "qwen3-omni-flash")
    <ModelTable of qwen-omni-turbo, qwen3-omni-flash: print() shows their facts>
    >>> [facts.name for facts in models("qwen-omni-turbo-latest")]
    ['qwen-omni-turbo']
    """
    return ModelTable(tuple(_found(name) for name in names) or known_models())


def register_model(
    name: str, *, like: str | None = None, replace: bool = False, **facts: Any
) -> ModelFacts:
    """Register a model for this session: your own, or a newer one.

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
        The facts, named as in `ModelFacts`: ``inputs``, ``modalities``, ``thinking``,
        ``tools``, ``structured``, ...; ``limits``, ``voices``, ``tokens``, ``rates`` and
        ``reasoning_effort`` are dicts, ``prices`` is a dict of dicts by region, and a list of
        ``voices`` is taken as their names. What is left out is unknown.

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
        raise RequestError(f"like={brief(like)} is not a known model; known are {known}.")
    unpriced: dict[str, Any] = {"aliases": (), "prices": {}} if base else {}
    model = read(ModelFacts, {**unpriced, **facts, "name": name}, where=name, base=base)
    _registered[name] = model
    return model


def source_names() -> Mapping[str, str]:
    """Return the meanings of the short names of sources."""
    return MappingProxyType(_document()["sources"])


@lru_cache(maxsize=1)
def _built_in() -> Mapping[str, ModelFacts]:
    tables = {name: table for name, table in _document().items() if name != "sources"}
    known = [read(ModelFacts, {**table, "name": name}, name) for name, table in tables.items()]
    return MappingProxyType({name: m for m in known for name in (m.name, *m.aliases)})


def _found(name: str) -> ModelFacts:
    facts = find_model(name)
    if facts is None:
        known = ", ".join(model.name for model in known_models())
        raise RequestError(
            f"No facts are known of the model {brief(name)}; known are {known}. "
            "register_model() makes your own known."
        )
    return facts


@lru_cache(maxsize=1)
def _document() -> dict[str, Any]:
    text = files(__package__).joinpath("models.toml").read_text("utf-8")
    facts: dict[str, Any] = tomllib.loads(text)
    return facts
