"""Settings of all unit tests."""

import os

# The stand-in speaks as fast as possible, here and in the processes we start: nobody listens. Some
# modules ask as they are collected, before any fixture.
os.environ["OMNI_NB_STAND_IN_PACE"] = "0"
