"""Read how a request wants its answer written: as words, or as JSON by a schema."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from omni_nb.offline.refusals import INVALID, Refusal
from omni_nb.offline.schemas import Checker, Unfit, find_schema, is_schema
from omni_nb.offline.tools import has_media

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_NO_WORD: Final = (
    f"{INVALID}'messages' must contain the word 'json' in some form, to use 'response_format' of "
    "type 'json_object'."
)
_LOOKS_LIKE_JSON: Final = re.compile(r"[{}\[\]]|^\s*[\"\d-]")
_KINDS: Final = ("text", "json_object", "json_schema")


@dataclass(frozen=True, slots=True)
class Format:
    """An answer in JSON.

    Attributes
    ----------
    schema
        What the JSON fits; None: any object.
    is_repair
        Whether the answer before did not fit, and this one is asked for in its place.
    """

    schema: Any = None
    is_repair: bool = False


def read_format(
    asked: Mapping[str, Any],
    messages: Sequence[Mapping[str, Any]],
    *,
    keeps_schema: bool = False,
) -> Format | None:
    """Read the format of an answer; None: it is written in words.

    A schema is in ``response_format`` or, as not all models take one, in the question. The
    service lowers a ``json_schema`` to ``json_object`` without a word when the messages have
    media, and so does this: the schema then has no effect.

    Parameters
    ----------
    keeps_schema
        The server is another one, which does not lower it.

    Raises
    ------
    Refusal
        A documented rule is broken.
    """
    kind, schema = _asked(asked.get("response_format"))
    told = [_text(message) for message in messages]
    if kind == "json_object" and not any("json" in text.lower() for text in told):
        raise Refusal(_NO_WORD)
    if kind == "json_schema" and not keeps_schema and any(map(has_media, messages)):
        kind, schema = "json_object", None
    in_words, is_repair = _in_words(messages, told, introduced=kind != "json_object")
    if schema is None:
        schema = in_words
    elif in_words is None:
        is_repair = _is_unfit(_answer_before(messages, told), schema)
    if schema is None and kind == "text":
        return None
    return Format(schema, is_repair)


def _asked(given: Any) -> tuple[str, Any]:
    """Return the kind of format, and its schema."""
    match given:
        case None:
            return "text", None
        case {"type": "text" | "json_object" as kind}:
            return kind, None
        case {"type": "json_schema", "json_schema": {"schema": dict(schema)}}:
            if not is_schema(schema):
                raise Refusal("Invalid schema for response_format: it is no JSON schema.")
            return "json_schema", schema
        case {"type": "json_schema"}:
            raise Refusal(
                "Input should be an object with name and schema: parameters.response_format."
                "json_schema"
            )
    listed = ", ".join(f"'{kind}'" for kind in _KINDS)
    raise Refusal(f"Input should be an object of the type {listed}: parameters.response_format")


def _in_words(
    messages: Sequence[Mapping[str, Any]], told: Sequence[str], *, introduced: bool
) -> tuple[Any, bool]:
    """Return the schema in the latest question, and whether the answer before did not fit it.

    The question that asks to mend an answer may leave the schema to the one before.
    """
    asked = [place for place, message in enumerate(messages) if message["role"] == "user"]
    system = [
        t for t, m in zip(told, messages, strict=True) if m["role"] in ("system", "developer")
    ]
    answer = _answer_before(messages, told)
    latest = told[asked[-1]] if asked else ""
    for text in (latest, *reversed(system)):
        if (schema := find_schema(text, introduced=introduced)) is not None:
            return schema, _is_unfit(answer, schema)
    if answer is not None and len(asked) > 1:
        schema = find_schema(told[asked[-2]], introduced=introduced)
        if schema is not None and _is_unfit(answer, schema):
            return schema, True
    return None, False


def _answer_before(messages: Sequence[Mapping[str, Any]], told: Sequence[str]) -> str | None:
    """Return the answer that the last message is about: the one right before it."""
    if len(messages) < 2 or messages[-2]["role"] != "assistant" or messages[-1]["role"] != "user":
        return None
    return None if messages[-2].get("tool_calls") else told[-2]


def _is_unfit(answer: str | None, schema: Any) -> bool:
    """Return whether there is an answer that was to fit a schema, and does not."""
    if answer is None or not _LOOKS_LIKE_JSON.search(answer):
        return False
    try:
        return not Checker(schema).fits(json.loads(answer))
    except Unfit:
        return False
    except (ValueError, RecursionError):
        return True


def _text(message: Mapping[str, Any]) -> str:
    content = message.get("content")
    if isinstance(content, str):
        return content
    parts = content if isinstance(content, list) else []
    texts = [part.get("text") for part in parts if isinstance(part, dict)]
    return "\n".join(text for text in texts if isinstance(text, str))
