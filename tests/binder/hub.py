"""One person's session behind JupyterHub's proxy, started as mybinder.org starts it."""

from __future__ import annotations

import json
import secrets
import shutil
import subprocess
import time
import urllib.error
import urllib.request
from typing import TYPE_CHECKING, Any, Final

from tests.browser.servers import free_port

from .image import REPOSITORY

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from .image import Image

PREFIX: Final = "/user/somebody-omni_nb-3k9x2v7q/"
PROXY: Final = REPOSITORY / "node_modules/configurable-http-proxy/bin/configurable-http-proxy"
TIMEOUT_SECONDS: Final = 90


class Hub:
    """The proxy and the server behind it; the browser knows the proxy's address alone.

    Parameters
    ----------
    image
        What was built.
    folder
        For the logs.
    environment
        More variables for the server and its kernels.

    Attributes
    ----------
    origin
        Where the proxy answers.
    url
        Of the session, with its prefix.
    token
        What a link needs to be let in.
    """

    def __init__(self, image: Image, folder: Path, *, environment: Mapping[str, str]) -> None:
        self._folder = folder
        self._running: list[subprocess.Popen[bytes]] = []
        self.origin = f"http://127.0.0.1:{free_port()}"
        self.url = f"{self.origin}{PREFIX}"
        self.token = secrets.token_urlsafe(16)
        try:
            self._start_proxy()
            server = self._start_server(image, environment)
            self._add_route(server)
            self._wait_for(f"{self.url}api/status?token={self.token}")
        except BaseException:
            self.close()
            raise

    def link(self, path: str) -> str:
        """Return where Binder leads a browser for ``?urlpath=<path>``."""
        return f"{self.url}{path}?token={self.token}"

    def get(self, path: str) -> Any:
        """Ask the server's API, through the proxy."""
        return json.loads(_answer(self.url + path, token=self.token))

    def end_kernels(self) -> None:
        """End every kernel."""
        for kernel in self.get("api/kernels"):
            _answer(f"{self.url}api/kernels/{kernel['id']}", method="DELETE", token=self.token)

    def close(self) -> None:
        """End the server, its kernels and the proxy."""
        for process in reversed(self._running):
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()

    def _start_proxy(self) -> None:
        node = shutil.which("node")
        assert node is not None, "node is missing: install Node.js 20 or newer"
        self._api = f"http://127.0.0.1:{free_port()}/api/routes"
        self._secret = secrets.token_hex(16)
        command = [node, str(PROXY), "--log-level", "warn"]
        command += ["--ip", "127.0.0.1", "--port", self.origin.rpartition(":")[2]]
        command += ["--api-ip", "127.0.0.1", "--api-port", self._api.split(":")[2].split("/")[0]]
        self._start("proxy", command, {"CONFIGPROXY_AUTH_TOKEN": self._secret})
        self._wait_for(self._api, token=self._secret)

    def _start_server(self, image: Image, environment: Mapping[str, str]) -> str:
        """Start JupyterLab with the arguments that BinderHub gives; return its address."""
        port = free_port()
        options = {
            "base_url": PREFIX,
            "token": self.token,
            "trust_xheaders": True,
            "allow_origin": "*",
            "allow_origin_pat": ".*",
        }
        command = [str(image.prefix / "bin/jupyter-lab"), "--ip=127.0.0.1", f"--port={port}"]
        for application in ("NotebookApp", "ServerApp"):  # both, for old servers and new ones
            command += [f"--{application}.{name}={value}" for name, value in options.items()]
        ours = ["--allow-root", "--no-browser", "--LabApp.expose_app_in_browser=True"]
        self._start(
            "server", [*command, *ours], {**image.environment, **environment}, folder=image.home
        )
        return f"http://127.0.0.1:{port}"

    def _start(
        self,
        name: str,
        command: list[str],
        environment: Mapping[str, str],
        *,
        folder: Path | None = None,
    ) -> None:
        with (self._folder / f"{name}.log").open("wb") as log:
            process = subprocess.Popen(
                command, stdout=log, stderr=subprocess.STDOUT, env=dict(environment), cwd=folder
            )
        self._running.append(process)

    def _add_route(self, server: str) -> None:
        """Tell the proxy where the session is, as the hub does."""
        body = json.dumps({"target": server}).encode()
        _answer(self._api + PREFIX.rstrip("/"), method="POST", token=self._secret, body=body)

    def _wait_for(self, url: str, *, token: str = "") -> None:
        deadline = time.monotonic() + TIMEOUT_SECONDS
        while not _answers(url, token):
            ended = any(process.poll() is not None for process in self._running)
            if ended or time.monotonic() > deadline:
                logs = [path.read_text()[-2000:] for path in sorted(self._folder.glob("*.log"))]
                raise RuntimeError("\n".join([f"nothing answers at {url}:", *logs]))
            time.sleep(0.1)


def _answer(url: str, *, method: str = "GET", token: str = "", body: bytes | None = None) -> bytes:
    headers = {"Authorization": f"token {token}"} if token else {}
    request = urllib.request.Request(url, data=body, method=method, headers=headers)
    with urllib.request.urlopen(request, timeout=20) as response:
        content: bytes = response.read()
        return content


def _answers(url: str, token: str) -> bool:
    try:
        _answer(url, token=token)
    except OSError:
        return False
    return True
