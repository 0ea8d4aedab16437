"""The bench itself: what `Lab`, `Notebook7`, `Voila` and the tools beside them promise."""

from __future__ import annotations

import hashlib
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Page, expect

from .axe import assert_accessible, axe
from .files import choose_files, drop_files, paste_image
from .hits import Hits
from .lab import Tap
from .voila import ICONS
from .widths import assert_fits, sticking_out

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from .lab import Lab, Notebook7
    from .voila import Voila

PLAYER = """
import numpy as np
from omni_nb.views.player import AudioPlayer
player = AudioPlayer(close_when_done=False); display(player)
player.update("One sentence.", (np.sin(np.arange(24000) / 9) * 9000).astype(np.int16))
player.finish()
"""
EXPLORER = "import omni_nb as omni\nomni.image_explorer()"


class Blank(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()

    def log_message(self, *arguments: object) -> None:
        """Say nothing."""


@pytest.fixture
def blank_page(second_page: Page) -> Iterator[Page]:
    """An empty page of this machine, without the rules of a Jupyter server for its content."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Blank) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        second_page.goto(f"http://127.0.0.1:{server.server_port}/")
        yield second_page
        server.shutdown()


@pytest.mark.host("Notebook 7, Chromium", "explorers")
def test_widgets_of_ours_work_in_notebook_7(notebook7: Notebook7, notebook_page: Page) -> None:
    notebook7.write_notebook("widgets.ipynb", [EXPLORER, PLAYER])
    notebook7.open(notebook_page, "widgets.ipynb")
    with Hits(notebook_page) as hits:
        notebook7.run_cell(notebook_page, 0)
        expect(notebook_page.locator(".omni-explorer-facts")).to_contain_text("tokens")
        notebook7.run_cell(notebook_page, 1)
        notebook7.printed(notebook_page, 1)
        expect(notebook_page.locator(".omni-player-captions")).to_have_text("One sentence.")
        Tap(notebook_page).wait_for_silence()
        hits.assert_none()
    notebook7.theme(notebook_page, "dark")
    notebook7.save(notebook_page)
    assert notebook7.read_notebook("widgets.ipynb").cells[1].outputs
    notebook7.screenshot(notebook_page, "notebook7")


@pytest.mark.host("Voilà, Chromium", "explorers")
def test_widgets_of_ours_work_in_voila_without_a_network(voila: Voila, voila_page: Page) -> None:
    voila.write_notebook("widgets.ipynb", [EXPLORER, PLAYER])
    with Hits(voila_page, expected=[ICONS, voila.url]) as hits:
        voila.open(voila_page, "widgets.ipynb", theme="dark")
        expect(voila_page.locator(".omni-explorer-facts")).to_contain_text("tokens")
        # The sound is over before the page is there, as after a reload: the player says nothing.
        expect(voila_page.locator(".omni-player-state")).to_have_text("Stopped")
        expect(voila_page.locator("body")).to_have_attribute("data-jp-theme-light", "false")
        assert "import omni_nb" not in voila_page.inner_text("body")
        facts = voila_page.locator(".omni-explorer-facts").inner_text()
        voila_page.get_by_role("combobox").first.select_option("qwen3-omni-flash")
        expect(voila_page.locator(".omni-explorer-facts")).not_to_have_text(
            facts, use_inner_text=True
        )
        voila.screenshot(voila_page, "voila")
        voila.reload(voila_page)
        expect(voila_page.locator(".omni-explorer-facts")).to_have_text(facts, use_inner_text=True)
        hits.assert_none()


ZONE = """
<div id="zone" tabindex="0">Here</div><label>Attach <input type="file" multiple></label>
<script>
  window.files = [];
  const take = (list) => files.push(...list);
  zone.ondragover = (event) => event.preventDefault();
  zone.ondrop = (event) => { event.preventDefault(); take(event.dataTransfer.files); };
  zone.onpaste = (event) => { event.preventDefault(); take(event.clipboardData.files); };
  document.querySelector("input").onchange = ({ target }) => take(target.files);
</script>"""
SEEN = """() => Promise.all(window.files.map(async (file) => {
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", await file.arrayBuffer()));
  const hex = [...hash].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return [file.name, file.type, hex];
}))"""


@pytest.mark.parametrize("total_bytes", [1000, 20_000_000])
def test_files_are_dropped_pasted_and_chosen(
    blank_page: Page, tmp_path: Path, total_bytes: int
) -> None:
    blank_page.set_content(ZONE)
    content = bytes(range(250)) * (total_bytes // 250)
    digest = hashlib.sha256(content).hexdigest()
    dropped = [("a.mp4", "video/mp4", content), ("b", "", b"b")]
    assert drop_files(blank_page, "#zone", dropped)
    assert paste_image(blank_page, "#zone", content)
    choose_files(blank_page, "label", [("a.mp4", content)], tmp_path)
    seen = blank_page.evaluate(SEEN)
    assert seen == [
        ["a.mp4", "video/mp4", digest],
        ["b", "", hashlib.sha256(b"b").hexdigest()],
        ["image.png", "image/png", digest],
        ["a.mp4", "video/mp4", digest],
    ]
    assert not drop_files(blank_page, "label", dropped[1:]), "nobody takes it there"
    assert not paste_image(blank_page, "label", b"")


@pytest.mark.parametrize(
    ("hostile", "seen"),
    [
        ("<img src=x onerror='__omniHit(1)'>", "script 1"),
        ("<img src=x onerror='alert(2)'>", r"alert\(2\)"),
        ("<iframe srcdoc='<script>__omniHit(3)</script>'></iframe>", "script 3"),
        ("<iframe sandbox='allow-scripts' srcdoc='<script></script>'></iframe>", "a frame"),
        ("<img src='https://evil.example/?x'>", "request https://evil.example/"),
        ("<div style='background: url(/omni-hit)'>.</div>", "request http.*/omni-hit"),
        ("<img src=x onerror='window.open(\"/\")'>", r"open\(/\)"),
        (
            "<img src=x onerror='location = \"/api/kernels\"'>",
            "the page goes to http.*/api/kernels",
        ),
        ("<img src=x onerror='location = \"//evil.example\"'>", "request http://evil.example/"),
        ("<img src=x onerror='new WebSocket(\"ws://evil.example\")'>", "socket ws://evil.example"),
        ("<img src=x onerror='print()'>", r"print\(\)"),
    ],
)
def test_what_hostile_text_achieves_is_seen(blank_page: Page, hostile: str, seen: str) -> None:
    with Hits(blank_page) as hits:
        blank_page.evaluate(
            "(html) => document.body.insertAdjacentHTML('beforeend', html)", hostile
        )
        wait_for(blank_page, hits, seen)
        with pytest.raises(AssertionError, match="hostile text got through"):
            hits.assert_none()


def test_a_link_that_opens_a_page_is_a_hit(blank_page: Page) -> None:
    with Hits(blank_page) as hits:
        blank_page.set_content("<a target=_blank href=/>Here</a>")
        hits.assert_none()
        with blank_page.expect_popup():
            blank_page.get_by_text("Here").click()
        wait_for(blank_page, hits, "a new page ")


def wait_for(page: Page, hits: Hits, seen: str) -> None:
    for _ in range(100):
        if any(re.match(seen, hit) for hit in hits.found):
            return
        page.wait_for_timeout(20)
    pytest.fail(f"not seen: {seen}; {hits.found}")


def test_harmless_text_is_no_hit_even_after_a_reload(blank_page: Page) -> None:
    with Hits(blank_page) as hits:
        blank_page.evaluate("() => document.body.append(new Image())")
        blank_page.evaluate("() => { location.hash = 'here'; }")
        blank_page.reload()
        hits.assert_none()
        blank_page.evaluate("() => __omniHit('after the reload')")
        assert hits.found == ["script after the reload"]
        hits.forget()
        hits.assert_none()


def test_the_page_of_the_session_is_watched_without_a_reload(
    lab: Lab, page: Page, hits: Hits
) -> None:
    lab.write_notebook("hits.ipynb", ["from IPython.display import HTML", "HTML('<b>fine</b>')"])
    lab.open(page, "hits.ipynb")
    hits.forget()  # that was us, if the page has not shown JupyterLab before
    lab.run_cell(page, 0)
    lab.run_cell(page, 1)
    hits.assert_none()
    page.evaluate("() => { setTimeout(() => __omniHit('here'), 0); }")
    wait_for(page, hits, "script here")


def test_axe_names_what_is_wrong(blank_page: Page) -> None:
    blank_page.set_content(
        "<style>button { min-width: 30px; height: 30px }</style>"
        "<div id=good><button>Send</button></div><div id=bad><button></button></div>"
    )
    assert_accessible(blank_page, "#good")
    assert [violation["id"] for violation in axe(blank_page, "#bad")] == ["button-name"]
    assert axe(blank_page, "#bad", without=["button-name"]) == []
    with pytest.raises(AssertionError, match=r"critical: button-name[^$]*<button></button>"):
        assert_accessible(blank_page, "#bad")


def test_what_is_too_wide_is_named(blank_page: Page) -> None:
    wide = "x" * 100
    blank_page.set_content(f"""
      <style>div {{ width: 200px }}</style>
      <div id=good><pre style="overflow: auto">{wide}</pre><p hidden>{wide}</p></div>
      <div id=text><pre>{wide}</pre></div>
      <div id=box><p class=wide style="width: 250px">x</p></div>
      <div id=page style="width: 1200px"></div>""")
    assert_fits(blank_page, "#good")
    assert names(sticking_out(blank_page, "#text")) == ['"' + "x" * 40 + '"']
    assert names(sticking_out(blank_page, "#box")) == ["p.wide"]
    blank_page.locator("#page").evaluate("(element) => { element.style.height = '9px'; }")
    with pytest.raises(AssertionError, match="#page does not fit"):
        assert_fits(blank_page, "#page")


def names(found: list[str]) -> list[str]:
    return [line.partition(":")[0] for line in found]


def test_what_is_installed_for_one_test_is_in_no_other_server(lab: Lab, page: Page) -> None:
    lab.write_notebook("plain.ipynb", [])
    lab.open(page, "plain.ipynb")
    plugins = page.evaluate("() => window.jupyterapp.listPlugins()")
    assert not [name for name in plugins if "collaboration" in name or "docprovider" in name]
    assert page.request.get(f"{lab.url}nbclassic/tree").status == 404
