"""Check the arguments of a run, and make it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping, Sequence

    from omni_nb.many.run import Run
    from omni_nb.media.clip import Storage
    from omni_nb.rules.money import Money
    from omni_nb.turns.connection import Connection
    from omni_nb.turns.rounds import Approve


def make_run(
    prompt: Any,
    *,
    image: Any = None,
    audio: Any = None,
    video: Any = None,
    frames: Any = None,
    rows: Any = None,
    into: str | os.PathLike[str] | None = None,
    model: str = "qwen-omni-turbo",
    voice: str | None = None,
    modalities: Sequence[str] | None = None,
    system: str | None = None,
    system_as_turns: bool = False,
    connection: Connection | None = None,
    budget: Money | None = None,
    timeout: float | None = None,
    tools: Sequence[Any] | None = None,
    approve: Approve = False,
    max_rounds: int = 5,
    response_format: Any = None,
    extra: Mapping[str, Any] | None = None,
    storage: Storage = "wav",
    rpm: float | None = None,
    tpm: float | None = None,
    at_once: int | None = None,
    batch: Literal["file", "chat"] | None = None,
    on: Any = None,
    upload: Literal["oss"] | None = None,
    options: Mapping[str, Any] | None = None,
) -> Run:
    """Return a run that has not begun: everything that can be refused now is."""
    raise NotImplementedError
