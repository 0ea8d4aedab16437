"""What all tests have in common."""

from hypothesis import settings

# A deadline is a bound on time, which a busy machine breaks.
settings.register_profile("omni_nb", deadline=None)
settings.load_profile("omni_nb")
