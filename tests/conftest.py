"""Settings of all tests."""

import signal

from hypothesis import settings

# A deadline is a bound on time, which a busy machine breaks.
settings.register_profile("omni_nb", deadline=None)
settings.load_profile("omni_nb")

# `make test` starts some of them in the background, where a shell has Ctrl-C ignored; so would
# the processes that they start.
signal.signal(signal.SIGINT, signal.default_int_handler)
