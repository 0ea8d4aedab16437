"""Hostile text in everything that a panel shows: nothing runs, nothing is loaded, nothing leaves.

The texts are those of ``tests/xss.py``; the conversations are made by ``hostile.py`` in the kernel.
"""

from __future__ import annotations

import threading
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from omni_nb.views.notebook import Chat
from tests.xss import PAYLOADS

from .files import drop_files
from .hits import Hits
from .hostile import PIXEL, SOME, full
from .panel import SETUP, Panel, open_panel
from .servers import TIMEOUT_MILLISECONDS
from .test_ask import write_untrusted_copy
from .voila import ICONS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Page

    from .lab import Lab

SHOW = "chat = talk(voice=None, pace=0)\npanel = chat.panel(language='en')\npanel"
FULL = "from tests.browser.hostile import full, live, named\nfull(chat)"


def run(lab: Lab, page: Page, index: int) -> str:
    """Run a cell and return what it prints."""
    lab.run_cell(page, index)
    return lab.printed(page, index)


def show_code(page: Page, count: int) -> None:
    """Show every answer's request as code."""
    page.evaluate(CLICK, ".omni-panel-show-code")
    page.wait_for_function(ARE_FILLED, arg=count, timeout=TIMEOUT_MILLISECONDS)


def assert_clean(page: Page) -> None:
    """Fail when what models and people wrote has become more than text, links and tables."""
    found = page.evaluate(UNCLEAN)
    assert not found, "\n".join(dict.fromkeys(found))


@pytest.mark.parametrize("how", ["refuse", "break"])
def test_what_a_service_says_is_only_text_while_it_comes_and_after(lab, page, hits, how):
    panel = open_panel(
        lab, page, SHOW, later=[f"from tests.browser.hostile import live\nlive(chat, {how!r})"]
    )
    hits.forget()
    run(lab, page, 2)
    expect(panel.answers).to_have_count(len(SOME), timeout=TIMEOUT_MILLISECONDS)
    show_code(page, len(SOME))
    hits.assert_none()
    assert_clean(page)


def test_a_conversation_is_only_text_in_a_panel_and_beside_it(lab, page, hits):
    open_panel(lab, page, SHOW, later=[FULL])
    hits.forget()
    run(lab, page, 2)
    assert_hostile_panel(page)
    show_code(page, len(PAYLOADS))
    assert_turns(page, len(PAYLOADS))  # the copy that the notebook keeps
    hits.assert_none()
    assert_clean(page)


def test_a_saved_conversation_is_only_text_trusted_or_not(lab, page, hits):
    static = (
        "from omni_nb.render.transcript import transcript_bundle\n"
        "from IPython.display import display\n"
        "display(transcript_bundle(chat.replies), raw=True)"
    )
    lab.write_notebook("saved.ipynb", [SETUP, f"chat = talk()\n{FULL}", static])
    lab.open(page, "saved.ipynb")
    hits.forget()
    for index in range(3):
        run(lab, page, index)
    assert_turns(page, len(PAYLOADS))
    hits.assert_none()
    assert_clean(page)
    lab.save(page)
    write_untrusted_copy(lab, "saved.ipynb", "untrusted.ipynb")
    lab.open(page, "untrusted.ipynb")
    assert_turns(page, len(PAYLOADS))
    hits.assert_none()
    assert_clean(page)


def test_an_exported_page_is_only_text(voila_page, tmp_path):
    chat = Chat(voice=None)
    full(chat)
    chat.export(tmp_path / "hostile.html")
    with served(tmp_path) as url, Hits(voila_page) as hits:
        voila_page.goto("about:blank")
        hits.forget()
        voila_page.goto(f"{url}/hostile.html")
        hits.forget()  # that was us
        assert_turns(voila_page, len(PAYLOADS))
        hits.assert_none()
        assert_clean(voila_page)


def assert_turns(page: Page, count: int) -> None:
    """Wait until so many turns of static conversations are there."""
    expect(page.locator(".omni-turn")).to_have_count(count, timeout=TIMEOUT_MILLISECONDS)


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serve a folder to this machine; yield its address."""
    handler = partial(QuietHandler, directory=str(folder))
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


class QuietHandler(SimpleHTTPRequestHandler):
    """Serves files, and says nothing."""

    def log_message(self, *arguments: object) -> None:
        """Say nothing."""


def test_names_of_models_voices_and_notices_are_only_text(lab, page, hits):
    panel = open_panel(
        lab, page, SHOW, FULL, later=["named(chat, panel)", "chat.use(model='qwen3-omni-flash')"]
    )
    panel.open_settings()
    hits.forget()
    run(lab, page, 3)
    last = list(SOME.values())[-1]
    expect(panel.root.locator(".omni-panel-who")).to_have_text(last, timeout=TIMEOUT_MILLISECONDS)
    expect(panel.root.locator(".omni-panel-notice").last).to_have_text(
        last, timeout=TIMEOUT_MILLISECONDS
    )
    hits.assert_none()
    assert_clean(page)


def test_names_and_types_of_files_are_only_text(lab, page, hits):
    panel = open_panel(lab, page, SHOW)
    hits.forget()
    files = [(payload, payload, PIXEL) for payload in SOME.values()]
    assert drop_files(page, panel.root, files)
    expect(panel.chips).to_have_count(len(files), timeout=TIMEOUT_MILLISECONDS)
    expect(panel.root.locator(".omni-composer-progress:visible")).to_have_count(
        0, timeout=TIMEOUT_MILLISECONDS
    )
    hits.assert_none()
    assert_clean(page)


def test_a_file_of_a_hostile_name_is_loaded_in_words(lab, page, hits):
    panel = open_panel(lab, page, SHOW)
    hits.forget()
    for name in ["name-tag", "name-traversal", "name-quote", "script"]:
        panel.button("More").click()
        panel.root.get_by_role("menuitem", name="Load…").click()
        panel.root.get_by_label("File name").fill(PAYLOADS[name])
        panel.root.get_by_label("File name").press("Enter")
        expect(panel.root.locator(".omni-panel-notice").last).to_contain_text(
            "onerror", timeout=TIMEOUT_MILLISECONDS
        )
    hits.assert_none()


def test_a_loaded_conversation_is_only_text_in_notebook_7(notebook7, notebook_page):
    with Hits(notebook_page) as hits:
        load = "chat.save('hostile.json')\nomni.Chat.load('hostile.json').panel(language='zh')"
        notebook7.write_notebook("hostile.ipynb", [SETUP, f"chat = talk()\n{FULL}", load])
        notebook7.open(notebook_page, "hostile.ipynb")
        hits.forget()
        for index in range(3):
            run(notebook7, notebook_page, index)
        assert_hostile_panel(notebook_page)
        hits.assert_none()


def test_a_conversation_out_of_a_notebook_is_only_text_in_voila(voila, voila_page):
    with Hits(voila_page, expected=[ICONS]) as hits:
        load = (
            "chat.export('talk.ipynb')\nomni.Chat.from_notebook('talk.ipynb').panel(language='en')"
        )
        voila.write_notebook("hostile.ipynb", [SETUP, f"chat = talk()\n{FULL}", load])
        voila.open(voila_page, "hostile.ipynb")
        assert_hostile_panel(voila_page)
        hits.found = [hit for hit in hits.found if "hostile.ipynb" not in hit]  # that was us
        hits.assert_none()


def assert_hostile_panel(page: Page) -> None:
    """Wait until all of it is here, as what it is."""
    shown = Panel(page).wait_until_here()
    expect(shown.turns).to_have_count(len(PAYLOADS), timeout=TIMEOUT_MILLISECONDS)
    assert_clean(page)


KEY = "sk-0123456789-only-in-the-connection"


def test_the_key_of_a_connection_is_nowhere(lab, second_page):
    manager = lab.folder / "settings" / "@jupyter-widgets" / "jupyterlab-manager"
    manager.mkdir(parents=True, exist_ok=True)
    setting = manager / "plugin.jupyterlab-settings"
    setting.write_text('{"saveState": true}')
    try:
        panel = open_panel(
            lab,
            second_page,
            WITH_KEY,
            later=["chat.save('kept.json')\nchat.export('kept.html')\nchat.export('kept.ipynb')"],
            name="key.ipynb",
        )
        panel.ask("Who are you?")
        panel.wait_for_answers(1)
        expect(panel.answers.first).to_contain_text(
            "[key]", timeout=TIMEOUT_MILLISECONDS
        )  # the service has echoed it
        panel.open_settings()
        show_code(second_page, 1)
        run(lab, second_page, 2)
        lab.save(second_page)
    finally:
        setting.unlink()
    assert KEY not in second_page.content()
    assert "application/vnd.jupyter.widget-state+json" in str(lab.read_notebook("key.ipynb"))
    kept = [path for path in lab.folder.rglob("*") if path.is_file()]
    with_key = [path.name for path in kept if KEY.encode() in path.read_bytes()]
    assert with_key == []


WITH_KEY = """
from omni_nb.turns.connection import Connection
from omni_nb.wire.client import Endpoint, Secret
from tests.browser.hostile import hostile_service
service = hostile_service("refuse")
key = Secret("sk-0123456789-" + "only-in-the-connection")  # not in the notebook's source
connection = Connection(Endpoint(service.__enter__().base_url, key))
chat = omni.Chat("qwen3-omni-flash", voice=None, connection=connection)
panel = chat.panel(language="en")
panel
"""


UNCLEAN = """() => {
  const found = [];
  const say = (element, why) => found.push(`${why}: ${element.outerHTML.slice(0, 200)}`);
  const HANDLER = /^on/;
  for (const element of document.querySelectorAll(".omni-panel *, .omni-transcript *")) {
    if (element.getAttributeNames().some((name) => HANDLER.test(name))) say(element, "a handler");
    if (element.matches("script, iframe, object, embed, form[action], base, meta, link")) {
      say(element, "an element");
    }
    if (element.src && !/^(data:(image|audio)|blob:)/.test(element.src)) say(element, "a source");
    if (element.matches("a[href]")) {
      const isSafe = /^(https?:|mailto:)/.test(element.href) && element.target === "_blank"
        && element.relList.contains("noopener");
      // JupyterLab's MathJax points within the page.
      const isOfLab = element.closest("mjx-container") && /^#/.test(element.getAttribute("href"));
      if (!isSafe && !isOfLab) say(element, "a link");
    }
  }
  for (const element of document.querySelectorAll(".omni-markdown *, .omni-text *")) {
    // JupyterLab typesets what is saved, and numbers its headings.
    if (element.closest("mjx-container, .numbering-entry")) continue;
    if (element.id || element.hasAttribute("name")) say(element, "a name of the page");
    if (element.className && !/omni-/.test(element.getAttribute("class"))) say(element, "a class");
    if (/fixed|absolute/.test(element.style?.position)) say(element, "a position");
  }
  return found;
}"""

CLICK = "(selector) => document.querySelectorAll(selector).forEach((element) => element.click())"

ARE_FILLED = """(count) => {
  const programs = [...document.querySelectorAll(".omni-panel-program")];
  return programs.length === count && programs.every(({ textContent }) => textContent);
}"""
