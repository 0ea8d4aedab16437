"""A short soak: every way to ask and to break off, several times, leaves nothing behind."""

from __future__ import annotations

import pytest

from tests.benchmarks.soak import soaked

ASKS = 96
INTERRUPTED = 32


@pytest.mark.slow
@pytest.mark.once
def test_threads_descriptors_and_answers_under_way_do_not_grow():
    measured = soaked(ASKS, INTERRUPTED)
    half_way, end = (moment["blocks"] for moment in measured["client"][-2:])
    assert end < 1.05 * half_way
