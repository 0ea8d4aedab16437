"""Files as a person brings them into a page: dropped, pasted, chosen. Large ones, too.

The page fetches the bytes from a small server of the test and makes real ``File`` objects of them:
through Playwright, 150 MB would be 200 MB of base64.
"""

from __future__ import annotations

import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from playwright.sync_api import Locator, Page

    File = tuple[str, str, bytes]
    """Name, MIME type as the browser would say it (may be empty), content."""


def drop_files(page: Page, selector: str | Locator, files: Sequence[File]) -> bool:
    """Drag files over an element and let them fall.

    Returns
    -------
    bool
        Whether the page took the drop. If not, a browser would leave the page to show the file.
    """
    return _bring(page, selector, files, DROP)


def paste_files(page: Page, selector: str | Locator, files: Sequence[File]) -> bool:
    """Focus an element and paste files; return whether the page took them."""
    return _bring(page, selector, files, PASTE)


def paste_image(page: Page, selector: str | Locator, png: bytes) -> bool:
    """Focus an element and paste a picture, as from a screenshot: browsers name it image.png."""
    return paste_files(page, selector, [("image.png", "image/png", png)])


def choose_files(
    page: Page, selector: str | Locator, files: Sequence[tuple[str, bytes]], folder: Path
) -> None:
    """Click an element that opens the browser's dialog, and choose files in it.

    Parameters
    ----------
    page, selector
        Where to click; an ``<input type=file>``, its label or a button.
    files
        Name and content; the browser finds the MIME type by the name, as a person's would.
    folder
        For the files, which have to stay there until the page has read them: ``tmp_path``.
    """
    paths = [folder / name for name, _ in files]
    for path, (_, content) in zip(paths, files, strict=True):
        path.write_bytes(content)
    with page.expect_file_chooser() as chooser:
        _locate(page, selector).click()
    chooser.value.set_files(paths)


def _locate(page: Page, selector: str | Locator) -> Locator:
    return page.locator(selector) if isinstance(selector, str) else selector


def _bring(page: Page, selector: str | Locator, files: Sequence[File], script: str) -> bool:
    with _served([content for _, _, content in files]) as urls:
        described = [
            {"name": name, "type": kind, "url": url}
            for (name, kind, _), url in zip(files, urls, strict=True)
        ]
        is_taken: bool = _locate(page, selector).evaluate(script, described)
    return is_taken


@contextmanager
def _served(contents: Sequence[bytes]) -> Iterator[list[str]]:
    """Serve these bytes to any page of this machine; yield an address for each."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            content = contents[int(self.path.strip("/"))]
            self.send_response(200)
            self.send_header("Access-Control-Allow-Origin", "*")
            self.send_header("Content-Type", "application/octet-stream")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *arguments: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield [f"http://127.0.0.1:{server.server_port}/{index}" for index in range(len(contents))]
    finally:
        server.shutdown()
        server.server_close()


TRANSFER = """
  const transfer = new DataTransfer();
  for (const { name, type, url } of files) {
    const content = await (await fetch(url, { cache: "no-store" })).blob();
    transfer.items.add(new File([content], name, { type }));
  }
  const how = { bubbles: true, cancelable: true, composed: true };
"""

DROP = f"""async (zone, files) => {{
{TRANSFER}
  const {{ x, y, width, height }} = zone.getBoundingClientRect();
  const point = {{ clientX: x + width / 2, clientY: y + height / 2 }};
  const place = {{ ...how, ...point, dataTransfer: transfer }};
  zone.dispatchEvent(new DragEvent("dragenter", place));
  const isOver = !zone.dispatchEvent(new DragEvent("dragover", place));
  return !zone.dispatchEvent(new DragEvent("drop", place)) && isOver;
}}"""

PASTE = f"""async (field, files) => {{
{TRANSFER}
  field.focus();
  return !field.dispatchEvent(new ClipboardEvent("paste", {{ ...how, clipboardData: transfer }}));
}}"""
