"""Tests that need an environment of their own.

`make versions` runs them all, and `make test` does so, too.

The unit tests on the oldest and the newest Python of this machine, the oldest with the lowest
versions that pyproject.toml allows, JupyterLab's and ipykernel's in a browser among them; the
protocol tests on several versions of the openai SDK; and clients that bring much with them.
"""

import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import nox
from uv import find_uv_bin

nox.options.default_venv_backend = "venv"

OURS = f"{sys.version_info.major}.{sys.version_info.minor}"


def _found(version: str) -> str:
    """Return where a Python of this version is, or nothing."""
    environment = dict(os.environ)
    if shutil.which("pyenv"):  # its commands answer for the versions that they are told of
        versions = subprocess.check_output(["pyenv", "versions", "--bare"], text=True).split()
        environment["PYENV_VERSION"] = ":".join(versions)
    ask = (find_uv_bin(), "python", "find", "--system", "--no-python-downloads", version)
    answer = subprocess.run(ask, env=environment, capture_output=True, text=True, check=False)
    return answer.stdout.strip()


# The Pythons of this machine that the package is for, the oldest first.
PYTHONS = {
    version: path
    for version in nox.project.python_versions(nox.project.load_toml())
    if (path := sys.executable if version == OURS else _found(version))
}
OLDEST, NEWEST = next(iter(PYTHONS)), next(reversed(PYTHONS))

# The oldest that we support is in `lowest`, and the tests' own environment has the newest of all.
SDK_VERSIONS = ["<3"]

# What is run with the oldest SDK; Node.js, curl and other servers' streams do not care which it is.
WITH_THE_OLDEST_SDK = ("tests/protocol", "-k", "not node and not curl", "-m", "not once")

# And with one between the oldest and the newest: what a person meets first.
IN_BETWEEN = (
    *(f"tests/protocol/test_{name}.py" for name in ("client", "documented_clients")),
    *(f"tests/protocol/test_documented_{name}.py" for name in ("examples", "tools")),
    *WITH_THE_OLDEST_SDK[1:],
)

# The sweeps say nothing of versions: `make test` runs them once, in the tests' own environment.
QUICKER = ("tests/unit", "-m", "not slow")

PYTEST = ("python", "-m", "pytest", "-q", "-p", "no:cacheprovider")

# Other people's clients of the service; nothing else of ours needs what they need.
CLIENTS = ["litellm==1.110.2"]

# What somebody with old versions would miss first: an answer that grows, is heard and stays, and a
# panel that is asked, answered and stopped.
IN_A_BROWSER = [
    "test_ask.py::test_the_quickstart_is_seen_heard_saved_and_opened_again",
    "test_player.py::test_the_tail_plays_out_after_the_static_answer_has_replaced_the_view",
    "test_panel_talk.py::test_a_question_is_typed_sent_and_answered_and_the_last_one_recalled",
    "test_panel_talk.py::test_stop_ends_network_sound_and_bill_and_keeps_what_came",
]


@nox.session(python=PYTHONS[OLDEST], venv_backend="uv")
def lowest(session: nox.Session) -> None:
    """Run unit, protocol and a few browser tests with the lowest versions that we allow."""
    lowest = ("--resolution", "lowest-direct", "--constraint", "tests/lowest.txt")
    session.install(*lowest, "--editable", ".[test]", silent=True)
    session.run(*PYTEST, "-n", "2", *QUICKER)
    session.run(*PYTEST, "-n", "2", *WITH_THE_OLDEST_SDK)
    session.run(*PYTEST, "--reruns", "1", *(f"tests/browser/{test}" for test in IN_A_BROWSER))


@nox.session(python=PYTHONS[NEWEST], venv_backend="uv")
def newest(session: nox.Session) -> None:
    """Run the unit tests on the newest Python."""
    session.install("--constraint", "tests/constraints.txt", "--editable", ".[test]", silent=True)
    session.run(*PYTEST, "-n", "2", *QUICKER)


@nox.session
@nox.parametrize("openai", SDK_VERSIONS)
def protocol(session: nox.Session, openai: str) -> None:
    """Run the protocol tests against one version of the SDK."""
    _see_the_packages_of(sysconfig.get_path("purelib"), session)
    session.install("--no-compile", f"openai{openai}", silent=True)
    session.run("python", "-c", "import openai; print('openai', openai.__version__)")
    session.run(*PYTEST, "-n", "2", *IN_BETWEEN)


@nox.session
def clients(session: nox.Session) -> None:
    """Run other people's clients against the stand-in."""
    _see_the_packages_of(sysconfig.get_path("purelib"), session)
    session.install("--no-compile", *CLIENTS, silent=True)
    # litellm fetches prices from elsewhere when it is imported, unless it is told not to; and it
    # has dozens of warnings for itself.
    quiet = {"LITELLM_LOCAL_MODEL_COST_MAP": "True"}
    session.run(*PYTEST, "--disable-warnings", "-n", "2", "tests/clients", env=quiet)


def _see_the_packages_of(site_packages: str, session: nox.Session) -> None:
    """Lay the session's environment over the one that nox runs in.

    Only the SDK and what it brings are installed then: seconds instead of a minute each.
    """
    own = session.run(
        "python", "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", silent=True
    )
    Path(str(own).strip(), "beneath.pth").write_text(f"{site_packages}\n", encoding="utf-8")
