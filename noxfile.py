"""Tests that need an environment of their own; `make test` runs them all.

The protocol tests on several versions of the openai SDK, and clients that bring much with them.
"""

import sysconfig
from pathlib import Path

import nox

nox.options.default_venv_backend = "venv"

# The oldest that we support, which is the first that works with httpx 0.28
# (github.com/openai/openai-python/issues/1915), and the newest of each older generation; the
# tests' own environment has the newest of all.
SDK_VERSIONS = ["==1.55.3", "<2", "<3"]

# Other people's clients of the service; nothing else of ours needs what they need.
CLIENTS = ["litellm==1.110.2"]


@nox.session
@nox.parametrize("openai", SDK_VERSIONS)
def protocol(session: nox.Session, openai: str) -> None:
    """Run the protocol tests against one version of the SDK."""
    _see_the_packages_of(sysconfig.get_path("purelib"), session)
    session.install("--no-compile", f"openai{openai}", silent=True)
    session.run("python", "-c", "import openai; print('openai', openai.__version__)")
    # Node.js, curl and other servers' streams do not care which Python SDK is there: `make test`
    # runs them once.
    ours = ("-k", "not node and not curl", "-m", "not once")
    session.run(
        "python", "-m", "pytest", "-q", "-p", "no:cacheprovider", "-n", "2", "tests/protocol", *ours
    )


@nox.session
def clients(session: nox.Session) -> None:
    """Run other people's clients against the stand-in."""
    _see_the_packages_of(sysconfig.get_path("purelib"), session)
    session.install("--no-compile", *CLIENTS, silent=True)
    # litellm fetches prices from elsewhere when it is imported, unless it is told not to; and it
    # has dozens of warnings for itself.
    quiet = {"LITELLM_LOCAL_MODEL_COST_MAP": "True"}
    run = ("-m", "pytest", "-q", "-p", "no:cacheprovider", "--disable-warnings", "-n", "2")
    session.run("python", *run, "tests/clients", env=quiet)


def _see_the_packages_of(site_packages: str, session: nox.Session) -> None:
    """Lay the session's environment over the one that nox runs in.

    Only the SDK and what it brings are installed then: seconds instead of a minute each.
    """
    own = session.run(
        "python", "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", silent=True
    )
    Path(str(own).strip(), "beneath.pth").write_text(f"{site_packages}\n", encoding="utf-8")
