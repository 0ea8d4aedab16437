"""Fixtures that start the stand-in service."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from omni_nb.offline.behaviour import Behaviour
from omni_nb.offline.server import start

if TYPE_CHECKING:
    from collections.abc import Iterator

    from omni_nb.offline.server import StandIn


@pytest.fixture(scope="session")
def standin() -> Iterator[StandIn]:
    """A stand-in that answers as fast as it can and remembers the latest requests."""
    with start(Behaviour(pace=0), remember=50) as running:
        yield running
