"""The explorers in a real JupyterLab: moved by mouse and keyboard, saved and reopened."""

from __future__ import annotations

import base64
import itertools
import re
import time
from typing import TYPE_CHECKING

import nbconvert
import pytest
from playwright.sync_api import Locator, Page, expect
from skimage import data

import omni_nb as omni
from tests.media_files import speechlike

from .lab import SCREENSHOTS
from .widths import scrolling

if TYPE_CHECKING:
    from pathlib import Path

    from .lab import Lab, Theme

SETUP = "from omni_nb.views.explorers import audio_explorer, cost_explorer, image_explorer"
THEMES: tuple[Theme, ...] = ("light", "dark")
SETTLED_MILLISECONDS = 10_000


def open_cells(lab: Lab, page: Page, *cells: str) -> Locator:
    """Run the cells and return the explorers."""
    lab.write_notebook("explorers.ipynb", [SETUP, *cells])
    lab.open(page, "explorers.ipynb")
    for index in range(len(cells) + 1):
        lab.run_cell(page, index)
        lab.printed(page, index)
    explorers = page.locator(".omni-explorer")
    expect(explorers).to_have_count(len(cells))
    return explorers


def facts(explorer: Locator) -> Locator:
    return explorer.locator(".omni-explorer-facts")


def choose(page: Page, explorer: Locator, file: Path) -> None:
    """Pick a file as a person does."""
    with page.expect_file_chooser() as chooser:
        explorer.locator(".omni-filedrop").click()
    chooser.value.set_files(file)


DROP = """(zone, { name, base64 }) => {
  const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
  const dataTransfer = new DataTransfer();
  dataTransfer.items.add(new File([bytes], name));
  for (const type of ["dragover", "drop"]) {
    zone.dispatchEvent(new DragEvent(type, { dataTransfer, bubbles: true, cancelable: true }));
  }
}"""


def drop(explorer: Locator, name: str, content: bytes) -> None:
    """Let a file fall on the button."""
    file = {"name": name, "base64": base64.b64encode(content).decode()}
    explorer.locator(".omni-filedrop").evaluate(DROP, file)


def handle(explorer: Locator, index: int = 0) -> Locator:
    return explorer.get_by_role("slider").nth(index)


def drag(page: Page, knob: Locator, pixels: int) -> None:
    box = knob.bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + pixels, y, steps=12)
    page.mouse.up()


def saved(lab: Lab, page: Page, cell: int) -> dict[str, str]:
    """The saved form of the explorer in a cell: its second output."""
    bundle: dict[str, str] = lab.outputs(page, cell)[1]["data"]
    return {mime: "".join(text) for mime, text in bundle.items()}


def wait_until_saved_says(lab: Lab, page: Page, cell: int, words: str) -> None:
    deadline = time.monotonic() + SETTLED_MILLISECONDS / 1000
    while words not in saved(lab, page, cell)["text/plain"]:
        assert time.monotonic() < deadline, saved(lab, page, cell)["text/plain"]
        page.wait_for_timeout(50)


@pytest.mark.host("JupyterLab 4, Chromium", "explorers")
@pytest.mark.every_browser
@pytest.mark.in_short
def test_the_mouse_drags_the_grid_along(lab: Lab, page: Page) -> None:
    explorer = open_cells(lab, page, "image_explorer()").first
    expect(facts(explorer)).to_contain_text("1,224 tokens")
    before = explorer.locator("img").get_attribute("src")
    drag(page, handle(explorer), -60)
    expect(facts(explorer)).not_to_contain_text("1,224 tokens")
    expect(explorer.get_by_role("status")).not_to_contain_text("1,224 tokens")
    width = int(explorer.get_by_role("spinbutton").first.input_value())
    assert 10 < width < 1900
    expected = omni.image_tokens(width, 1080, model="qwen-omni-turbo").tokens
    expect(facts(explorer)).to_contain_text(f"{expected:,} tokens")
    expect(explorer.locator("img")).not_to_have_attribute("src", before or "")
    wait_until_saved_says(lab, page, 1, f"{width:,} × 1,080")


def test_the_keyboard_reaches_and_moves_everything(lab: Lab, page: Page) -> None:
    explorer = open_cells(lab, page, "image_explorer()").first
    explorer.get_by_role("combobox").first.focus()
    stops = []
    for _ in range(7):
        stops.append(
            page.evaluate(
                "() => document.activeElement.getAttribute('role') "
                "|| document.activeElement.tagName.toLowerCase()"
            )
        )
        page.keyboard.press("Tab")
    assert stops == ["select", "select", "slider", "input", "slider", "input", "input"]
    handle(explorer).focus()
    page.keyboard.press("ArrowRight")
    expect(facts(explorer)).not_to_contain_text("1,920 × 1,080")
    box = explorer.get_by_role("spinbutton").nth(1)
    box.fill("3000")
    box.press("Enter")
    expect(facts(explorer)).to_contain_text("× 3,000 →")
    expect(explorer.get_by_role("status")).to_contain_text("3,000", timeout=SETTLED_MILLISECONDS)
    page.keyboard.press("Tab")


def test_a_sound_is_dragged_beyond_the_models_limit(lab: Lab, page: Page) -> None:
    explorer = open_cells(lab, page, "audio_explorer()").first
    expect(facts(explorer)).to_contain_text("100 tokens")
    handle(explorer).focus()
    page.keyboard.press("Home")
    expect(facts(explorer)).to_contain_text("Less than a second counts as one second.")
    expect(facts(explorer)).to_contain_text("As a question: 25 tokens")
    drag(page, handle(explorer), 900)
    expect(facts(explorer)).to_contain_text("up to 3 minutes: this one would be refused")
    explorer.get_by_label("Model").select_option("qwen3-omni-flash")
    expect(facts(explorer)).to_contain_text("takes audio of up to 20 minutes.")


@pytest.mark.host("JupyterLab 4, Chromium", "explorers")
@pytest.mark.every_browser
def test_a_bill_follows_the_keyboard(lab: Lab, page: Page) -> None:
    explorer = open_cells(lab, page, "cost_explorer()").first
    expect(facts(explorer)).to_contain_text("12.52 CNY")
    explorer.get_by_label("Batch").focus()
    page.keyboard.press("Space")
    expect(facts(explorer)).to_contain_text("6.26 CNY")
    questions = explorer.get_by_label("Questions")
    questions.select_text()
    page.keyboard.type("500")
    page.keyboard.press("Enter")
    expect(facts(explorer)).to_contain_text("500 questions to qwen-omni-turbo: 3.13 CNY")
    explorer.get_by_label("Region").select_option(label="Singapore")
    expect(facts(explorer)).to_contain_text("cost unknown")
    wait_until_saved_says(lab, page, 1, "cost unknown")


def test_a_person_opens_or_drops_a_picture(lab: Lab, page: Page, tmp_path: Path) -> None:
    from PIL import Image

    photo, wrong = tmp_path / "cat.jpg", tmp_path / "<b>.jpg"
    Image.fromarray(data.chelsea()).save(photo)
    wrong.write_bytes(b"no picture")
    explorer = open_cells(lab, page, "image_explorer()").first
    choose(page, explorer, photo)
    expect(facts(explorer)).to_contain_text("451 × 300 →")
    choose(page, explorer, wrong)
    expect(explorer).to_contain_text("⚠")
    expect(facts(explorer)).to_contain_text("451 × 300 →")
    drop(explorer, "large.jpg", bytes(9_000_001))
    expect(explorer.get_by_role("alert")).to_contain_text("large.jpg: At most 9 MB")
    Image.fromarray(data.coffee()).save(photo)
    drop(explorer, "coffee.jpg", photo.read_bytes())
    expect(facts(explorer)).to_contain_text("600 × 400 →")
    expect(explorer.get_by_role("alert")).to_be_empty()
    lab.screenshot(page, "explorer-drop")


def test_explorers_fit_and_can_be_read(lab: Lab, page: Page) -> None:
    (lab.notebooks / "speech.wav").write_bytes(speechlike())
    explorers = open_cells(lab, page, *CELLS)
    page.evaluate(COLLAPSE)
    expect(page.get_by_text("javascript error")).to_have_count(0)
    for theme, width in itertools.product(THEMES, (1500, 760, 420)):
        lab.theme(page, theme)
        page.set_viewport_size({"width": width, "height": 900})
        bars = scrolling(page, ".omni-explorer")
        may_scroll = "div.omni-table " if width == 420 else "nothing"  # a wide table on a phone
        assert [bar for bar in bars if not bar.startswith(may_scroll)] == []
        for index in range(len(CELLS)):
            explorer = explorers.nth(index)
            explorer.scroll_into_view_if_needed()
            assert explorer.evaluate(STICKING_OUT) == []
            assert contrast(explorer) > 4.5
            explorer.screenshot(path=SCREENSHOTS / f"explorer-{index}-{width}-{theme}.png")
    page.evaluate(EXPAND)


CELLS = (
    "from skimage import data; image_explorer(data.chelsea())",
    "image_explorer(language='zh')",
    "audio_explorer('speech.wav')",
    "explorer = audio_explorer(language='zh'); explorer.duration.value = 200; explorer",
    """
import omni_nb as omni
chat = omni.Chat(voice="Cherry", max_tokens=20)
chat.ask("Who are you?", show=False)
cost_explorer(chat)
""",
    """
explorer = cost_explorer(language='zh')
explorer.batch.value, explorer.images.value, explorer.video_seconds.value = True, 2, 40
explorer
""",
)

COLLAPSE = "() => window.jupyterapp.shell.collapseLeft()"
EXPAND = "() => window.jupyterapp.shell.expandLeft()"

STICKING_OUT = """(explorer) => {
  const right = explorer.getBoundingClientRect().right + 1;
  return [...explorer.querySelectorAll("input, select, button, img, label, b, div[style]")]
    .filter((part) => part.getBoundingClientRect().right > right && !part.closest(".omni-table"))
    .map((part) => part.outerHTML.slice(0, 200));
}"""


@pytest.mark.host("Page of `nbconvert --to html`", "explorers")
def test_the_saved_form_is_hidden_while_the_widget_lives_and_seen_without_it(
    lab: Lab, page: Page
) -> None:
    explorer = open_cells(lab, page, "image_explorer()", "cost_explorer()").first
    still = page.locator(".omni-explorer-static")
    expect(still).to_have_count(2)
    expect(still.first).to_be_hidden()
    box = explorer.get_by_role("spinbutton").first
    box.fill("777")
    box.press("Enter")
    wait_until_saved_says(lab, page, 1, "777 × 1,080")
    lab.save(page)
    page.wait_for_function("() => !window.jupyterapp.shell.currentWidget.context.model.dirty")
    lab.shut_down_kernels()
    notebook = lab.read_notebook("explorers.ipynb")
    lab.close_documents(page)
    lab.open(page, "explorers.ipynb")
    expect(still.first).to_be_visible()
    expect(still.first).to_contain_text("777 × 1,080 →")
    assert still.first.locator("img").evaluate("(image) => image.naturalWidth") > 100
    expect(still.nth(1)).to_contain_text("total")
    lab.screenshot(page, "explorer-reopened")
    html, _ = nbconvert.HTMLExporter().from_notebook_node(notebook)
    assert "777 × 1,080" in html
    assert 'class="omni-explorer-static' in html


def contrast(explorer: Locator) -> float:
    """The contrast of the largest words with the notebook behind them."""
    colors = explorer.locator("b").first.evaluate(
        """(words) => {
          const behind = document.querySelector(".jp-Notebook");
          return [getComputedStyle(words).color, getComputedStyle(behind).backgroundColor];
        }"""
    )
    light, dark = sorted((luminance(color) for color in colors), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def luminance(color: str) -> float:
    shares = [int(n) / 255 for n in re.findall(r"\d+", color)[:3]]
    red, green, blue = (s / 12.92 if s <= 0.04 else ((s + 0.055) / 1.055) ** 2.4 for s in shares)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
