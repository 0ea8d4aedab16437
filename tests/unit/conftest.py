"""Fixtures of all unit tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session", autouse=True)
def nobody_listens() -> Iterator[None]:
    """Let the stand-in speak as fast as possible, here and in the processes we start."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OMNI_NB_STAND_IN_PACE", "0")
        yield
