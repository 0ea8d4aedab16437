"""``omni-nb doctor``: what it sees, what it advises, and what it never shows."""

from __future__ import annotations

import json
import os
import socket
import ssl
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from importlib.metadata import requires, version
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.version import Version

from omni_nb import cli
from omni_nb.cli import doctor
from omni_nb.cli.doctor import browser, jupyter, machine, network, packages, service, standin
from omni_nb.cli.doctor.finding import Finding, Topic
from omni_nb.cli.doctor.report import as_json, as_text, conclusion

if TYPE_CHECKING:
    from collections.abc import Iterator

ADDRESS = "https://dashscope-intl.aliyuncs.com/compatible-mode/v1"
STATUS = network._status
SECRET = "sk-Zq9XwV7uTs5RrQ3pNm1LkJ"


@pytest.fixture(autouse=True)
def no_network(monkeypatch) -> None:
    """No key, no proxy, no connection that another test chose, and an offline machine."""
    for name in list(os.environ):
        if name.startswith(("DASHSCOPE_", "OPENAI_")) or name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
    monkeypatch.setattr("omni_nb.turns.connection._current", None)
    monkeypatch.setattr(network, "_status", lambda url: raising(socket.gaierror("no name")))


def raising(error: Exception) -> int:
    raise error


def by_name(findings) -> dict[str, Finding]:
    return {finding.name: finding for finding in findings}


# The whole


def test_without_a_key_and_a_network_omni_nb_can_answer(capsys) -> None:
    assert cli.main(["doctor"]) == 0
    said = capsys.readouterr().out
    assert [topic for topic in doctor._TOPICS if f"\n{topic}\n" in f"\n{said}"] == [*doctor._TOPICS]
    assert said.splitlines()[-1].startswith("omni_nb can answer")
    assert said.isascii()


def test_what_is_wrong_with_a_key_is_a_problem_and_exit_code_1(capsys, monkeypatch) -> None:
    monkeypatch.setenv("DASHSCOPE_API_KEY", f'"{SECRET}"')
    assert cli.main(["doctor", "--json"]) == 1
    report = json.loads(capsys.readouterr().out)
    assert report["can_answer"] is False
    (key,) = [found for found in report["topics"]["Service"] if found["name"] == "Key"]
    assert (key["state"], key["advice"]) == (
        "problem",
        "Remove the quotes: export DASHSCOPE_API_KEY=sk-...",
    )


@pytest.mark.parametrize(
    "variables",
    [
        {"DASHSCOPE_API_KEY": SECRET, "DASHSCOPE_BASE_URL": ADDRESS},
        {"DASHSCOPE_API_KEY": SECRET[3:]},
        {"DASHSCOPE_API_KEY": f" {SECRET[:12]}\n{SECRET[12:]} "},
        {"DASHSCOPE_API_KEY": f"\u201c{SECRET}\u201d", "OPENAI_API_KEY": SECRET[3:]},
        {"DASHSCOPE_API_KEY": ADDRESS, "DASHSCOPE_BASE_URL": SECRET},
        {"DASHSCOPE_API_KEY": "x", "DASHSCOPE_BASE_URL": SECRET[3:]},
        {"DASHSCOPE_API_KEY": "x", "DASHSCOPE_BASE_URL": f"https://me:{SECRET[3:]}@here/v1"},
        {"DASHSCOPE_API_KEY": "x", "DASHSCOPE_BASE_URL": f"https://here:{SECRET[3:]}/v1"},
        {"HTTPS_PROXY": f"http://me:{SECRET[3:]}@proxy:1", "DASHSCOPE_BASE_URL": SECRET},
    ],
    ids=lambda variables: "+".join(variables),
)
def test_no_four_letters_of_a_key_are_shown(variables, capsys, monkeypatch) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    cited = f"{SECRET} {variables.get('DASHSCOPE_API_KEY')} {variables.get('HTTPS_PROXY')}"
    monkeypatch.setattr(network, "_status", lambda url: raising(OSError(f"no {cited} at {url}")))
    monkeypatch.setattr(standin, "_asked", lambda: raising(OSError(cited)))
    cli.main(["doctor", "--json"])  # of the same findings as the text
    said = capsys.readouterr()
    assert said.err == ""
    hidden = SECRET.removeprefix("sk-")
    pieces = {hidden[place : place + 4] for place in range(len(hidden) - 3)}
    assert not [piece for piece in pieces if piece in said.out]
    assert "Stand-in" in said.out


def test_what_breaks_a_check_is_a_finding_and_the_others_go_on(capsys, monkeypatch) -> None:
    monkeypatch.setattr(machine, "findings", lambda: raising(RuntimeError("odd machine")))
    assert cli.main(["doctor", "--json"]) == 0
    topics = json.loads(capsys.readouterr().out)["topics"]
    assert topics["Machine"][0]["said"] == "this check failed: RuntimeError: odd machine"
    assert topics["Browser"]


@pytest.mark.parametrize("module", [machine, standin])
def test_a_check_that_lacks_a_package_is_a_problem(module, capsys, monkeypatch) -> None:
    def imports(*_: object) -> None:
        raise ModuleNotFoundError("No module named 'gone'", name="gone")

    monkeypatch.setattr(module, "_asked" if module is standin else "findings", imports)
    assert cli.main(["doctor", "--json"]) == 1
    topics = json.loads(capsys.readouterr().out)["topics"]
    (found,) = (found for topic in topics.values() for found in topic if found["name"] == "Check")
    assert found["said"] == "this check needs the Python module gone, which is not installed"
    assert found["advice"] == "python -m pip install omni-nb"


def test_a_report_is_aligned_and_has_one_arrow_for_each_advice(monkeypatch) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    wide = Finding("Address", "word " * 30, "warning", "do " * 30)
    lines = as_text(Topic("Service", (Finding("Key", "set"), wide))).splitlines()
    assert max(map(len, lines)) <= 60
    assert "".join(lines).count("->") == 1
    starts = [line.index("word") for line in lines if "word" in line]
    assert set(starts) == {lines[1].index("set")}


def test_the_last_line_counts_what_is_wrong() -> None:
    problem, warning = Finding("a", "b", "problem"), Finding("a", "b", "warning")
    assert conclusion([Topic("x", (warning, warning))]) == "omni_nb can answer, with 2 warnings."
    wrong = conclusion([Topic("x", (problem, warning))])
    assert wrong == "omni_nb cannot answer yet: 1 problem and 1 warning, see above."
    assert conclusion([Topic("x", (Finding("a", "b"),))]) == "omni_nb can answer."
    assert json.loads(as_json([Topic("x", (problem,))]))["can_answer"] is False


# Key and address


@pytest.mark.parametrize(
    ("key", "state", "said"),
    [
        (None, "note", "not set"),
        ("", "note", "empty"),
        ("  ", "problem", "blank"),
        (SECRET, "ok", "is set (sk-...)"),
        ("other-kind", "ok", "is set (not shown)"),
        (f"{SECRET}\n", "note", "white space around"),
        (f"{SECRET[:9]} {SECRET[9:]}", "problem", "white space inside"),
        (f"'{SECRET}'", "problem", "quotes"),
        (f"Bearer {SECRET}", "problem", "'Bearer'"),
        (f"{SECRET}\u200b", "problem", "no key has"),
        ("sk-xxxxxxxx", "problem", "placeholder"),
        ("<your key>", "problem", "white space inside"),
        ("YOUR_API_KEY", "problem", "placeholder"),
        (ADDRESS, "problem", "holds an address"),
    ],
)
def test_a_key_is_looked_at(key, state, said) -> None:
    found = service.key_finding(key)
    assert found.state == state
    assert said in found.said
    assert bool(found.advice) == (state == "problem" or said == "white space around")


@pytest.mark.parametrize(
    ("url", "has_key", "state", "said"),
    [
        (ADDRESS, True, "ok", "https://dashscope-intl.aliyuncs.com"),
        ("http://localhost:8000/v1 ", True, "ok", "http://localhost:8000"),
        (ADDRESS, False, "warning", "not used without a key"),
        ("dashscope.aliyuncs.com/compatible-mode/v1", True, "problem", "begin with https://"),
        ("dashscope.aliyuncs.com/compatible-mode/v1", False, "warning", "begin with https://"),
        ("https://me:password@host/v1", True, "problem", "not a valid address"),
        ("https://host:port/v1", True, "problem", "not a valid address"),
        (f"{ADDRESS}/chat/completions", True, "warning", "path of a request"),
        ("https://dashscope.aliyuncs.com/api/v1", True, "warning", "path of another service"),
    ],
)
def test_an_address_is_looked_at(url, has_key, state, said) -> None:
    found = service.url_finding(url, has_key=has_key)
    assert found.state == state
    assert said in found.said
    assert bool(found.advice) == (state != "ok")
    assert "password" not in found.said


@pytest.mark.parametrize(
    ("variables", "state", "said"),
    [
        ({}, "note", "stand-in"),
        ({"DASHSCOPE_BASE_URL": ADDRESS}, "note", "stand-in"),
        ({"DASHSCOPE_API_KEY": SECRET}, "ok", "DashScope beijing"),
        ({"DASHSCOPE_API_KEY": SECRET, "DASHSCOPE_BASE_URL": ADDRESS}, "ok", "singapore"),
        (
            {"DASHSCOPE_API_KEY": SECRET, "DASHSCOPE_BASE_URL": "http://localhost:8000/v1"},
            "ok",
            "a compatible server at http://localhost:8000",
        ),
        (
            {"DASHSCOPE_API_KEY": SECRET, "DASHSCOPE_BASE_URL": ADDRESS.replace("intl", "us")},
            "warning",
            "virginia",
        ),
        (
            {"DASHSCOPE_API_KEY": SECRET, "DASHSCOPE_BASE_URL": ADDRESS.replace("https", "http")},
            "problem",
            "https only",
        ),
        (
            {"DASHSCOPE_API_KEY": SECRET, "DASHSCOPE_BASE_URL": "nowhere"},
            "problem",
            "the address above",
        ),
    ],
)
def test_it_says_who_would_answer(variables, state, said, monkeypatch) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    found = by_name(service.findings())["Who answers"]
    assert found.state == state
    assert said in found.said


def test_a_wrong_pace_of_the_stand_in_is_a_problem(monkeypatch) -> None:
    monkeypatch.setattr("omni_nb.offline.server._shared", None)
    monkeypatch.setenv("OMNI_NB_STAND_IN_PACE", "fast")
    assert service.who_answers()[1].state == "problem"


# Network


class Listening(HTTPServer):
    """A service that wants a key, and remembers what it was told."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Unauthorized)
        self.seen: list[tuple[str, dict[str, str]]] = []
        self.url = f"http://127.0.0.1:{self.server_port}/compatible-mode/v1"
        threading.Thread(target=self.serve_forever, daemon=True).start()


class Unauthorized(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.server.seen.append((self.path, dict(self.headers)))
        self.send_error(401)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def knocking(monkeypatch) -> None:
    """Ask in earnest; `no_network` has it that nothing can be reached."""
    monkeypatch.setattr(network, "_status", STATUS)


@pytest.fixture
def listening() -> Iterator[Listening]:
    with Listening() as server:
        yield server
        server.shutdown()


def test_a_service_is_reached_without_a_key(listening, knocking, monkeypatch) -> None:
    monkeypatch.setenv("DASHSCOPE_API_KEY", SECRET)
    monkeypatch.setenv("DASHSCOPE_BASE_URL", listening.url)
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")  # not for ourselves
    found = by_name(network.findings())["Service"]
    assert found.state == "ok"
    assert f"http://127.0.0.1:{listening.server_port} answers" in found.said
    ((path, headers),) = listening.seen
    assert path == "/compatible-mode/v1/models"
    assert "authorization" not in {name.lower() for name in headers}
    assert SECRET not in str(headers)


def test_a_port_where_nobody_listens_is_told(knocking, monkeypatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    found = network.reached(f"http://127.0.0.1:{port}/v1", is_needed=True)
    assert (found.state, found.said) == ("warning", f"nothing listens at http://127.0.0.1:{port}")


def test_a_proxy_that_does_not_run_is_told(knocking, monkeypatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{port}")
    assert network.reached(ADDRESS, is_needed=True).advice == "Does the proxy run?"


def test_who_listens_and_says_nothing_is_not_waited_for(knocking, monkeypatch) -> None:
    monkeypatch.setattr(network, "CONNECT_SECONDS", 0.2)
    monkeypatch.setattr(network, "REQUEST_SECONDS", 600)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/v1"
        assert "does not answer within" in network.reached(url, is_needed=True).said


def test_a_name_that_is_never_found_is_not_waited_for(monkeypatch) -> None:
    found_out = threading.Event()
    monkeypatch.setattr(network, "REQUEST_SECONDS", 0.1)
    monkeypatch.setattr(network, "_status", lambda url: found_out.wait(60))
    assert "does not answer" in network.reached(ADDRESS, is_needed=True).said
    found_out.set()


@pytest.mark.parametrize("proxy", ["socks5://127.0.0.1:9", "socks://127.0.0.1:9"])
def test_a_proxy_that_the_library_cannot_use_is_told(proxy, knocking, monkeypatch) -> None:
    monkeypatch.setenv("ALL_PROXY", proxy)
    found = network.reached(ADDRESS, is_needed=True)
    assert found.state == "warning"
    assert "socksio" in found.advice or "ALL_PROXY" in found.advice


def caused(error: Exception) -> Exception:
    outer = RuntimeError("could not connect")
    outer.__cause__ = error
    return outer


class ProxyError(Exception):
    """Named as the HTTP library's."""


@pytest.mark.parametrize(
    ("error", "said", "advice"),
    [
        (socket.gaierror("x"), "offline?", "HTTPS_PROXY"),
        (ssl.SSLCertVerificationError("x"), "certificate", "SSL_CERT_FILE"),
        (ProxyError("407"), "proxy refuses", "password"),
        (TimeoutError(), "does not answer within 5 s", "firewall"),
        (FileNotFoundError("cert.pem"), "RuntimeError", "SSL_CERT_FILE"),
    ],
)
def test_why_nothing_answers(error, said, advice, monkeypatch) -> None:
    monkeypatch.setattr(network, "_status", lambda url: raising(caused(error)))
    found = network.reached(ADDRESS, is_needed=True)
    assert found.state == "warning"
    assert said in found.said
    assert advice in found.advice
    assert network.reached(ADDRESS, is_needed=False).state == "note"


def test_proxies_are_named_without_their_passwords(monkeypatch) -> None:
    assert network.proxies().said == "none"
    monkeypatch.setenv("HTTPS_PROXY", "http://me:word@proxy.lan:8080/?a=b")
    monkeypatch.setenv("NO_PROXY", "localhost")
    assert network.proxies().said == "https: http://proxy.lan:8080; not for localhost"


# Packages and Jupyter


def requiring(monkeypatch, *lines: str) -> dict[str, Finding]:
    """What is found where omni_nb requires this of packages that are really installed, or not."""
    monkeypatch.setattr(packages, "requires", lambda name: list(lines))
    return by_name(packages.findings())


def test_what_omni_nb_requires_is_here() -> None:
    (found,) = packages.findings()
    named = [need.name for need in map(Requirement, requires("omni-nb")) if not need.marker]
    assert found.state == "ok"
    assert [name for name in named if f" {name} {version(name)}" not in found.said] == []


@pytest.mark.parametrize(
    ("line", "asked", "here"),
    [
        ("nowhere-to-be-found>=1.2", "nowhere-to-be-found>=1.2", "none"),
        ("av>=999.1", "av>=999.1", version("av")),
        ("av>=1,<2", "av<2,>=1", version("av")),
        ("av!=999,>=1000; python_version >= '3'", "av!=999,>=1000", version("av")),
    ],
    ids=["missing", "too old", "too new", "marker"],
)
def test_a_package_that_does_not_fit_is_a_problem(line, asked, here, monkeypatch) -> None:
    found = requiring(monkeypatch, "numpy>=1", line)
    assert found["Required"].said == f"1 of 2: numpy {version('numpy')}"
    assert (found["To install"].state, found["To install"].said) == (
        "problem",
        f"{asked} (installed: {here})",
    )
    assert found["To install"].advice == f'python -m pip install "{asked}"'


@pytest.mark.parametrize("marker", ["python_version < '3'", "os_name == 'none'", "extra == 'lab'"])
def test_what_another_machine_or_an_extra_needs_is_not_asked_for(marker, monkeypatch) -> None:
    found = requiring(monkeypatch, "numpy>=1", f"nowhere-to-be-found; {marker}")
    assert [finding.said for finding in found.values()] == [f"1 of 1: numpy {version('numpy')}"]


def test_what_an_extra_takes_is_known(monkeypatch) -> None:
    assert packages.required("jupyterlab", extra="lab").contains("4.6")
    assert not packages.required("jupyterlab", extra="lab").contains("3.6")
    assert packages.required("nowhere-to-be-found", extra="lab").contains("1")


@pytest.mark.parametrize("here", [None, "half"])
def test_a_package_without_a_version_is_not_installed(here, monkeypatch) -> None:
    monkeypatch.setattr(packages, "version", lambda name: here)
    found = requiring(monkeypatch, "av>=14")
    assert found["To install"].said == "av>=14 (installed: none)"


def test_a_pre_release_fits() -> None:
    assert packages.fits(Version("5.0rc1"), SpecifierSet(">=4"))


def installed(**versions: str | None):
    return lambda name: (here := versions.get(name, "99.0")) and Version(here)


def test_a_machine_without_jupyterlab_is_told_how_to_get_it(monkeypatch) -> None:
    monkeypatch.setattr(jupyter, "installed", installed(jupyterlab=None, ipykernel=None))
    monkeypatch.setattr(jupyter.shutil, "which", lambda name: None)
    found = by_name(jupyter.findings())
    assert found["JupyterLab"].advice == 'For `omni-nb lab`: python -m pip install "omni-nb[lab]"'
    assert found["Kernel"].state == "warning"
    assert not {"Widgets", "Subshells", "On the path"} & set(found)


def test_an_old_jupyterlab_is_a_warning(monkeypatch) -> None:
    monkeypatch.setattr(jupyter, "installed", installed(jupyterlab="3.6.8"))
    found = by_name(jupyter.findings())["JupyterLab"]
    assert (found.state, found.said) == ("warning", "3.6.8; omni_nb is tested with >=4.2")
    assert found.advice == 'python -m pip install "jupyterlab>=4.2"'


def test_a_jupyterlab_of_another_python_is_told(monkeypatch) -> None:
    monkeypatch.setattr(jupyter.shutil, "which", lambda name: "/opt/conda/bin/jupyter-lab")
    assert "/opt/conda/bin" in by_name(jupyter.findings())["On the path"].said


def test_a_kernel_of_another_python_is_told(monkeypatch, tmp_path) -> None:
    assert "Other kernel" not in by_name(jupyter.findings())
    kernel = tmp_path / "kernels" / "python3"
    kernel.mkdir(parents=True)
    (kernel / "kernel.json").write_text(
        json.dumps({"argv": ["/opt/conda/bin/python", "-m", "x"], "display_name": "Python 3"})
    )
    monkeypatch.setenv("JUPYTER_PREFER_ENV_PATH", "0")
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))
    found = by_name(jupyter.findings())["Other kernel"]
    assert "/opt/conda/bin/python" in found.said
    assert found.state == "warning"


@pytest.fixture
def lab_with_subshells(monkeypatch, tmp_path):
    """JupyterLab 4.4 and later, whichever is here."""
    schema = tmp_path / "lab/schemas/@jupyterlab/apputils-extension/kernels-settings.json"
    schema.parent.mkdir(parents=True)
    schema.write_text('{"properties": {"commsOverSubshells": {}}}')
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))


@pytest.mark.parametrize(
    ("version", "said"),
    [
        ("6.29.5", "no (ipykernel 6.29.5 has no subshells)"),
        ("7.1.0", "yes: a panel's buttons work"),
        ("7.4.0", "without `await`"),
    ],
)
def test_it_says_whether_a_panel_is_heard_while_a_cell_runs(
    version, said, lab_with_subshells, monkeypatch
) -> None:
    monkeypatch.setattr(jupyter, "installed", installed(ipykernel=version))
    assert said in by_name(jupyter.findings())["Subshells"].said


def test_a_jupyterlab_that_knows_no_subshells_is_told(monkeypatch, tmp_path) -> None:
    monkeypatch.setattr("jupyter_core.paths.jupyter_path", lambda: [str(tmp_path)])
    monkeypatch.setattr(jupyter, "installed", installed(ipykernel="7.1.0", jupyterlab="4.2"))
    assert "no (JupyterLab 4.2 does" in by_name(jupyter.findings())["Subshells"].said


def test_subshells_that_are_turned_off_are_told(lab_with_subshells, monkeypatch, tmp_path) -> None:
    settings = tmp_path / "lab/user-settings/@jupyterlab/apputils-extension"
    settings.mkdir(parents=True)
    (settings / "kernels-settings.jupyterlab-settings").write_text(
        '{\n  // mine\n  "commsOverSubshells": "disabled"\n}'
    )
    monkeypatch.setenv("JUPYTER_CONFIG_DIR", str(tmp_path))
    monkeypatch.setattr(jupyter, "installed", installed(ipykernel="7.1.0"))
    assert "turned off" in by_name(jupyter.findings())["Subshells"].said


def test_widgets_that_jupyterlab_does_not_find_are_a_warning(monkeypatch) -> None:
    monkeypatch.setattr(jupyter, "_WIDGETS", ("anywidget", "nowhere"))
    found = by_name(jupyter.findings())["Widgets"]
    assert (found.state, found.said) == ("warning", "JupyterLab does not find nowhere")


# The machine, the stand-in and browsers


def test_a_package_that_lacks_its_files_is_a_warning(monkeypatch, tmp_path) -> None:
    assert {finding.state for finding in machine.findings()} == {"ok"}
    monkeypatch.setattr(machine.omni_nb, "__file__", str(tmp_path / "omni_nb" / "__init__.py"))
    found = by_name(machine.findings())["Files"]
    assert found.state == "warning"
    assert "player.js" in found.said
    assert "the tutorials" in found.said


def test_the_stand_in_is_asked_in_earnest() -> None:
    found = by_name(standin.findings())
    assert {finding.state for finding in found.values()} == {"ok"}
    assert "s of speech" in found["Stand-in"].said
    assert "MP3" in found["Encoders"].said
    assert "Opus" in found["Encoders"].said


def test_a_stand_in_that_cannot_start_is_a_problem(monkeypatch) -> None:
    def forbidden(*_: object, **__: object) -> None:
        raise PermissionError("loopback is forbidden")

    monkeypatch.setattr("omni_nb.offline.server.start", forbidden)
    (found,) = standin.findings()
    assert found.state == "problem"
    assert "loopback is forbidden" in found.said


@pytest.mark.parametrize(("loader", "state"), [(None, "note"), ("0.2.4", "warning")])
def test_a_voice_without_words_is_told(loader, state, monkeypatch) -> None:
    monkeypatch.setattr("omni_nb.offline.voice.has_speech", lambda: False)
    monkeypatch.setattr(standin, "installed", lambda name: loader)
    found = standin._voice()
    assert found.state == state
    assert ("omni-nb[voice]" in found.advice) == (loader is None)


@pytest.mark.parametrize(("here", "state"), [(None, "note"), ("1.8.1", "ok")])
def test_what_opens_a_phones_photos_is_told(here, state, monkeypatch) -> None:
    monkeypatch.setattr(standin, "installed", lambda name: here)
    found = standin._photos()
    assert found.state == state
    assert ("omni-nb[heic]" in found.advice) == (here is None)


def test_an_encoder_that_is_missing_is_named(monkeypatch) -> None:
    speech = SimpleNamespace(
        seconds=1, to_mp3=lambda: raising(ValueError("libmp3lame")), to_opus=lambda: b"OggS"
    )
    found = standin._encoders(speech)
    assert found.state == "warning"
    assert "MP3 (ValueError)" in found.said
    assert "Opus" not in found.said
    assert "storage='wav'" in found.advice


@pytest.mark.parametrize(
    ("commands", "state", "said"),
    [
        ((), "note", "none on this machine"),
        (("firefox-esr",), "note", "Firefox; omni_nb is tested with Chromium only"),
        (("google-chrome", "firefox"), "ok", "Chrome, Firefox"),
    ],
)
def test_browsers_are_found(commands, state, said, monkeypatch) -> None:
    monkeypatch.setattr(browser, "_APPLICATIONS", {})
    monkeypatch.setattr(browser.shutil, "which", lambda name: name if name in commands else None)
    found = by_name(browser.findings())
    assert (found["Browser"].state, found["Browser"].said) == (state, said)
    assert "localhost" in found["Microphone"].said


def test_a_browser_is_found_among_the_applications(monkeypatch, tmp_path) -> None:
    monkeypatch.setattr(browser.shutil, "which", lambda name: None)
    (tmp_path / "Mozilla Firefox").mkdir()
    (tmp_path / "Mozilla Firefox" / "firefox.exe").touch()
    monkeypatch.setenv("PROGRAMFILES", str(tmp_path))
    assert "Firefox" in browser.browsers()
