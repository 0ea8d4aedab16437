"""One environment per version of the openai SDK; `make test` runs them all."""

import nox

nox.options.default_venv_backend = "venv"

# The oldest that we support, and the newest of each generation (shared/design/sdk.md).
SDK_VERSIONS = ["==1.55.3", "<2", "<3", ">=3"]


@nox.session
@nox.parametrize("openai", SDK_VERSIONS)
def protocol(session: nox.Session, openai: str) -> None:
    """Run the protocol tests against one version of the SDK."""
    session.install("-e", ".[voice]", f"openai{openai}", "pytest", "pytest-timeout", silent=True)
    session.run("python", "-c", "import openai; print('openai', openai.__version__)")
    # Node.js and curl do not care which Python SDK is there: `make test` runs them once.
    ours = ("-k", "not node and not curl")
    session.run("python", "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/protocol", *ours)
