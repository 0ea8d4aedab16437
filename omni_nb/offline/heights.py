"""How deep the values of a schema are nested, so that recursive ones end."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final

from omni_nb.offline.schema_words import item_schemas
from omni_nb.offline.schemas import Unfit

if TYPE_CHECKING:
    from omni_nb.offline.schema_words import Schema
    from omni_nb.offline.schemas import Checker

ENDLESS: Final = 8
_MOST_STEPS: Final = 3_000


class Heights:
    """The heights of the parts of one schema.

    Examples
    --------
    >>> from omni_nb.offline.schemas import Checker
    >>> part = {"type": "object", "required": ["a"], "properties": {"a": {"type": "null"}}}
    >>> Heights(Checker(part)).of(part)
    1
    """

    def __init__(self, checker: Checker) -> None:
        self._checker = checker
        self._left = _MOST_STEPS
        # A part is kept beside its height: else another one could get its id.
        self._known: dict[tuple[int, int], tuple[Any, int]] = {}

    def of(self, schema: Any, within: int = ENDLESS) -> int:
        """Return how deep a value is nested at least; `ENDLESS` if as deep as is looked."""
        if within <= 0:
            return ENDLESS
        if not isinstance(schema, dict):
            return 0 if schema else ENDLESS
        key = (id(schema), within)
        if key not in self._known:
            self._left -= 1
            if self._left < 0:
                raise Unfit("The schema is too intricate.")
            self._known[key] = schema, self._measured(schema, within)
        return self._known[key][1]

    def _measured(self, schema: Schema, within: int) -> int:
        if "const" in schema or "enum" in schema:
            return 0
        down = partial(self.of, within=within - 1)
        heights = [0]
        if "$ref" in schema:
            heights.append(down(self._checker.target(schema["$ref"])))
        for word in ("anyOf", "oneOf"):
            if schema.get(word):
                heights.append(min(map(down, schema[word])))
        heights += map(down, schema.get("allOf", ()))
        for name in schema.get("required", ()):
            heights.append(1 + down(schema.get("properties", {}).get(name, True)))
        if schema.get("minItems", 0) > 0:
            first, items = item_schemas(schema)
            heights += [1 + down(item) for item in (*first, *([] if first else [items]))]
        return min(ENDLESS, max(heights))
