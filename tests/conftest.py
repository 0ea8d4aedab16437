"""Settings of all tests."""

import gc
import os
import signal
from collections.abc import Generator
from pathlib import Path
from textwrap import indent
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from tests import hosts

TRIED_AGAIN = Path(__file__).resolve().parents[1] / "build" / "tried-again.txt"

# A deadline is a bound on time, which a busy machine breaks; so is the pace of the first input,
# before which a fresh clone writes hypothesis's tables of letters.
settings.register_profile("omni_nb", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("omni_nb")

# `make test` starts some of them in the background, where a shell has Ctrl-C ignored; so would
# the processes that they start.
signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_finish(session: pytest.Session) -> None:
    """Check what the tests say of hosts before the first of them runs; then tidy up.

    The garbage collector passes over what stays for the whole run. That is half a million objects
    of imported modules and collected tests, at each of hundreds of full collections; IPython asks
    for one with every shell that is begun anew.
    """
    try:
        hosts.list_marks(session.items)
    except ValueError as error:
        raise pytest.UsageError(str(error)) from error
    gc.collect()
    gc.freeze()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, Any, Any]:
    """Note of a test that proves something of a host whether it passed."""
    report = yield
    if report.when == "call" or report.failed:
        hosts.note_result(item, has_passed=report.passed)
    return report


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Note the tests that need a second try, and why: `make test` lists them at its end."""
    if report.outcome == "rerun" and "PYTEST_XDIST_WORKER" not in os.environ:
        TRIED_AGAIN.parent.mkdir(exist_ok=True)
        with TRIED_AGAIN.open("a") as noted:
            noted.write(f"{report.nodeid}\n{indent(report.longreprtext, '    ')}\n")
