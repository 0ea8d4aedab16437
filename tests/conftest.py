"""Settings of all tests."""

import signal

from hypothesis import HealthCheck, settings

# A deadline is a bound on time, which a busy machine breaks; so is the pace of the first input,
# before which a fresh clone writes hypothesis's tables of letters.
settings.register_profile("omni_nb", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("omni_nb")

# `make test` starts some of them in the background, where a shell has Ctrl-C ignored; so would
# the processes that they start.
signal.signal(signal.SIGINT, signal.default_int_handler)
